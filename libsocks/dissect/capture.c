#include "dissect/capture.h"

#include <stdlib.h>
#include <string.h>

void *s5_capture_take(struct s5_capture *c, size_t n)
{
	bool taken = s5_budget_take(&c->budget, n);
	void *memory = taken ? calloc(1, n) : NULL;

	if (memory)
		return memory;
	if (taken)
		s5_budget_give(&c->budget, n);
	c->not_followed++;
	return NULL;
}

void s5_capture_give(struct s5_capture *c, void *memory, size_t n)
{
	if (!memory)
		return;
	explicit_bzero(memory, n);
	free(memory);
	s5_budget_give(&c->budget, n);
}

static void *opened(void *owner, const struct s5_tcp_opening *o)
{
	return s5_flow_new(owner, o);
}

static void octets(void *user, unsigned side, const uint8_t *octets, size_t n, int64_t when)
{
	s5_flow_octets(user, side, octets, n, when);
}

static void gap(void *user, unsigned side, size_t n, int64_t when)
{
	s5_flow_gap(user, side, n, when);
}

static void ended(void *user, unsigned side, enum s5_tcp_end how, int64_t when)
{
	if (side == S5_TCP_BOTH)
		s5_flow_end(user, how, when);
	else
		s5_flow_closed(user, side, when);
}

bool s5_capture_init(struct s5_capture *c, const struct s5_capture_sink *sink, uint16_t port,
		     const struct s5_hash_key *key)
{
	static const struct s5_tcp_limits limits = { .streams = S5_CAPTURE_STREAMS,
						     .stream_octets = S5_CAPTURE_STREAM,
						     .octets = S5_CAPTURE_TCP };
	const struct s5_tcp_sink tcp = { c, opened, octets, gap, ended };

	*c = (struct s5_capture){ .sink = *sink,
				  .port = port,
				  .budget = { .limit = S5_CAPTURE_TALK } };
	s5_shares_init(&c->tokens, S5_CAPTURE_TOKENS, key);
	s5_defrag_init(&c->defrag, S5_DEFRAG_DATAGRAMS, S5_DEFRAG_OCTETS);
	return s5_tcp_init(&c->tcp, &tcp, &limits, key);
}

void s5_capture_frame(struct s5_capture *c, enum s5_link link, const uint8_t *octets, size_t len,
		      size_t original, int64_t when)
{
	struct s5_packet p;

	c->frames++;
	c->now = when;
	if (s5_packet_get(&p, link, octets, len, original) == S5_PACKET_FRAGMENT)
		s5_defrag_add(&c->defrag, &p, when);
	if (p.state == S5_PACKET_FRAGMENT)
		return;
	if (p.state != S5_PACKET_GOOD) {
		c->strange++;
		return;
	}
	c->cut += p.missing > 0;
	if (p.transport == S5_TRANSPORT_TCP)
		s5_tcp_add(&c->tcp, &p, when);
	else
		s5_relays_datagram(c, &p, when);
}

void s5_capture_end(struct s5_capture *c)
{
	s5_tcp_end(&c->tcp, c->now);
}

void s5_capture_fini(struct s5_capture *c)
{
	s5_capture_end(c);
	s5_tcp_fini(&c->tcp);
	s5_defrag_fini(&c->defrag);
	s5_shares_fini(&c->tokens);
}
