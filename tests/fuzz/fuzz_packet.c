/* Any frames, through packets and fragments to streams; and any segments between two ends, given
 * without frames so that they meet. Nothing is told of a stream before it opens or after it ends,
 * and no more memory is held than may be.
 *
 * The first octet is the link; with 80 it is segments that follow. Of each frame: the wait before it
 * in seconds, the octets that the capture cut off, its length in two octets, and itself. Of each
 * segment: the sender and flags, how far its number and its acknowledgement are from those before,
 * and its length. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "dissect/defrag.h"
#include "dissect/tcp.h"
#include "must.h"

#define LINKS 6
#define SECOND 600000

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

static const struct s5_hash_key key = { { 1, 2 } };
static const struct s5_tcp_limits limits = { 3, 600, 500 };
static const uint8_t text[256] = { 5, 1 };

static struct s5_tcp tcp;

/* What is known of a stream, freed when nothing more may be told. */
struct known {
	struct s5_tcp_stream *stream;
	bool is_over[2];
	unsigned calls, sum;
};

static void *opened(void *owner, const struct s5_tcp_opening *o)
{
	struct known *k;

	must(s5_addr_is_ip(o->peer[0]) && s5_addr_is_ip(o->peer[1]), "no addresses");
	must(owner == &tcp && o->stream, "no stream");
	if (o->peer[0]->port % 16 == 7)
		return NULL;
	k = calloc(1, sizeof *k);
	must(k, "no memory");
	k->stream = o->stream;
	return k;
}

/* Some streams are dropped, early or late. */
static void hear(struct known *k, unsigned side, size_t n)
{
	must(side < 2 && !k->is_over[side], "a side that is over goes on");
	must(n > 0 && n <= UINT32_MAX - (1u << 30), "nothing is told, or too much");
	if (++k->calls < 9)
		return;
	s5_tcp_drop(&tcp, k->stream);
	free(k);
}

/* Each octet is looked at: all of them are there. */
static void heard(void *user, unsigned side, const uint8_t *octets, size_t n, int64_t when)
{
	struct known *k = user;

	(void)when;
	for (size_t i = 0; i < n; i++)
		k->sum ^= octets[i];
	must(k->sum <= UINT8_MAX, "a sum of octets is more than an octet");
	hear(k, side, n);
}

static void gap(void *user, unsigned side, size_t n, int64_t when)
{
	(void)when;
	hear(user, side, n);
}

static void ended(void *user, unsigned side, enum s5_tcp_end how, int64_t when)
{
	struct known *k = user;

	(void)when;
	must(side <= S5_TCP_BOTH && how <= S5_TCP_END_CAPTURE, "no end");
	if (side == S5_TCP_BOTH) {
		free(k);
		return;
	}
	must(how == S5_TCP_END_FIN && !k->is_over[side], "a side ends twice");
	k->is_over[side] = true;
}

static void add(const struct s5_packet *p, int64_t now)
{
	if (p->state != S5_PACKET_GOOD || p->transport != S5_TRANSPORT_TCP)
		return;
	s5_tcp_add(&tcp, p, now);
	must(tcp.held <= limits.octets && tcp.count <= limits.streams, "more than may be");
}

static void run_frames(struct s5_reader *r, enum s5_link link)
{
	struct s5_defrag defrag;
	int64_t now = 0;

	s5_defrag_init(&defrag, 3, 60000);
	for (;;) {
		size_t wait = s5_get_u8(r, S5_F_DATA), cut = s5_get_u8(r, S5_F_DATA);
		size_t len = s5_get_u16(r, S5_F_DATA);
		const uint8_t *octets = s5_get_octets(r, S5_F_DATA, len);
		struct s5_packet p;

		if (r->rc != S5_OK)
			break;
		now += (int64_t)wait * SECOND;
		s5_packet_get(&p, link, octets, len, len + cut);
		must(*s5_packet_text(p.state), "a state has no text");
		s5_defrag_add(&defrag, &p, now);
		must(defrag.budget.used <= 60000 && defrag.count <= 3, "more than may be");
		add(&p, now);
	}
	s5_defrag_fini(&defrag);
	must(!defrag.budget.used, "fragments are left");
}

static void run_segments(struct s5_reader *r)
{
	static const uint8_t ip[4] = { 10, 0, 0, 1 };
	uint32_t seq[2] = { 0xffffff00, 0x7fffff00 };

	for (;;) {
		unsigned first = s5_get_u8(r, S5_F_DATA), side = first >> 7;
		uint32_t ahead = s5_get_u8(r, S5_F_DATA), ack = s5_get_u8(r, S5_F_DATA);
		struct s5_packet p = { .transport = S5_TRANSPORT_TCP,
				       .flags = first & 0x17,
				       .payload = text,
				       .len = s5_get_u8(r, S5_F_DATA) };

		if (r->rc != S5_OK)
			return;
		p.from = s5_addr_ip4(ip, side ? 1 : 2);
		p.to = s5_addr_ip4(ip, side ? 2 : 1);
		p.seq = seq[side] + (ahead << (first & 0x40 ? 24 : 0)) - 8;
		p.ack = seq[!side] + ack - 128;
		p.missing = first & 8 ? p.len / 2 : 0;
		if (first & 0x20)
			seq[side] = p.seq + (uint32_t)p.len;
		add(&p, 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	const struct s5_tcp_sink sink = { &tcp, opened, heard, gap, ended };
	struct s5_reader r = s5_reader_over(octets, n);
	unsigned first = s5_get_u8(&r, S5_F_DATA);

	must(s5_tcp_init(&tcp, &sink, &limits, &key), "no memory");
	if (first & 0x80)
		run_segments(&r);
	else
		run_frames(&r, first % LINKS);
	s5_tcp_end(&tcp, 0);
	s5_tcp_fini(&tcp);
	must(!tcp.held && !tcp.count, "streams are left");
	return 0;
}
