/* Option tables: what a command line leaves in the target, and what is said of a wrong one. */
#include "testlib.h"

#include "near.h"
#include "opt.h"

struct inner {
	bool quiet;
	int verbose;
	char *name;
};

#define OPT_TARGET struct inner
static const struct opt inner_opts[] = {
	OPT_HEADING("Inner"),
	OPT("quiet", 'q', FLAG, quiet, NULL, "say less"),
	OPT("verbose", 'v', COUNT, verbose, NULL, "say more"),
	OPT("name", 0, STR, name, "NAME", "a name", .def = "inner"),
	OPT_END,
};
#undef OPT_TARGET

enum colour { RED = 7, GREEN, BLUE };

static const struct opt_word colours[] = {
	{ "red", RED, NULL }, { "green", GREEN, NULL }, { "blue", BLUE, NULL }, { NULL, 0, NULL }
};

struct target {
	bool scan;
	int family;
	int port;
	char *source;
	char *user;
	struct opt_strs rules;
	int64_t timeout;
	int64_t after;
	uint64_t rate;
	enum colour colour;
	struct opt_list list;
	int odd;
	struct inner inner;
};

static int set_odd(void *field, const char *value, struct opt_error *err)
{
	int *odd = field;

	if (atoi(value) % 2 == 0)
		return opt_fail(err, "'%s' is even", value);
	*odd = atoi(value);
	return 0;
}

#define OPT_TARGET struct target
static const struct opt opts[] = {
	OPT("scan", 'z', FLAG, scan, NULL, "scan"),
	OPT("ipv4", '4', PICK, family, NULL, "IPv4", .value = 4),
	OPT("ipv6", '6', PICK, family, NULL, "IPv6", .value = 6),
	OPT("port", 'p', INT, port, "PORT", "a port", .min = 1, .max = 65535, .unit = "(a port)"),
	OPT("source", 's', STR, source, "ADDR", "an address"),
	OPT("user", 'u', STR, user, "NAME:PASSWORD", "a user", .secret = SECRET_USER),
	OPT("allow", 0, STRS, rules, "RULE", "allow", .value = 1),
	OPT("deny", 0, STRS, rules, "RULE", "deny", .value = 2),
	OPT("timeout", 'w', MSEC, timeout, "DURATION", "a timeout", .def = "2m", .max = 3600000),
	OPT("quit-after", 'q', MSEC, after, "SECONDS", "nc's -q", .min = -1),
	OPT("rate", 0, SIZE, rate, "BYTES", "a rate", .max = 1 << 30),
	OPT("colour", 0, ENUM, colour, NULL, "a colour", .def = "green", .words = colours),
	OPT("list", 0, LIST, list, "WORD[,WORD]", "colours", .words = colours),
	OPT("odd", 0, CALL, odd, "N", "an odd number", .set = set_odd),
	OPT_INCLUDE(inner, inner_opts),
	OPT_END,
};

#define WORDS_MAX 16

/* A command line in memory of its own, for argv is written to. */
struct line {
	struct target o;
	char text[400];
	char *argv[WORDS_MAX + 1];
	int count;
	enum opt_parsed parsed;
	struct opt_error err;
};

/* Parses a line whose words are parted by '|'. */
static void parse(struct line *line, const char *text)
{
	int argc = 0;
	char *save = NULL;

	memset(line, 0, sizeof(*line));
	snprintf(line->text, sizeof(line->text), "%s", text);
	for (char *w = strtok_r(line->text, "|", &save); w; w = strtok_r(NULL, "|", &save))
		line->argv[argc++] = w;
	opt_init(opts, &line->o);
	line->parsed = opt_parse(opts, &line->o, argc, line->argv, &line->count, &line->err);
}

static void done(struct line *line)
{
	opt_fini(opts, &line->o);
	assert_null(line->o.source);
	assert_null(line->o.inner.name);
	assert_int_equal(line->o.rules.count, 0);
}

static void expect_error(const char *text, const char *want)
{
	struct line line;

	parse(&line, text);
	assert_int_equal(line.parsed, OPT_BAD);
	assert_string_equal(line.err.text, want);
	done(&line);
}

TEST(defaults_come_from_the_table)
{
	struct line line;

	parse(&line, "");
	assert_int_equal(line.parsed, OPT_PARSED);
	assert_int_equal(line.o.timeout, 120000);
	assert_int_equal(line.o.colour, GREEN);
	assert_string_equal(line.o.inner.name, "inner");
	assert_null(line.o.source);
	done(&line);
}

