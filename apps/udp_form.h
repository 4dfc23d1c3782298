/*
 * How datagrams stand on standard input and output: as they are, a line each, or a line of hex
 * each. Pure: octets in, octets out; the caller reads and writes.
 */
#ifndef APPS_UDP_FORM_H
#define APPS_UDP_FORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"

enum udp_form { UDP_RAW, UDP_LINES, UDP_HEX };

/* Octets that are taken at once: the hex of the largest datagram, with blanks. */
#define UDP_INPUT_ROOM (1 << 18)

struct udp_input {
	enum udp_form form; /* set before */
	uint8_t *room; /* of UDP_INPUT_ROOM octets, the caller's; the rest is zeroed before */
	size_t len, off;
	size_t line; /* that was taken last, counted from 1 */
	bool full; /* something was read that was not taken yet */
	bool some; /* there was something to read */
	bool ended; /* no more will be read */
	bool skipping; /* up to the end of a line that is too long */
};

enum udp_taken { UDP_NOTHING, UDP_DATAGRAM, UDP_NO_HEX, UDP_LONG_LINE };

/* Where the next read goes, *room octets at most; only when nothing is left to be taken. */
void *udp_input_space(struct udp_input *in, size_t *room);
/* So many octets were read; 0 is the end, and ends a last line. */
void udp_input_filled(struct udp_input *in, size_t n);
/* Takes the next datagram: a view, good until the next read. NO_HEX, LONG_LINE: in->line is no
 * datagram, the next one may be. */
enum udp_taken udp_input_take(struct udp_input *in, const uint8_t **data, size_t *len);

/* Octets that an answer of so many may become. */
size_t udp_answer_room(size_t len);
/* Writes an answer as it is shown, its sender before it unless that is NULL. Returns its length. */
size_t udp_answer_put(char *text, enum udp_form form, const struct s5_addr *from,
		      const uint8_t *data, size_t len);

#endif
