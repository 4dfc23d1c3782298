/* Streams that are SOCKS, and others. */
#include "dissect/spot.h"
#include "recordings.h"
#include "testlib.h"
#include "vectors.h"

static enum s5_spot spot(const uint8_t *client, size_t nclient, const uint8_t *server,
			 size_t nserver)
{
	uint8_t *c = exact_copy(client, nclient), *s = exact_copy(server, nserver);
	enum s5_spot found = s5_spot(c, nclient, s, nserver);

	free(c);
	free(s);
	return found;
}

TEST(streams_are_told_by_what_both_sides_say_first)
{
	static const struct {
		const char *client, *server;
		enum s5_spot found;
	} rows[] = {
		{ "", "", S5_SPOT_PERHAPS },
		{ "05", "", S5_SPOT_PERHAPS },
		{ "050100", "", S5_SPOT_PERHAPS },
		{ "050100", "05", S5_SPOT_PERHAPS },
		{ "", "0500", S5_SPOT_PERHAPS },
		{ "050100", "0500", S5_SPOT_YES },
		{ "050180", "05ff", S5_SPOT_YES },
		{ "05020002", "0502 0100", S5_SPOT_YES },
		{ "0502", "0500", S5_SPOT_PERHAPS },
		{ "0500", "", S5_SPOT_NO },
		{ "05000b0310", "05000c03", S5_SPOT_NO }, /* DCE RPC */
		{ "050100", "0400", S5_SPOT_NO },
		{ "474554202f", "", S5_SPOT_NO },
		{ "160301", "160303", S5_SPOT_NO },
		{ "", "5353482d", S5_SPOT_NO }, /* SSH: the server speaks first */
		{ "040100507f00000100", "005a000000000000", S5_SPOT_YES },
		{ "0401005000000001006100", "005b000000000000", S5_SPOT_YES },
		{ "04f0005000000001006100", "005a000000000000", S5_SPOT_YES },
		{ "04010050", "", S5_SPOT_PERHAPS },
		{ "0403", "", S5_SPOT_NO },
		{ "040100507f00000100", "0055000000000000", S5_SPOT_NO },
		{ "040100507f00000100", "045a", S5_SPOT_NO },
	};
	uint8_t client[64], server[64];

	for (size_t i = 0; i < LENGTH(rows); i++) {
		size_t nclient = hex(client, sizeof client, rows[i].client);
		size_t nserver = hex(server, sizeof server, rows[i].server);

		if (spot(client, nclient, server, nserver) != rows[i].found)
			fail_msg("%s and %s", rows[i].client, rows[i].server);
	}
}

TEST(recordings_are_socks_and_never_were_taken_for_something_else)
{
	static struct vector v;
	uint8_t side[2][VECTOR_TEXT];
	size_t n[2];

	for (size_t i = 0; i < DIALOGUES + LENGTH(gssapi_recordings); i++) {
		vector_load(&v,
			    i < DIALOGUES ? clear_recordings[i] : gssapi_recordings[i - DIALOGUES]);
		n[0] = hex(side[0], VECTOR_TEXT, v.lines[0].hex);
		n[1] = hex(side[1], VECTOR_TEXT, v.lines[1].hex);
		for (size_t c = 0; c <= n[0]; c++)
			for (size_t s = 0; s <= n[1]; s++)
				assert_int_not_equal(spot(side[0], c, side[1], s), S5_SPOT_NO);
		assert_int_equal(spot(side[0], n[0], side[1], n[1]), S5_SPOT_YES);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(streams_are_told_by_what_both_sides_say_first),
		cmocka_unit_test(recordings_are_socks_and_never_were_taken_for_something_else),
	};

	return RUN(tests);
}
