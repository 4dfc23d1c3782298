/* Datagrams of an association as they pass by. */
#include "base/names.h"
#include "dissect/relayed.h"
#include "saying.h"
#include "seen.h"

static void seen(void *arg, const struct s5_seen *seen)
{
	assert_null(arg);
	say("%s%s ", said.len ? ", " : "", seen->from == S5_CLIENT ? "to" : "from");
	switch (seen->kind) {
	case S5_SEEN_SEALED:
		say("sealed %d@%d", (int)seen->len, (int)seen->off);
		break;
	case S5_SEEN_DATAGRAM:
		say("datagram %d@%d", (int)seen->len, (int)seen->off);
		break;
	case S5_SEEN_WHOLE:
		say("whole %.*s", (int)seen->len, (const char *)seen->octets);
		break;
	default:
		say("fault: %s", seen->why);
		if (seen->need)
			say(", %s lacks %d", s5_field_name(seen->field), (int)seen->need);
	}
	assert_true(seen_fits(seen));
	for (unsigned i = 0; seen->trace && i < seen->trace->nmarks; i++)
		say(" [%s]", s5_note_text((enum s5_note)seen->trace->mark[i].note));
}

static void give(struct s5_relayed *r, enum s5_role from, const uint8_t *octets, size_t n)
{
	uint8_t *copy = exact_copy(octets, n);

	s5_relayed_recv(r, from, copy, n, 0);
	free(copy);
}

/* Lines: c or s, and the octets of a datagram. */
static const char *relayed(uint8_t level, const char *text)
{
	struct s5_budget budget = { .limit = 65536 };
	char lines[512], *rest = lines, *line;
	uint8_t octets[256];
	struct s5_relayed r;

	say_nothing();
	strcpy(lines, text);
	s5_relayed_init(&r, level, &budget, seen, NULL);
	while ((line = strsep(&rest, "|")))
		give(&r, *line == 'c' ? S5_CLIENT : S5_SERVER, octets,
		     hex(octets, sizeof octets, line + 2));
	s5_relayed_fini(&r);
	assert_int_equal(budget.used, 0);
	return said.text;
}

#define HEAD "017f0000014651"
#define TO_RELAY                                                                                 \
	"0103002a050404ff000c00000000000027097c37000000017f000001465170696e673146da587c2526facf" \
	"da7d8b"
#define FROM_RELAY                                                                               \
	"0103002f050405ff000c0000000000001edb1167000000017f00000146516563686f3a70696e67bdce7461" \
	"9138578747d8a19e"

TEST(DEC_1_datagrams_and_their_fragments)
{
	static const struct {
		const char *lines, *told;
	} rows[] = {
		{ "c 000000" HEAD "6869|s 000000" HEAD "686f",
		  "to datagram 12@0, from datagram 12@0" },
		{ "c 000001" HEAD "6162|c 000082" HEAD "6364|c 000000" HEAD,
		  "to datagram 12@0, to datagram 12@12, to whole abcd, to datagram 10@24" },
		{ "c 000001" HEAD "6162|s 000082" HEAD "6364",
		  "to datagram 12@0, from datagram 12@0, from fault: a fragment before it is "
		  "missing" },
		{ "c 000001" HEAD "6162|c 000000" HEAD "6364",
		  "to datagram 12@0, to datagram 12@12, to fault: a standalone datagram broke the "
		  "sequence" },
		{ "c 010000" HEAD, "to datagram 10@0 [reserved octet is not 00]" },
		{ "c 000000017f00", "to fault: it is cut short, destination address lacks 2" },
		{ "c ", "to fault: it is cut short, reserved lacks 2" },
		{ "c 000000057f00",
		  "to fault: address type is not 01, 03 or 04 [address type is not 01, 03 or 04]" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_string_equal(relayed(S5_LEVEL_NONE, rows[i].lines), rows[i].told);
}

TEST(DEC_4_sealed_datagrams_are_read_where_they_are_only_signed)
{
	assert_string_equal(relayed(S5_LEVEL_INTEGRITY, "c " TO_RELAY "|s " FROM_RELAY),
			    "to sealed 46@0, to datagram 14@0, from sealed 51@0, "
			    "from datagram 19@0");
	assert_string_equal(relayed(S5_LEVEL_INTEGRITY, "c " TO_RELAY "00"),
			    "to fault: it is no sealed message");
	assert_string_equal(relayed(S5_LEVEL_CONFIDENTIALITY, "c 01030004 050406ff"),
			    "to sealed 8@0");
	assert_string_equal(relayed(S5_LEVEL_CONFIDENTIALITY, "c 000000" HEAD "6869"),
			    "to fault: it is no sealed message "
			    "[sub-negotiation version is not 01]");
}

TEST(datagrams_cut_at_every_octet_and_with_every_octet_flipped)
{
	static const char *const samples[] = { "000000" HEAD "6869", "000001" HEAD "6162", TO_RELAY,
					       "0000000304616263640050" };
	struct s5_budget budget = { .limit = 65536 };
	uint8_t octets[128];
	struct s5_relayed r;

	for (size_t i = 0; i < LENGTH(samples); i++)
		for (unsigned level = 0; level < 2; level++) {
			size_t n = hex(octets, sizeof octets, samples[i]);

			s5_relayed_init(&r, (uint8_t)level, &budget, seen, NULL);
			for (size_t at = 0; at < n; at++) {
				say_nothing();
				give(&r, S5_CLIENT, octets, at);
				octets[at] ^= 0xff;
				give(&r, S5_CLIENT, octets, n);
				octets[at] ^= 0xff;
			}
			s5_relayed_fini(&r);
			assert_int_equal(budget.used, 0);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(DEC_1_datagrams_and_their_fragments),
		cmocka_unit_test(DEC_4_sealed_datagrams_are_read_where_they_are_only_signed),
		cmocka_unit_test(datagrams_cut_at_every_octet_and_with_every_octet_flipped),
	};

	return RUN(tests);
}
