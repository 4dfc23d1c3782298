/* Any octets of two directions, cut anywhere, with gaps, as a conversation that passes by.
 *
 * Input: an octet that says which side closes (1 the client, 2 the server), then chunks: an octet with the
 * sender (0x80: the server) and how many octets follow; 0: one is missing here.
 *
 * However the octets are cut, the same messages are told; and each octet is told once and in order.
 */
#include <stddef.h>
#include <string.h>

#include "dissect/talk.h"
#include "../unit/seen.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

#define SERVER_CHUNK 0x80
#define ROOM 65536

static struct told {
	uint8_t octets[2][ROOM];
	size_t n[2], messages, off[2][2];
	uint64_t sum[2][2]; /* of each side's messages and seals: which and how long */
} told[2];

static void on_seen(void *arg, const struct s5_seen *seen)
{
	struct told *t = arg;
	uint64_t *sum = &t->sum[seen->from][seen->kind == S5_SEEN_SEALED];

	must(seen->off == t->off[seen->from][seen->sealed], "octets out of their order");
	t->off[seen->from][seen->sealed] += seen->len;
	must(seen_fits(seen), "a field beyond its message");
	must(seen->kind != S5_SEEN_FAULT || seen->why, "a fault without a cause");
	if (seen->kind == S5_SEEN_MESSAGE || seen->kind == S5_SEEN_SEALED)
		*sum = *sum * 31 + (uint64_t)seen->step * 7 + seen->len * 1021;
	if (seen->kind == S5_SEEN_MESSAGE)
		t->messages++;
	if (seen->sealed || !seen->octets || !seen->len)
		return;
	must(t->n[seen->from] + seen->len <= ROOM, "more than was given");
	memcpy(t->octets[seen->from] + t->n[seen->from], seen->octets, seen->len);
	t->n[seen->from] += seen->len;
}

static void give(struct s5_talk *talk, enum s5_role from, const uint8_t *octets, size_t n,
		 size_t width)
{
	for (size_t at = 0; at < n; at += width)
		s5_talk_recv(talk, from, octets + at, width < n - at ? width : n - at, 0);
}

/* Plays it and gathers what was given. */
static void play(struct told *t, const uint8_t *octets, size_t n, size_t width, struct told *given)
{
	static struct s5_talk talk;

	memset(t->n, 0, sizeof *t - offsetof(struct told, n));
	memset(given->n, 0, sizeof given->n);
	s5_talk_init(&talk, on_seen, t);
	for (size_t at = 1, len; at < n; at += len) {
		enum s5_role from = octets[at] & SERVER_CHUNK ? S5_SERVER : S5_CLIENT;

		len = octets[at++] & (SERVER_CHUNK - 1);
		if (!len)
			s5_talk_gap(&talk, from, 1);
		len = len < n - at ? len : n - at;
		give(&talk, from, octets + at, len, width);
		memcpy(given->octets[from] + given->n[from], octets + at, len);
		given->n[from] += len;
	}
	s5_talk_end(&talk, S5_CLIENT, octets[0] & 1);
	s5_talk_end(&talk, S5_SERVER, octets[0] & 2);
	s5_talk_fini(&talk);
	for (unsigned i = 0; i < 2; i++)
		must(t->n[i] == given->n[i] && !memcmp(t->octets[i], given->octets[i], t->n[i]),
		     "an octet is told twice or not at all");
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	static struct told given;

	if (n < 2 || n > ROOM)
		return 0;
	play(&told[0], octets, n, ROOM, &given);
	play(&told[1], octets, n, 1, &given);
	must(!memcmp(told[0].sum, told[1].sum, sizeof told[0].sum) &&
		     told[0].messages == told[1].messages,
	     "other messages when they are cut");
	return 0;
}
