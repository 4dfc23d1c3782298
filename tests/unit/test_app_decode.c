/* All of `socks5 decode`, in every form, with files that are cut anywhere or have any octet flipped. What
 * is shown harms no terminal, and a password is in it only if it is asked for. */
#include <glob.h>

#include "decode.h"
#include "muted.h"
#include "testlib.h"

#define ROOM 65536

struct shown {
	char *text;
	size_t len;
};

static struct shown decode(const struct decode_options *o, const uint8_t *octets, size_t n)
{
	struct decode_view view = { .options = o, .colour = o->format & 1 };
	struct shown shown = { NULL, 0 };
	FILE *file = fmemopen((void *)(n ? octets : (const uint8_t *)"\n"), n ? n : 1, "r");

	view.to = open_memstream(&shown.text, &shown.len);
	assert_true(file && view.to);
	if (decode_is_capture(octets, n)) {
		decode_capture(&view, file, "-");
	} else {
		decode_text(&view, file, "-");
		fclose(file);
	}
	fclose(view.to);
	for (size_t i = 0; i < shown.len; i++)
		assert_true((uint8_t)shown.text[i] < 0x7f &&
			    (shown.text[i] >= ' ' || strchr("\n\033", shown.text[i])));
	return shown;
}

/* In all forms in turn. */
static void look(const uint8_t *octets, size_t n, size_t turn)
{
	struct decode_options o = { .format = (int)(turn % 4),
				    .from = S5_OBSERVER,
				    .summary = turn % 5 == 4,
				    .port = turn % 3 ? 0 : 1080,
				    .secrets = turn % 7 == 6 };
	uint8_t *copy = exact_copy(octets, n);

	free(decode(&o, copy, n).text);
	free(copy);
}

static void cut_and_flip(const char *path)
{
	static uint8_t octets[ROOM];
	FILE *file = fopen(path, "r");
	size_t n;

	assert_non_null(file);
	n = fread(octets, 1, ROOM, file);
	fclose(file);
	assert_in_range(n, 1, ROOM - 1);
	for (size_t i = 0; i <= n; i++)
		look(octets, i, i);
	for (size_t i = 0; i < n; i++) {
		octets[i] ^= (uint8_t)(1u << i % 8);
		look(octets, n, i);
		octets[i] ^= (uint8_t)(1u << i % 8);
	}
}

static void each(const char *pattern, size_t least)
{
	glob_t found;

	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_true(found.gl_pathc >= least);
	for (size_t i = 0; i < found.gl_pathc; i++)
		cut_and_flip(found.gl_pathv[i]);
	globfree(&found);
}

TEST(DEC_3_recordings_cut_anywhere_and_with_any_octet_flipped)
{
	each("tests/golden/vectors/*.hex", 36);
}

TEST(captures_cut_anywhere_and_with_any_octet_flipped)
{
	each("tests/golden/captures/*.pcap", 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(DEC_3_recordings_cut_anywhere_and_with_any_octet_flipped),
		cmocka_unit_test(captures_cut_anywhere_and_with_any_octet_flipped),
	};

	return RUN(tests);
}
