/* A capture of streams and datagrams that a test makes, and what s5_capture tells of it, as one text.
 * Its ends are 10.0.0.1, a client, and 10.0.0.2, a proxy. */
#ifndef CAPTURED_H
#define CAPTURED_H

#include "dissect/capture.h"
#include "frames.h"
#include "saying.h"
#include "seen.h"

#define CAPTURED_STREAMS 4

static const struct s5_hash_key captured_key = { { 3, 4 } };

static struct {
	struct s5_capture capture;
	uint32_t seq[CAPTURED_STREAMS][2]; /* what each side sends next, but for 1000 and 5000 */
	int64_t now;
	size_t flows; /* that are going on */
	uint64_t off[2][2]; /* told of the last stream, by role and whether it is sealed */
	unsigned long last; /* which that is */
	bool is_quiet; /* what is told is only counted, and nothing but the library takes memory */
	unsigned told, faults;
} cap;

static inline const char *captured_who(enum s5_role role)
{
	return role == S5_CLIENT ? "c" : "s";
}

static inline void captured_opened(void *owner, struct s5_flow *f)
{
	static const char *const begins[] = { "", " picked up", " late" };

	assert_ptr_equal(owner, &cap);
	assert_null(f->user);
	f->user = &cap;
	cap.flows++;
	if (cap.is_quiet)
		return;
	say("open %lu %d-%d%s%s%s\n", f->number, f->peer[S5_CLIENT].port, f->peer[S5_SERVER].port,
	    begins[f->begin], f->begin == S5_FLOW_PICKED_UP ? ": " : "",
	    f->begin == S5_FLOW_PICKED_UP ? f->picked.prelude->name : "");
}

static inline void captured_seen(void *owner, struct s5_flow *f, const struct s5_seen *seen)
{
	static const char *const kinds[] = { "",      "sealed", "data",	    "gap",  "fault",
					     "close", "rest",	"datagram", "whole" };

	assert_ptr_equal(owner, &cap);
	assert_ptr_equal(f->user, &cap);
	assert_true(seen_fits(seen));
	assert_true(seen->from < 2 && seen->kind < LENGTH(kinds));
	cap.told++;
	cap.faults += seen->kind == S5_SEEN_FAULT;
	if (cap.is_quiet)
		return;
	say("%lu %s %s", f->number, captured_who(seen->from),
	    seen->kind == S5_SEEN_MESSAGE ? s5_step_name(seen->step) : kinds[seen->kind]);
	say(" %llu+%llu%s\n", (unsigned long long)seen->off, (unsigned long long)seen->len,
	    seen->sealed ? " sealed" : "");
}

static inline void captured_ended(void *owner, struct s5_flow *f, enum s5_tcp_end how)
{
	static const char *const ends[] = { "fin", "reset", "reused", "thrown out", "capture" };

	assert_ptr_equal(owner, &cap);
	assert_ptr_equal(f->user, &cap);
	cap.flows--;
	if (!cap.is_quiet)
		say("end %lu %s\n", f->number, ends[how]);
}

/* False: no memory, and there is nothing to end. */
static inline bool captured_try(uint16_t port)
{
	static const struct s5_capture_sink sink = { &cap, captured_opened, captured_seen,
						     captured_ended };

	memset(&cap, 0, sizeof cap);
	say_nothing();
	return s5_capture_init(&cap.capture, &sink, port, &captured_key);
}

static inline void captured_begin(uint16_t port)
{
	assert_true(captured_try(port));
}

/* Returns what was told, all memory given back. */
static inline const char *captured_end(void)
{
	s5_capture_end(&cap.capture);
	assert_int_equal(cap.flows, 0);
	assert_int_equal(cap.capture.budget.used, 0);
	s5_capture_fini(&cap.capture);
	return said.text;
}

static inline void captured_frame(const struct frame *f)
{
	uint8_t *copy = cap.is_quiet ? NULL : exact_copy(f->octets, f->len);

	cap.now += 1000;
	s5_capture_frame(&cap.capture, S5_LINK_RAW, copy ? copy : f->octets, f->len, f->len,
			 cap.now);
	free(copy);
}

/* IPv4 with the addresses of this direction. */
static inline void captured_ip(struct frame *f, enum s5_role from, unsigned protocol, size_t len)
{
	f->len = 0;
	frame_ip4(f, protocol, 1, 0, len);
	if (from == S5_SERVER) {
		f->octets[15] = 2;
		f->octets[19] = 1;
	}
}

/* A segment of stream `i`, whose client has the port 1000 + i and its proxy 9000. */
static inline void captured_segment(unsigned i, enum s5_role from, uint8_t flags,
				    const uint8_t *octets, size_t n)
{
	static struct frame f;
	uint16_t client = (uint16_t)(1000 + i);
	struct segment g = { client, 9000, 1000, 0, flags, octets, n };

	if (from == S5_SERVER)
		g = (struct segment){ 9000, client, 5000, 0, flags, octets, n };
	g.seq += cap.seq[i][from];
	cap.seq[i][from] += (uint32_t)n + !!(flags & (S5_TCP_SYN | S5_TCP_FIN));
	captured_ip(&f, from, S5_TRANSPORT_TCP, 20 + n);
	frame_tcp(&f, &g);
	captured_frame(&f);
}

static inline void captured_open(unsigned i)
{
	captured_segment(i, S5_CLIENT, S5_TCP_SYN, NULL, 0);
	captured_segment(i, S5_SERVER, S5_TCP_SYN | S5_TCP_ACK, NULL, 0);
}

static inline void captured_close(unsigned i)
{
	captured_segment(i, S5_CLIENT, S5_TCP_FIN | S5_TCP_ACK, NULL, 0);
	captured_segment(i, S5_SERVER, S5_TCP_FIN | S5_TCP_ACK, NULL, 0);
}

static inline void captured_say(unsigned i, enum s5_role from, const char *text)
{
	uint8_t octets[4096];
	size_t n = hex(octets, sizeof octets, text);

	captured_segment(i, from, S5_TCP_ACK, octets, n);
}

/* A datagram between a port of the client and one of the proxy. */
static inline void captured_datagram(enum s5_role from, uint16_t client, uint16_t relay,
				     const char *text)
{
	static struct frame f;
	uint8_t octets[4096];
	size_t n = hex(octets, sizeof octets, text);

	captured_ip(&f, from, S5_TRANSPORT_UDP, 8 + n);
	frame_u16(&f, from == S5_CLIENT ? client : relay);
	frame_u16(&f, from == S5_CLIENT ? relay : client);
	frame_u16(&f, (unsigned)n + 8);
	frame_u16(&f, 0);
	frame_put(&f, octets, n);
	captured_frame(&f);
}

#endif
