/* apps/udp_form: datagrams as they stand on standard input and output. */
#include "testlib.h"
#include "udp_form.h"

struct scene {
	struct udp_input in;
	const uint8_t *data;
	size_t len;
};

static int set_up(void **state)
{
	struct scene *s = calloc(1, sizeof *s);

	assert_non_null(s);
	s->in.room = malloc(UDP_INPUT_ROOM);
	assert_non_null(s->in.room);
	*state = s;
	return 0;
}

static int tear_down(void **state)
{
	struct scene *s = *state;

	free(s->in.room);
	free(s);
	return 0;
}

static void reads(struct scene *s, const char *text, size_t len)
{
	size_t room;
	void *at = udp_input_space(&s->in, &room);

	assert_true(len <= room);
	if (len)
		memcpy(at, text, len);
	udp_input_filled(&s->in, len);
}

static void reads_text(struct scene *s, const char *text)
{
	reads(s, text, strlen(text));
}

static enum udp_taken take(struct scene *s)
{
	return udp_input_take(&s->in, &s->data, &s->len);
}

static void gives(struct scene *s, const char *want)
{
	assert_int_equal(take(s), UDP_DATAGRAM);
	assert_octets(s->data, s->len, want);
}

TEST(a_read_is_a_datagram)
{
	struct scene *s = *state;

	reads_text(s, "a\nb");
	gives(s, "610a62");
	assert_int_equal(take(s), UDP_NOTHING);
	reads_text(s, "");
	assert_true(s->in.ended);
	assert_int_equal(take(s), UDP_NOTHING);
}

/* The lines of a text, however it is cut into reads. */
TEST(lines_are_the_same_however_they_are_read)
{
	static const char text[] = "ab\n\nc d\n\nlast";
	struct scene *s = *state;

	s->in.form = UDP_LINES;
	for (size_t cut = 0; cut <= strlen(text); cut++) {
		static const char *const want[] = { "6162", "", "632064", "", "6c617374" };
		unsigned n = 0;

		s->in = (struct udp_input){ .form = UDP_LINES, .room = s->in.room };
		for (int part = 0; part < 3; part++) {
			if (part == 0 && cut > 0)
				reads(s, text, cut);
			if (part == 1 && text[cut])
				reads_text(s, text + cut);
			if (part == 2)
				reads(s, "", 0);
			for (; take(s) == UDP_DATAGRAM; n++)
				assert_octets(s->data, s->len, want[n]);
		}
		assert_int_equal(n, 5);
		assert_int_equal(s->in.line, 5);
	}
}

TEST(an_end_after_a_newline_is_no_empty_line)
{
	struct scene *s = *state;

	s->in.form = UDP_LINES;
	reads_text(s, "a\n");
	reads(s, "", 0);
	gives(s, "61");
	assert_int_equal(take(s), UDP_NOTHING);
}

TEST(hex_is_octets_with_blanks_between)
{
	struct scene *s = *state;

	s->in.form = UDP_HEX;
	reads_text(s, "00ff\n 0A bC\t7f \r\n\n");
	gives(s, "00ff");
	gives(s, "0abc7f");
	gives(s, "");
	assert_int_equal(take(s), UDP_NOTHING);
}

TEST(what_is_no_hex_is_told_by_its_line)
{
	static const char *const wrong[] = { "0\n", "0 1\n", "zz\n", "00g\n", "61-\n" };
	struct scene *s = *state;

	s->in.form = UDP_HEX;
	for (unsigned i = 0; i < LENGTH(wrong); i++) {
		reads_text(s, wrong[i]);
		assert_int_equal(take(s), UDP_NO_HEX);
		assert_int_equal(s->in.line, i + 1);
	}
	reads_text(s, "61\n");
	gives(s, "61");
}

/* A line that fills the room is told once and left out, wherever its end comes. */
TEST(a_line_that_is_too_long_is_told_once)
{
	static char xs[UDP_INPUT_ROOM];
	struct scene *s = *state;

	s->in.form = UDP_LINES;
	memset(xs, 'x', sizeof xs);
	reads_text(s, "a\n");
	gives(s, "61");
	reads(s, xs, sizeof xs);
	assert_int_equal(take(s), UDP_LONG_LINE);
	assert_int_equal(s->in.line, 2);
	assert_int_equal(take(s), UDP_NOTHING);
	reads(s, xs, sizeof xs);
	assert_int_equal(take(s), UDP_NOTHING);
	reads_text(s, "xx\n");
	s->data = NULL;
	assert_int_equal(take(s), UDP_NOTHING);
	assert_null(s->data);
	reads_text(s, "b\n");
	gives(s, "62");
	assert_int_equal(s->in.line, 3);
}

TEST(a_line_that_is_too_long_may_be_the_last)
{
	static char xs[UDP_INPUT_ROOM];
	struct scene *s = *state;

	s->in.form = UDP_LINES;
	memset(xs, 'x', sizeof xs);
	reads(s, xs, sizeof xs);
	assert_int_equal(take(s), UDP_LONG_LINE);
	reads_text(s, "tail");
	assert_int_equal(take(s), UDP_NOTHING);
	reads(s, "", 0);
	assert_int_equal(take(s), UDP_NOTHING);
}

static void shows(enum udp_form form, bool from, const char *want)
{
	const struct s5_addr a = s5_addr_ip4((const uint8_t[]){ 192, 0, 2, 1 }, 53);
	char *text = malloc(udp_answer_room(3));
	size_t n;

	assert_non_null(text);
	n = udp_answer_put(text, form, from ? &a : NULL, (const uint8_t *)"a\0b", 3);
	assert_true(n <= udp_answer_room(3));
	assert_octets(text, n, want);
	free(text);
}

TEST(answers_as_they_are_as_lines_and_in_hex)
{
	shows(UDP_RAW, false, "610062");
	shows(UDP_LINES, false, "6100620a");
	shows(UDP_HEX, false, "3631303036320a");
	shows(UDP_RAW, true, "3139322e302e322e313a3533 3a20 610062");
	shows(UDP_LINES, true, "3139322e302e322e313a3533 20 6100620a");
	shows(UDP_HEX, true, "3139322e302e322e313a3533 20 3631303036320a");
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SCENE(a_read_is_a_datagram),
		SCENE(lines_are_the_same_however_they_are_read),
		SCENE(an_end_after_a_newline_is_no_empty_line),
		SCENE(hex_is_octets_with_blanks_between),
		SCENE(what_is_no_hex_is_told_by_its_line),
		SCENE(a_line_that_is_too_long_is_told_once),
		SCENE(a_line_that_is_too_long_may_be_the_last),
		cmocka_unit_test(answers_as_they_are_as_lines_and_in_hex),
	};

	return RUN(tests);
}
