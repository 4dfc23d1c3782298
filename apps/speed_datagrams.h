/*
 * Datagrams of one size to the target and back, through the relay of an association. They are
 * numbered, so that those that are lost are known. In clear many go and come in a call, with one
 * header for each hop that is made once; sealed ones go and come one by one (roles/udp_client.h).
 */
#ifndef APPS_SPEED_DATAGRAMS_H
#define APPS_SPEED_DATAGRAMS_H

#include "roles/udp_client.h"

#define SPEED_NUMBER 4 /* octets, with which a datagram begins */
#define SPEED_HEAD 1024 /* octets of all headers */

struct speed_stream;

struct speed_association {
	struct speed_stream *stream;
	struct s5_udp_client client;
	struct s5_udp_hop *hops;
	struct s5_watch watch; /* in clear: of the socket, in the client's place */
	uint8_t head[SPEED_HEAD];
	size_t nhead;
	bool clear;
	uint8_t *payload;
	uint32_t sent, past; /* numbers: the next one; those before are back, or lost */
	uint32_t ring; /* a power of two, more than are on their way */
	int64_t *times; /* when each was sent, ns */
	int64_t came, slowest; /* the last, ns; a round trip */
};

/* The headers that go before each datagram. False: they cannot be, it is sealed. */
bool speed_datagrams_set_head(struct speed_association *a);
/* Sends as many as the window allows. */
void speed_datagrams_fill(struct speed_association *a);
/* Takes what came, in clear. */
void speed_datagrams_receive(struct speed_association *a);
/* One came: as much as there is of it, and how long it is. */
void speed_datagram_take(struct speed_association *a, const uint8_t *data, size_t n, size_t len,
			 int64_t now);

#endif
