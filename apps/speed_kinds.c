/* The kinds of measures, and what each does in a stream. */
#include <errno.h>
#include <string.h>

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include "base/names.h"
#include "speed.h"
#include "speed_datagrams.h"
#include "wire/udp.h"

#define UNSEEN UINT64_MAX /* how long a queue is */
#define LOOK 200000000 /* ns without room to send, then it is looked whether anything leaves */

/* An open stream says to our own target what it is for. */
static int say_work(struct speed_stream *s)
{
	const struct speed *speed = s->measure->speed;

	s->mark = speed_clock();
	return speed->target.atyp ? 0 : speed_wire_say(&s->wire, s->measure->kind->work);
}

/* The first octet is back, or just there. */
static void first_octet(struct speed_stream *s)
{
	if (s->talks)
		return;
	s->talks = true;
	speed_measure_add(s->measure, SPEED_OCTET, speed_clock() - s->mark);
}

/* bulk */

static int down_begin(struct speed_stream *s)
{
	return say_work(s);
}

static int down_ready(struct speed_stream *s, uint32_t events)
{
	ssize_t n = speed_wire_receive(&s->wire, s->measure->bytes);

	(void)events;
	if (n < 0)
		return (int)n;
	s->moved = speed_clock(); /* also if it is not a whole message yet */
	if (n > 0)
		first_octet(s);
	s->measure->done += (uint64_t)n;
	return 0;
}

static int pour(struct speed_stream *s)
{
	ssize_t n = speed_wire_pour(&s->wire, s->measure->speed->zeros, s->measure->bytes);

	if (n > 0) {
		s->moved = speed_clock();
		s->got = UNSEEN;
	}
	s->measure->done += n > 0 ? (uint64_t)n : 0;
	return n < 0 ? (int)n : 0;
}

/* There may be no room for long where octets leave slowly: that they do is seen in the queue. */
void speed_up_tick(struct speed_stream *s, int64_t now)
{
	int queued = 0;

	if (now - s->moved < LOOK || ioctl(s->wire.watch.fd, SIOCOUTQ, &queued) < 0)
		return;
	if (s->got != UNSEEN && (uint64_t)queued != s->got)
		s->moved = now;
	s->got = (uint64_t)queued;
}

static int up_begin(struct speed_stream *s)
{
	int rc = say_work(s);

	return rc < 0 ? rc : pour(s);
}

/* Whatever the target says is not looked at, but for its end. */
static int up_ready(struct speed_stream *s, uint32_t events)
{
	if (events & ~(uint32_t)EPOLLOUT) {
		ssize_t n = speed_wire_receive(&s->wire, s->measure->bytes);

		if (n < 0)
			return (int)n;
	}
	return pour(s);
}

/* One octet more than is wanted, to see whether there is: then the target is no echo. */
static ssize_t receive_echo(struct speed_stream *s, uint64_t wanted)
{
	ssize_t n = speed_wire_receive(&s->wire, wanted - s->got + 1);

	s->moved = speed_clock();
	s->got += n > 0 ? (uint64_t)n : 0;
	return s->got > wanted ? -EPROTO : n;
}

/* conn: as many octets there and back as were asked for, the first of which says what to do. */

static int conn_done(struct speed_stream *s)
{
	speed_measure_add(s->measure, SPEED_WHOLE, speed_clock() - s->begun);
	s->measure->done++;
	speed_stream_again(s);
	return 0;
}

static int conn_begin(struct speed_stream *s)
{
	uint64_t more = s->measure->bytes;
	int rc = s->got ? -EPROTO : say_work(s); /* nothing was said yet */

	if (!s->measure->speed->target.atyp)
		more--;
	return rc == 0 && more ? speed_wire_send(&s->wire, more) : rc;
}

static int conn_ready(struct speed_stream *s, uint32_t events)
{
	int rc = events & EPOLLOUT ? speed_wire_go_on(&s->wire) : 0;
	ssize_t n = rc < 0 ? rc : receive_echo(s, s->measure->bytes);

	if (n <= 0)
		return (int)n;
	first_octet(s);
	return s->got < s->measure->bytes ? 0 : conn_done(s);
}

/* rr: the octet that says what to do starts the first trip when it is back. */

static int trip_begin(struct speed_stream *s)
{
	s->got = 0;
	s->mark = speed_clock();
	return speed_wire_send(&s->wire, s->measure->bytes);
}

static int rr_begin(struct speed_stream *s)
{
	if (s->got) /* before anything was said */
		return -EPROTO;
	if (!s->measure->speed->target.atyp)
		return say_work(s);
	s->talks = true;
	return trip_begin(s);
}