TEST(long_options_take_the_next_word_or_what_follows_the_equals_sign)
{
	struct line line;

	parse(&line, "--port|80|--source=a=b|--scan|--colour=blue|--odd|3|--rate=1.5k");
	assert_int_equal(line.parsed, OPT_PARSED);
	assert_int_equal(line.o.port, 80);
	assert_string_equal(line.o.source, "a=b");
	assert_true(line.o.scan);
	assert_int_equal(line.o.colour, BLUE);
	assert_int_equal(line.o.odd, 3);
	assert_int_equal(line.o.rate, 1536);
	done(&line);
	parse(&line, "--source=");
	assert_int_equal(line.parsed, OPT_PARSED);
	assert_string_equal(line.o.source, "");
	done(&line);
}

TEST(letters_stand_in_clusters)
{
	struct line line;

	parse(&line, "-zvvw1|-p|80|-s-x|-6|-4");
	assert_int_equal(line.parsed, OPT_PARSED);
	assert_true(line.o.scan);
	assert_int_equal(line.o.inner.verbose, 2);
	assert_int_equal(line.o.timeout, 1000);
	assert_int_equal(line.o.port, 80);
	assert_string_equal(line.o.source, "-x");
	assert_int_equal(line.o.family, 4);
	done(&line);
}

TEST(a_value_may_look_like_an_option)
{
	struct line line;

	parse(&line, "-q|-1|--source|--scan");
	assert_int_equal(line.parsed, OPT_PARSED);
	assert_int_equal(line.o.after, -1000);
	assert_string_equal(line.o.source, "--scan");
	assert_false(line.o.scan);
	done(&line);
}

TEST(options_and_arguments_mix_and_two_dashes_end_the_options)
{
	struct line line;

	parse(&line, "host|-z|-|80|-p|9|--|-v|--|--scan");
	assert_int_equal(line.parsed, OPT_PARSED);
	assert_int_equal(line.count, 6);
	assert_string_equal(line.argv[0], "host");
	assert_string_equal(line.argv[1], "-");
	assert_string_equal(line.argv[2], "80");
	assert_string_equal(line.argv[3], "-v");
	assert_string_equal(line.argv[4], "--");
	assert_string_equal(line.argv[5], "--scan");
	assert_null(line.argv[6]);
	assert_int_equal(line.o.inner.verbose, 0);
	done(&line);
}

TEST(the_last_value_wins_and_lists_keep_their_order)
{
	struct line line;

	parse(&line, "--source|a|--source|b|--allow|1|--deny|2|--allow|3|--list|blue,red|-p1|-p2");
	assert_int_equal(line.parsed, OPT_PARSED);
	assert_string_equal(line.o.source, "b");
	assert_int_equal(line.o.port, 2);
	assert_int_equal(line.o.rules.count, 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(line.o.rules.items[i].text[0], '1' + i);
		assert_int_equal(line.o.rules.items[i].tag, i == 1 ? 2 : 1);
	}
	assert_int_equal(line.o.list.count, 2);
	assert_int_equal(line.o.list.values[0], BLUE);
	assert_int_equal(line.o.list.values[1], RED);
	done(&line);
}

TEST(an_earlier_row_takes_the_letter_from_a_group)
{
	struct line line;
	struct opt_walk walk = { .opts = opts };
	const struct opt *row;

	parse(&line, "-q|3|--quiet");
	assert_int_equal(line.parsed, OPT_PARSED);
	assert_int_equal(line.o.after, 3000);
	assert_true(line.o.inner.quiet);
	done(&line);
	while ((row = opt_next(&walk))) {
		if (strcmp(row->name, "quiet") == 0)
			assert_int_equal(opt_letter(opts, row), 0);
		if (strcmp(row->name, "quit-after") == 0)
			assert_int_equal(opt_letter(opts, row), 'q');
	}
}

TEST(an_earlier_row_takes_the_long_name_from_a_group)
{
	static const struct opt both[] = {
		OPT("name", 'n', STR, source, "ADDR", "ours"),
		OPT_INCLUDE(inner, inner_opts),
		OPT_END,
	};
	struct opt_walk walk = { .opts = both };
	const struct opt *row;
	struct target o = { .port = 0 };
	struct opt_error err = { .line = 0 };
	int names = 0;

	while ((row = opt_next(&walk)))
		names += strcmp(row->name, "name") == 0;
	assert_int_equal(names, 1);
	assert_int_equal(opt_set(both, &o, "name", "x", &err), 0);
	assert_string_equal(o.source, "x");
	assert_null(o.inner.name);
	opt_fini(both, &o);
}

