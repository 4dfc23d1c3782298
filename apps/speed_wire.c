#include "speed_wire.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/sock.h"

#define ZEROS 65536

static const uint8_t zeros[ZEROS];

bool speed_wire_is_open(const struct speed_wire *w)
{
	return w->loop && w->watch.fd >= 0;
}

int speed_wire_open(struct speed_wire *w, int fd, struct s5_seal *seal)
{
	w->watch.fd = fd;
	w->seal = seal;
	w->held = NULL;
	w->held_at = w->held_len = w->due = 0;
	w->writing = w->pours = false;
	return s5_loop_rewatch(w->loop, &w->watch, EPOLLIN);
}

void speed_wire_close(struct speed_wire *w)
{
	if (!speed_wire_is_open(w))
		return;
	s5_loop_forget(w->loop, &w->watch);
	s5_sock_reset_on_close(w->watch.fd);
	close(w->watch.fd);
	w->watch.fd = -1;
	s5_seal_free(w->seal);
	w->seal = NULL;
	free(w->held);
	w->held = NULL;
}

/* receiving */

static bool is_soon(int error)
{
	return error == EAGAIN || error == EINTR;
}

static ssize_t received(ssize_t n)
{
	if (n > 0)
		return n;
	return n == 0 ? -SPEED_CLOSED : is_soon(errno) ? 0 : -errno;
}

static ssize_t receive_sealed(struct speed_wire *w, size_t most)
{
	size_t asked = s5_seal_whole(w->seal, true, most), room;
	ssize_t n = received(recv(w->watch.fd, w->pool->buffer, asked, 0));
	struct s5_writer out;

	if (n <= 0)
		return n;
	room = s5_seal_unwrapped_size(w->seal, (size_t)n);
	out = s5_writer_over(s5_pool_scratch(w->pool, room), room);
	if (!out.data)
		return -ENOMEM;
	if (s5_seal_unwrap(w->seal, w->pool->buffer, (size_t)n, &out) != S5_OK)
		return -SPEED_FAULT;
	return (ssize_t)out.len;
}

ssize_t speed_wire_receive(struct speed_wire *w, size_t most)
{
	size_t room = most < S5_RELAY_SEALED ? most : S5_RELAY_SEALED;

	if (w->seal)
		return receive_sealed(w, room);
	if (w->copies)
		return received(recv(w->watch.fd, w->pool->buffer, room, 0));
	/* MSG_TRUNC: the octets are dropped in the kernel. */
	return received(recv(w->watch.fd, NULL, most, MSG_TRUNC));
}

/* sending */

/* n is what a call took; what is left of it waits for room. */
static ssize_t sent(struct speed_wire *w, ssize_t n, bool all)
{
	bool writing = n < 0 ? is_soon(errno) : !all;

	if (n < 0 && !writing)
		return -errno;
	if (writing != w->writing && !w->pours)
		s5_loop_rewatch(w->loop, &w->watch, EPOLLIN | (writing ? EPOLLOUT : 0u));
	w->writing = writing;
	return n < 0 ? 0 : n;
}

static int send_held(struct speed_wire *w)
{
	ssize_t n = send(w->watch.fd, w->held + w->held_at, w->held_len, MSG_NOSIGNAL);

	n = sent(w, n, n == (ssize_t)w->held_len);
	if (n < 0)
		return (int)n;
	w->held_at += (size_t)n;
	w->held_len -= (size_t)n;
	if (!w->held_len) {
		free(w->held);
		w->held = NULL;
	}
	return 0;
}

static int seal(struct speed_wire *w, const uint8_t *octets, size_t n)
{
	size_t room = s5_seal_wrapped_size(w->seal, n);
	struct s5_writer out;

	w->held = malloc(room);
	if (!w->held)
		return -ENOMEM;
	out = s5_writer_over(w->held, room);
	if (s5_seal_wrap(w->seal, octets, n, &out) != S5_OK)
		return -SPEED_FAULT;
	w->held_at = 0;
	w->held_len = out.len;
	return 0;
}

static int seal_and_send(struct speed_wire *w)
{
	size_t most = s5_seal_whole(w->seal, false, ZEROS), n = w->due < most ? w->due : most;
	int rc = seal(w, zeros, n);

	w->due -= n;
	return rc < 0 ? rc : send_held(w);
}

static int send_clear(struct speed_wire *w)
{
	size_t asked = w->due < ZEROS ? w->due : ZEROS;
	ssize_t n = send(w->watch.fd, zeros, asked, MSG_NOSIGNAL);

	n = sent(w, n, n == (ssize_t)asked);
	if (n > 0)
		w->due -= (size_t)n;
	return n < 0 ? (int)n : 0;
}

int speed_wire_go_on(struct speed_wire *w)
{
	int rc = 0;

	do {
		if (w->held)
			rc = send_held(w);
		else if (w->due)
			rc = w->seal ? seal_and_send(w) : send_clear(w);
	} while (rc == 0 && (w->due || w->held) && !w->writing);
	return rc;
}

int speed_wire_send(struct speed_wire *w, size_t n)
{
	w->due += n;
	return w->writing ? 0 : speed_wire_go_on(w);
}

int speed_wire_say(struct speed_wire *w, uint8_t octet)
{
	int rc = 0;

	if (w->seal)
		rc = seal(w, &octet, 1);
	else if (send(w->watch.fd, &octet, 1, MSG_NOSIGNAL) < 0)
		rc = -errno;
	return rc == 0 && w->held ? send_held(w) : rc;
}

/* The owner hears of room as long as it pours. */
static int begin_to_pour(struct speed_wire *w)
{
	w->pours = true;
	return s5_loop_rewatch(w->loop, &w->watch, EPOLLIN | EPOLLOUT);
}

ssize_t speed_wire_pour(struct speed_wire *w, int file, size_t most)
{
	int rc = w->pours ? 0 : begin_to_pour(w);
	off_t at = 0;
	ssize_t n;

	if (rc < 0)
		return rc;
	if (!w->seal) {
		n = sendfile(w->watch.fd, file, &at, most);
		return n >= 0 ? n : is_soon(errno) ? 0 : -errno;
	}
	if (w->held) {
		rc = send_held(w);
		return rc < 0 ? rc : 0;
	}
	w->due = most;
	rc = seal_and_send(w);
	n = (ssize_t)(most - w->due);
	w->due = 0;
	return rc < 0 ? rc : n;
}