static int rr_ready(struct speed_stream *s, uint32_t events)
{
	int rc = events & EPOLLOUT ? speed_wire_go_on(&s->wire) : 0;
	uint64_t wanted = s->talks ? s->measure->bytes : 1;
	ssize_t n = rc < 0 ? rc : receive_echo(s, wanted);

	if (n <= 0)
		return (int)n;
	if (!s->talks) {
		first_octet(s);
		return trip_begin(s);
	}
	if (s->got < wanted)
		return 0;
	speed_measure_add(s->measure, SPEED_TRIP, speed_clock() - s->mark);
	s->measure->done++;
	return trip_begin(s);
}

/* idle: it is known to work, and then rests. */

static int idle_ready(struct speed_stream *s, uint32_t events)
{
	ssize_t n = speed_wire_receive(&s->wire, 4096);

	(void)events;
	if (n > 0)
		first_octet(s);
	return n < 0 ? (int)n : 0;
}

/* the table */

#define TUNNELS .stream = "tunnel", .streams = "tunnels", .cmd = S5_CMD_CONNECT
#define ASSOCIATIONS .stream = "association", .streams = "associations", .cmd = S5_CMD_UDP
#define OCTETS .done = "octets", .one = "a GiB", .unit = SPEED_UNIT_OCTETS

static const struct speed_kind kinds[] = {
	{ .name = "bulk",
	  .title = "bulk down",
	  TUNNELS,
	  OCTETS,
	  .work = SPEED_SOURCE,
	  .count = 1,
	  .bytes = 1 << 20,
	  .least = 1,
	  .most = 64 << 20,
	  .begin = down_begin,
	  .ready = down_ready },
	{ .name = "bulk",
	  .upload = true,
	  .title = "bulk up",
	  TUNNELS,
	  OCTETS,
	  .work = SPEED_SINK,
	  .count = 1,
	  .bytes = 1 << 20,
	  .least = 1,
	  .most = 64 << 20,
	  .begin = up_begin,
	  .ready = up_ready },
	{ .name = "conn",
	  .title = "conn",
	  TUNNELS,
	  .done = "connections",
	  .one = "a connection",
	  .unit = SPEED_UNIT_TIMES,
	  .work = SPEED_ECHO,
	  .again = true,
	  .count = 16,
	  .bytes = 1,
	  .least = 1,
	  .most = 64 << 20,
	  .begin = conn_begin,
	  .ready = conn_ready },
	{ .name = "rr",
	  .title = "rr",
	  TUNNELS,
	  .done = "round trips",
	  .one = "a round trip",
	  .unit = SPEED_UNIT_TIMES,
	  .work = SPEED_ECHO,
	  .count = 16,
	  .bytes = 64,
	  .least = 1,
	  .most = 64 << 20,
	  .begin = rr_begin,
	  .ready = rr_ready },
	{ .name = "udp",
	  .title = "udp",
	  ASSOCIATIONS,
	  .done = "datagrams",
	  .one = "a datagram",
	  .unit = SPEED_UNIT_TIMES,
	  .count = 1,
	  .bytes = 64,
	  .least = SPEED_NUMBER,
	  .most = S5_UDP_PAYLOAD_MAX,
	  .begin = speed_udp_begin },
	{ .name = "idle",
	  .title = "idle",
	  TUNNELS,
	  .one = "a tunnel",
	  .unit = SPEED_UNIT_STREAMS,
	  .work = SPEED_ECHO,
	  .count = 1000,
	  .begin = say_work,
	  .ready = idle_ready },
	{ .name = "idle",
	  .associations = true,
	  .title = "idle",
	  ASSOCIATIONS,
	  .one = "an association",
	  .unit = SPEED_UNIT_STREAMS,
	  .count = 1000,
	  .bytes = SPEED_NUMBER,
	  .begin = speed_udp_begin },
};

#define KINDS (sizeof(kinds) / sizeof(*kinds))

static bool fits(const struct speed_kind *k, const struct speed_options *o)
{
	return strcmp(k->name, "bulk") == 0   ? k->upload == o->upload
	       : strcmp(k->name, "idle") == 0 ? k->associations == o->associations
					      : true;
}

const struct speed_kind *speed_kind_find(const char *name, const struct speed_options *o)
{
	for (size_t i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0 && fits(&kinds[i], o))
			return &kinds[i];
	return NULL;
}

const struct speed_kind *speed_kind_of_all(size_t i, const struct speed_options *o)
{
	for (size_t k = 0; k < KINDS; k++) {
		bool both = kinds[k].upload && !o->upload;

		if ((both || fits(&kinds[k], o)) && i-- == 0)
			return &kinds[k];
	}
	return NULL;
}