TEST(help_and_version_are_known_everywhere)
{
	static const char *const asking[] = { "--help", "-help", "-h", "-zh", "x|--help" };
	struct line line;

	for (size_t i = 0; i < LENGTH(asking); i++) {
		parse(&line, asking[i]);
		assert_int_equal(line.parsed, OPT_HELP);
		done(&line);
	}
	parse(&line, "-version");
	assert_int_equal(line.parsed, OPT_VERSION);
	done(&line);
	parse(&line, "--|--help");
	assert_int_equal(line.parsed, OPT_PARSED);
	assert_int_equal(line.count, 1);
	done(&line);
}

TEST(unknown_options_name_the_nearest)
{
	struct line line;

	expect_error("--timout|3", "unknown option --timout; did you mean --timeout?");
	expect_error("--timout=3", "unknown option --timout; did you mean --timeout?");
	expect_error("-timeout|3", "unknown option -timeout; did you mean --timeout?");
	expect_error("--hepl", "unknown option --hepl; did you mean --help?");
	expect_error("--quit", "unknown option --quit; did you mean --quit-after?");
	expect_error("--xyzzy", "unknown option --xyzzy");
	expect_error("-zX", "unknown option -X");
	expect_error("--\033[2J", "unknown option --\\x1b[2J");
	parse(&line, "--xyzzy");
	assert_true(line.err.unknown[0]);
	done(&line);
	parse(&line, "--port|x");
	assert_false(line.err.unknown[0]);
	done(&line);
}

TEST(missing_and_needless_values_are_named)
{
	expect_error("--port", "option --port needs a value: --port PORT");
	expect_error("-zp", "option -p needs a value: -p PORT");
	expect_error("--colour", "option --colour needs a value: --colour red|green|blue");
	expect_error("--scan=yes", "option --scan takes no value, but has 'yes'");
}

TEST(wrong_values_are_named_with_what_is_allowed)
{
	expect_error("-p|0", "option --port: '0' is not a whole number from 1 to 65535 (a port)");
	expect_error("-p|8x", "option --port: '8x' is not a whole number from 1 to 65535 (a port)");
	expect_error("--timeout|soon",
		     "option --timeout: 'soon' is not a duration: write seconds (5, 1.5) or a unit "
		     "(500ms, 30s, 2m, 1h, 1d)");
	expect_error("-w2h", "option --timeout: '2h' is too long: at most 3600 seconds");
	expect_error("--timeout=-1",
		     "option --timeout: '-1' is not a duration: write seconds (5, 1.5) or a unit "
		     "(500ms, 30s, 2m, 1h, 1d)");
	expect_error("--rate|2G", "option --rate: '2G' is too large: at most 1073741824 octets");
	expect_error("--colour|gren", "option --colour: 'gren' is unknown (did you mean green?), "
				      "it must be red, green or blue");
	expect_error("--list|red,,blue",
		     "option --list: '' is unknown, it must be red, green or blue");
	expect_error("--list|red,blue,red", "option --list: 'red' stands there twice");
	expect_error("--odd|2", "option --odd: '2' is even");
}

TEST(a_wrong_value_leaves_the_target_alone)
{
	struct line line;
	struct opt_error err = { .line = 0 };

	parse(&line, "--list|red|--port|7");
	assert_int_equal(opt_set(opts, &line.o, "list", "blue,pink", &err), -1);
	assert_int_equal(opt_set(opts, &line.o, "port", "70000", &err), -1);
	assert_int_equal(opt_set(opts, &line.o, "timeout", "9x", &err), -1);
	assert_int_equal(line.o.list.count, 1);
	assert_int_equal(line.o.list.values[0], RED);
	assert_int_equal(line.o.port, 7);
	assert_int_equal(line.o.timeout, 120000);
	done(&line);
}

