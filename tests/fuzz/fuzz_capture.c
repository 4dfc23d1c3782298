/* Any segments and datagrams between a few clients and a proxy, as a capture has them. Each octet of a
 * stream is told once and in order, nothing before it opens or after it ends, and all memory is given
 * back.
 *
 * The first octet: 1 for the proxy's port given. Then, of each packet: an octet with its sender (1: the
 * proxy), its kind (2, 4), its stream (8, 10) and what is strange about it: one octet is missing before
 * it (20), all is acknowledged (40), the capture cut one off (80); one with its length; its octets. */
#include <string.h>

#include "dissect/capture.h"
#include "../unit/seen.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

#define STREAMS 4
#define PROXY 9000

enum kind { DATA, SYN, END, DATAGRAM };

static const struct s5_hash_key key = { { 1, 2 } };

static struct s5_capture capture;
static uint32_t seq[STREAMS][2];
static int64_t now;

/* What was told of a stream, by role, whether it was sealed, and whether in datagrams. */
struct told {
	uint64_t off[2][2][2];
};

static void opened(void *owner, struct s5_flow *f)
{
	must(owner == &capture && f->number && !f->user, "it is not new");
	f->user = calloc(1, sizeof(struct told));
	must(f->user, "no memory");
}

static void seen(void *owner, struct s5_flow *f, const struct s5_seen *seen)
{
	struct told *t = f->user;
	uint64_t *off = &t->off[seen->from][seen->sealed][seen->datagram];

	must(owner == &capture && t, "it is not there");
	must(seen_fits(seen), "a field beyond its message");
	must(seen->kind != S5_SEEN_FAULT || seen->why, "a fault without a cause");
	must(seen->off == *off, "octets in no order");
	if (!seen->datagram || seen->kind != S5_SEEN_WHOLE)
		*off += seen->len;
}

static void ended(void *owner, struct s5_flow *f, enum s5_tcp_end how)
{
	(void)how;
	must(owner == &capture && f->user, "it is not there");
	free(f->user);
	f->user = NULL;
}

static void put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static void put_frame(uint8_t *frame, size_t n, unsigned protocol, unsigned side, unsigned what)
{
	static const uint8_t ip[20] = { 0x45, 0, 0,  0, 0, 7, 0,  0, 64, 0,
					0,    0, 10, 0, 0, 1, 10, 0, 0,	 2 };
	size_t cut = what & 0x80 && n > 30 ? 1 : 0;

	memcpy(frame, ip, sizeof ip);
	put16(frame + 2, (unsigned)n);
	frame[9] = (uint8_t)protocol;
	frame[15] = side ? 2 : 1;
	frame[19] = side ? 1 : 2;
	now += 1000000;
	s5_capture_frame(&capture, S5_LINK_RAW, frame, n - cut, n, now);
}

static void put_segment(unsigned what, const uint8_t *octets, size_t n)
{
	uint8_t frame[40 + 255] = { 0 }, *tcp = frame + 20;
	unsigned side = what & 1, stream = what >> 3 & 3, kind = what >> 1 & 3;
	unsigned flags = S5_TCP_ACK | (kind == SYN ? S5_TCP_SYN : kind == END ? S5_TCP_FIN : 0);

	if (kind == SYN && !side)
		flags = S5_TCP_SYN;
	if (kind == END && n == 1)
		flags = S5_TCP_RST | S5_TCP_ACK;
	seq[stream][side] += what >> 5 & 1;
	put16(tcp, side ? PROXY : 1000 + stream);
	put16(tcp + 2, side ? 1000 + stream : PROXY);
	put32(tcp + 4, seq[stream][side]);
	put32(tcp + 8, what & 0x40 ? seq[stream][!side] : 0);
	tcp[12] = 0x50;
	tcp[13] = (uint8_t)flags;
	memcpy(tcp + 20, octets, n);
	seq[stream][side] += (uint32_t)n + (flags & (S5_TCP_SYN | S5_TCP_FIN) ? 1 : 0);
	put_frame(frame, 40 + n, S5_TRANSPORT_TCP, side, what);
}

/* To and from the port of the first octet. */
static void put_datagram(unsigned what, const uint8_t *octets, size_t n)
{
	uint8_t frame[28 + 255] = { 0 };
	unsigned side = what & 1, client = 5000 + (what >> 3 & 3), relay = n ? octets[0] : 1;

	n -= n > 0;
	put16(frame + 20, side ? relay : client);
	put16(frame + 22, side ? client : relay);
	put16(frame + 24, (unsigned)n + 8);
	memcpy(frame + 28, octets + 1, n);
	put_frame(frame, 28 + n, S5_TRANSPORT_UDP, side, what);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	static const struct s5_capture_sink sink = { &capture, opened, seen, ended };
	size_t at = 1;

	if (!n)
		return 0;
	now = 0;
	memset(seq, 0, sizeof seq);
	must(s5_capture_init(&capture, &sink, octets[0] & 1 ? PROXY : 0, &key), "no memory");
	while (n - at >= 2) {
		unsigned what = octets[at], len = octets[at + 1];

		at += 2;
		len = len < n - at ? len : (unsigned)(n - at);
		if ((what >> 1 & 3) == DATAGRAM)
			put_datagram(what, octets + at, len);
		else
			put_segment(what, octets + at, len);
		at += len;
	}
	s5_capture_end(&capture);
	must(capture.budget.used == 0, "memory that is not given back");
	s5_capture_fini(&capture);
	return 0;
}
