#include "probe/side.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOM 72000 /* octets: the longest datagram, and any that a word waits for */

static bool is_datagrams(const struct s5_side *side)
{
	return side - side->exchange->side >= S5_SPEAKER_DATAGRAMS;
}

/* writing down */

static bool make_room(struct s5_exchange *x)
{
	size_t room = x->pieces_room ? 2 * x->pieces_room : 16;
	struct s5_piece *pieces = x->pieces;

	if (!x->said)
		x->said = malloc(S5_SAID_MOST);
	if (!x->said || x->npieces < x->pieces_room)
		return x->said != NULL;
	pieces = room > S5_SAID_MOST ? NULL : reallocarray(x->pieces, room, sizeof *pieces);
	if (!pieces)
		return false;
	x->pieces = pieces;
	x->pieces_room = room;
	return true;
}

/* What goes on is one piece. */
static void write_piece(struct s5_side *side, bool is_sent, bool is_plain, const uint8_t *octets,
			size_t n)
{
	struct s5_exchange *x = side->exchange;
	enum s5_speaker speaker = (enum s5_speaker)(side - x->side);
	struct s5_piece *last = x->npieces ? &x->pieces[x->npieces - 1] : NULL;
	size_t kept = S5_SAID_MOST - x->nsaid;
	bool goes_on = last && last->speaker == speaker && last->is_sent == is_sent &&
		       last->is_plain == is_plain && !is_datagrams(side);

	kept = n < kept ? n : kept;
	if (!make_room(x) || (!goes_on && x->npieces == x->pieces_room))
		return;
	memcpy(x->said + x->nsaid, octets, kept);
	if (!goes_on)
		x->pieces[x->npieces++] = (struct s5_piece){ .speaker = speaker,
							     .is_sent = is_sent,
							     .is_plain = is_plain,
							     .off = x->nsaid,
							     .when = s5_clock_us() };
	x->pieces[x->npieces - 1].len += kept;
	x->pieces[x->npieces - 1].all += n;
	x->nsaid += kept;
}

static void write_down(struct s5_side *side, bool is_sent, const uint8_t *octets, size_t n)
{
	write_piece(side, is_sent, false, octets, n);
}

void s5_side_write_plain(struct s5_side *side, bool is_sent, const uint8_t *octets, size_t n)
{
	write_piece(side, is_sent, true, octets, n);
}

/* hearing */

static bool keep(struct s5_side *side)
{
	if (!side->in) {
		side->in = malloc(ROOM);
		side->room = side->in ? ROOM : 0;
	}
	return side->in != NULL;
}

/* As recv(2). */
static ssize_t receive(struct s5_side *side)
{
	struct s5_sockaddr from = { .len = sizeof from.in6 };
	ssize_t n = recvfrom(side->watch.fd, side->in + side->nin, side->room - side->nin, 0,
			     &from.sa, &from.len);

	if (n >= 0 && side->is_open)
		side->is_open = connect(side->watch.fd, &from.sa, from.len) < 0;
	return n;
}

/* False: nothing more is there for now. */
static bool hear(struct s5_side *side)
{
	ssize_t n;

	if (!keep(side) || side->nin == side->room || (is_datagrams(side) && side->heard))
		return false;
	n = receive(side);
	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0 && (errno == EAGAIN || is_datagrams(side)))
		return false;
	if (n > 0 || is_datagrams(side)) {
		write_down(side, false, side->in + side->nin, (size_t)n);
		side->nin += (size_t)n;
		side->heard = is_datagrams(side);
		return true;
	}
	side->eof = n == 0;
	side->reset = n < 0;
	s5_loop_unwatch(side->exchange->loop, &side->watch);
	return false;
}