TEST(a_config_file_sets_by_long_name)
{
	struct line line;
	struct opt_error err = { .line = 0 };

	parse(&line, "");
	assert_int_equal(opt_set(opts, &line.o, "scan", "", &err), 0);
	assert_true(line.o.scan);
	assert_int_equal(opt_set(opts, &line.o, "scan", "no", &err), 0);
	assert_false(line.o.scan);
	assert_int_equal(opt_set(opts, &line.o, "verbose", NULL, &err), 0);
	assert_int_equal(opt_set(opts, &line.o, "verbose", "yes", &err), 0);
	assert_int_equal(line.o.inner.verbose, 2);
	assert_int_equal(opt_set(opts, &line.o, "ipv6", "yes", &err), 0);
	assert_int_equal(line.o.family, 6);
	assert_int_equal(opt_set(opts, &line.o, "scan", "maybe", &err), -1);
	assert_string_equal(err.text, "option --scan: 'maybe' is unknown, it must be yes or no");
	assert_int_equal(opt_set(opts, &line.o, "port", NULL, &err), -1);
	assert_string_equal(err.text, "option --port needs a value: --port PORT");
	assert_int_equal(opt_set(opts, &line.o, "prot", "1", &err), -1);
	assert_string_equal(err.text, "unknown option --prot; did you mean --port?");
	assert_int_equal(opt_set(opts, &line.o, "quiet", "", &err), 0);
	assert_true(line.o.inner.quiet);
	done(&line);
}

/* R1929-11 */
TEST(passwords_are_masked_in_argv_and_kept_in_the_target)
{
	static const struct {
		const char *line;
		int word;
		const char *left;
	} cases[] = {
		{ "-u|joe:secret", 1, "joe:xxxxxx" },
		{ "-ujoe:secret", 0, "-ujoe:xxxxxx" },
		{ "-zujoe:secret", 0, "-zujoe:xxxxxx" },
		{ "--user=joe:secret", 0, "--user=joe:xxxxxx" },
	};
	struct line line;

	for (size_t i = 0; i < LENGTH(cases); i++) {
		parse(&line, cases[i].line);
		assert_int_equal(line.parsed, OPT_PARSED);
		assert_string_equal(line.o.user, "joe:secret");
		/* the words lie in text one after the other */
		assert_string_equal(line.text + (cases[i].word ? 3 : 0), cases[i].left);
		done(&line);
	}
}

TEST(slips_of_the_finger_are_counted)
{
	assert_int_equal(near_distance("", ""), 0);
	assert_int_equal(near_distance("abc", ""), 3);
	assert_int_equal(near_distance("abc", "abd"), 1);
	assert_int_equal(near_distance("abc", "acb"), 1);
	assert_int_equal(near_distance("abc", "xabc"), 1);
	assert_int_equal(near_distance("kitten", "sitting"), 3);
	assert_int_equal(near_distance("0123456789012345678901234567890123456789a", "a"), NEAR_MAX);
}

static const char *nearest(const char *typed)
{
	static const char *const known[] = { "serve", "connect", "passwd", "help", "idle-timeout" };
	struct near near = { .typed = typed };

	for (size_t i = 0; i < LENGTH(known); i++)
		near_try(&near, known[i]);
	return near.best;
}

TEST(the_nearest_word_is_found_and_far_ones_are_not)
{
	assert_string_equal(nearest("conect"), "connect");
	assert_string_equal(nearest("sevre"), "serve");
	assert_string_equal(nearest("password"), "passwd");
	assert_string_equal(nearest("idle"), "idle-timeout");
	assert_null(nearest("frobnicate"));
	assert_null(nearest("x"));
	assert_null(nearest(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_come_from_the_table),
		cmocka_unit_test(long_options_take_the_next_word_or_what_follows_the_equals_sign),
		cmocka_unit_test(letters_stand_in_clusters),
		cmocka_unit_test(a_value_may_look_like_an_option),
		cmocka_unit_test(options_and_arguments_mix_and_two_dashes_end_the_options),
		cmocka_unit_test(the_last_value_wins_and_lists_keep_their_order),
		cmocka_unit_test(an_earlier_row_takes_the_letter_from_a_group),
		cmocka_unit_test(an_earlier_row_takes_the_long_name_from_a_group),
		cmocka_unit_test(help_and_version_are_known_everywhere),
		cmocka_unit_test(unknown_options_name_the_nearest),
		cmocka_unit_test(missing_and_needless_values_are_named),
		cmocka_unit_test(wrong_values_are_named_with_what_is_allowed),
		cmocka_unit_test(a_wrong_value_leaves_the_target_alone),
		cmocka_unit_test(a_config_file_sets_by_long_name),
		cmocka_unit_test(passwords_are_masked_in_argv_and_kept_in_the_target),
		cmocka_unit_test(slips_of_the_finger_are_counted),
		cmocka_unit_test(the_nearest_word_is_found_and_far_ones_are_not),
	};

	return RUN(tests);
}
