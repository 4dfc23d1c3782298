/*
 * The octets of an open stream, in clear or sealed. What they are does not matter: those that come
 * are counted and dropped, in the kernel where it is TCP in clear; those that go are zeros.
 */
#ifndef APPS_SPEED_WIRE_H
#define APPS_SPEED_WIRE_H

#include <sys/types.h>

#include "net/loop.h"
#include "net/pool.h"
#include "session/seal.h"

#define SPEED_CLOSED ESHUTDOWN /* the errno that stands for an end of file */
#define SPEED_FAULT EBADMSG /* and for a message that is no good: see the seal */

struct speed_wire {
	struct s5_watch watch; /* the owner sets ready */
	struct s5_loop *loop;
	struct s5_pool *pool; /* its buffers are borrowed during a call */
	bool copies; /* a Unix socket, where nothing is dropped in the kernel; set by the owner */
	struct s5_seal *seal; /* NULL: in clear */
	uint8_t *held; /* sealed, and not taken yet */
	size_t held_at, held_len;
	size_t due; /* octets that are still to be sent */
	bool writing; /* it waits for room */
	bool pours; /* it has something to send at any time */
};

/* Takes over a connection that the loop knows already; loop and pool are set. 0 or -errno. */
int speed_wire_open(struct speed_wire *w, int fd, struct s5_seal *seal);
/* Resets the connection: no port stays behind in TIME_WAIT. Harmless when zeroed or closed. */
void speed_wire_close(struct speed_wire *w);
bool speed_wire_is_open(const struct speed_wire *w);

/* Takes what there is, up to about `most` octets; how many were in it, 0: none for now; or -errno. */
ssize_t speed_wire_receive(struct speed_wire *w, size_t most);
/* So many octets are to be sent: as many as there is room for at once, the others when the owner calls
 * speed_wire_go_on. 0 or -errno. */
int speed_wire_send(struct speed_wire *w, size_t n);
/* The octet that tells the target what to do. 0 or -errno. */
int speed_wire_say(struct speed_wire *w, uint8_t octet);
/* 0 or -errno. */
int speed_wire_go_on(struct speed_wire *w);
/* Sends up to `most` octets of a file of zeros, as there is room: how many, or -errno. */
ssize_t speed_wire_pour(struct speed_wire *w, int file, size_t most);

#endif