static int connect_error(const struct s5_side *side)
{
	int error = 0;
	socklen_t len = sizeof error;

	if (getsockopt(side->watch.fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
		return errno;
	return error;
}

/* Only who had accepted resets it; who does not accept refuses. */
static bool was_accepted(int error, uint32_t events)
{
	return (!error && events & EPOLLOUT) || error == ECONNRESET || error == EPIPE;
}

static void ready(struct s5_watch *w, uint32_t events)
{
	struct s5_side *side = S5_OUTER(w, struct s5_side, watch);
	struct s5_exchange *x = side->exchange;
	int error = side->connected ? 0 : connect_error(side);

	if (!side->connected && was_accepted(error, events)) {
		side->connected = true;
		side->reset = error != 0;
		if (side->reset)
			s5_loop_unwatch(x->loop, w);
	}
	while (side->connected && !side->reset && hear(side))
		;
	s5_exchange_heard(x, side, error);
}

void s5_side_take(struct s5_side *side, size_t n)
{
	if (!n && !side->heard)
		return;
	memmove(side->in, side->in + n, side->nin - n);
	side->nin -= n;
	side->heard = false;
	while (side->watch.fd >= 0 && !side->eof && !side->reset && hear(side))
		;
}

/* opening and sending */

static int set_up(struct s5_side *side, int fd, bool connected)
{
	int rc;

	s5_side_close(side); /* of a word that stood before */
	side->eof = side->reset = side->heard = side->is_open = false;
	side->connected = connected;
	side->watch = (struct s5_watch){ .fd = fd, .ready = ready };
	rc = s5_loop_watch(side->exchange->loop, &side->watch, EPOLLIN | EPOLLOUT | EPOLLET);
	if (rc < 0) {
		close(fd);
		side->watch.fd = -1;
	}
	return rc;
}

int s5_side_open(struct s5_side *side, const struct s5_sockaddr *to, bool datagrams)
{
	int fd = socket(to->sa.sa_family,
			(datagrams ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	s5_sock_tune(fd);
	if (connect(fd, &to->sa, to->len) < 0 && errno != EINPROGRESS) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	return set_up(side, fd, datagrams);
}

int s5_side_open_from(struct s5_side *side, const struct s5_addr *from,
		      const struct s5_sockaddr *to)
{
	int fd = s5_sock_udp(from);

	if (fd < 0)
		return fd;
	if (connect(fd, &to->sa, to->len) < 0) {
		int rc = -errno;

		close(fd);
		return rc;
	}
	return set_up(side, fd, true);
}

int s5_side_adopt(struct s5_side *side, int fd)
{
	s5_sock_tune(fd);
	return set_up(side, fd, true);
}

int s5_side_bind(struct s5_side *side, const struct s5_addr *at)
{
	int fd = s5_sock_udp(at), rc = fd < 0 ? fd : set_up(side, fd, true);

	side->is_open = rc == 0;
	return rc;
}

void s5_side_close(struct s5_side *side)
{
	if (side->watch.fd >= 0) {
		if (!side->eof && !side->reset)
			s5_loop_unwatch(side->exchange->loop, &side->watch);
		close(side->watch.fd);
	}
	side->watch.fd = -1;
	free(side->in);
	side->in = NULL;
	side->nin = side->room = 0;
}

ssize_t s5_side_send(struct s5_side *side, const uint8_t *octets, size_t n)
{
	ssize_t sent = -ENOTCONN;

	if (side->watch.fd >= 0)
		sent = send(side->watch.fd, octets, n, MSG_NOSIGNAL);
	if (sent < 0)
		return side->watch.fd < 0 ? -ENOTCONN : -errno;
	write_down(side, true, octets, (size_t)sent);
	return sent;
}

void s5_side_shutdown(struct s5_side *side)
{
	if (side->watch.fd >= 0)
		shutdown(side->watch.fd, SHUT_WR);
}

void s5_side_reset(struct s5_side *side)
{
	if (side->watch.fd >= 0)
		s5_sock_reset_on_close(side->watch.fd);
	s5_side_close(side);
}
