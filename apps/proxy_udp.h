/*
 * An association through the chain of proxies: a call to each hop (proxy_call.h), then datagrams
 * by way of their relays (roles/udp_client.h). Says with -v what it does, with -vv every message
 * and every datagram, and when something fails one line about it.
 *
 * Embedded in what it serves, zeroed before. The memory may go in opened(false) and in ended().
 */
#ifndef APPS_PROXY_UDP_H
#define APPS_PROXY_UDP_H

#include "proxy_call.h"
#include "roles/udp_client.h"

struct proxy_udp {
	/* Set by the caller before start. */
	struct proxy *proxy;
	struct s5_loop *loop;
	struct s5_resolver *resolver;
	struct s5_addr target; /* where datagrams go; direct: an IP address */
	uint16_t source_port; /* to send from; 0: any */
	struct s5_budget *budget; /* for fragments that come */
	bool proxy_address; /* the relays have the proxies' addresses */
	int piece; /* send in fragments of so many octets; 0: whole */
	/* Once, from the loop: datagrams can be sent. Or not: that was said, status is in here. */
	void (*opened)(struct proxy_udp *w, bool ok);
	void (*received)(struct proxy_udp *w, const struct s5_addr *from, const uint8_t *data,
			 size_t len);
	/* A control connection is lost, which was said; status is in here. */
	void (*ended)(struct proxy_udp *w);
	void (*writable)(struct proxy_udp *w); /* NULL: what cannot be sent at once is lost */

	int status;
	unsigned long long sent; /* datagrams that went */

	/* Private. */
	struct s5_udp_client client;
	struct s5_udp_hop *hops;
	struct proxy_call call;
	struct s5_client_config config; /* the chain up to the hop that is asked */
	struct s5_task task;
	bool troubled; /* said already, since the last answer */
};

void proxy_udp_start(struct proxy_udp *w);
void proxy_udp_fini(struct proxy_udp *w);

/* Octets of the largest payload that can be sent. */
size_t proxy_udp_limit(const struct proxy_udp *w);
/*
 * Sends a datagram. 0: it was sent, or will never be, which was said. -EAGAIN: it may be tried
 * again when writable() was called.
 */
int proxy_udp_send(struct proxy_udp *w, const void *data, size_t len);

#endif
