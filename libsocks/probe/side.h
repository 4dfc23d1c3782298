/* A socket of an exchange: what it hears is kept until it is judged, and written down. Private to
 * exchange.c and judge.c. */
#ifndef S5_PROBE_SIDE_H
#define S5_PROBE_SIDE_H

#include <sys/types.h>

#include "probe/exchange.h"

/* Begins to connect (datagrams: there is nothing to wait for). 0 or -errno. */
int s5_side_open(struct s5_side *side, const struct s5_sockaddr *to, bool datagrams);
/* The same for datagrams, from an address of ours. */
int s5_side_open_from(struct s5_side *side, const struct s5_addr *from,
		      const struct s5_sockaddr *to);
/* Takes a connection that is there; fd is its own, also when it fails. 0 or -errno. */
int s5_side_adopt(struct s5_side *side, int fd);
/* A port for datagrams at that address; what is sent goes to who sent the first one. 0 or -errno. */
int s5_side_bind(struct s5_side *side, const struct s5_addr *at);
/* Also of one that is not open. What it heard is gone. */
void s5_side_close(struct s5_side *side);
/* As send(2): how many of them, or -errno. */
ssize_t s5_side_send(struct s5_side *side, const uint8_t *octets, size_t n);
void s5_side_shutdown(struct s5_side *side);
void s5_side_reset(struct s5_side *side);
/* The first n of what it heard were judged; of datagrams all of one. */
void s5_side_take(struct s5_side *side, size_t n);

/* Writes down what is sealed. */
void s5_side_write_plain(struct s5_side *side, bool is_sent, const uint8_t *octets, size_t n);

/* exchange.c: something was heard, or (error) connecting failed. */
void s5_exchange_heard(struct s5_exchange *x, struct s5_side *side, int error);

#endif
