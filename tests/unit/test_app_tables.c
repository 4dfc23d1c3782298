/* The tables that the program is made of, held against the rules that they live by. */
#include "testlib.h"

#include <ctype.h>

#include "base/names.h"
#include "command.h"
#include "connect_opts.h"
#include "opt.h"
#include "opt_value.h"
#include "proxy_opts.h"
#include "serve_opts.h"

static void check_row(const struct opt *opts, const struct opt *row)
{
	char arg[128];
	size_t base;

	assert_non_null(row->help);
	assert_int_equal(row->help[strlen(row->help) - 1] == '.', 0);
	if (row->kind == OPT_KIND_ENUM || row->kind == OPT_KIND_LIST)
		assert_non_null(row->words);
	if (opt_takes_value(row) != (*opt_arg(row, arg, sizeof(arg)) != '\0'))
		fail_msg("--%s: a value's name is missing or one too many", row->name);
	for (const char *at = row->name; *at; at++)
		assert_true(islower((unsigned char)*at) || isdigit((unsigned char)*at) ||
			    *at == '-');
	if (strcmp(row->name, "help") == 0 || strcmp(row->name, "version") == 0)
		fail_msg("--%s belongs to every table", row->name);
	/* the group's own letter may be taken, but never by help */
	assert_true(row->letter != 'h' && row->letter != '-');
	assert_ptr_equal(opt_find(opts, row->name, strlen(row->name), &base), row);
}

TEST(every_row_is_whole)
{
	for (const struct command *const *at = commands; *at; at++) {
		struct opt_walk walk = { .opts = (*at)->opts };
		const struct opt *row;

		while ((row = opt_next(&walk))) {
			if (row->kind != OPT_KIND_HEADING)
				check_row((*at)->opts, row);
		}
	}
}

static void check_neighbours(const struct opt *opts)
{
	for (const struct opt *a = opts; a->kind != OPT_KIND_END; a++) {
		for (const struct opt *b = a + 1; b->kind != OPT_KIND_END; b++) {
			if (!a->help || !b->help)
				continue;
			assert_string_not_equal(a->name, b->name);
			assert_true(!a->letter || a->letter != b->letter);
		}
	}
}

/* Within one array no name and no letter may stand twice: only a group gives way. */
TEST(no_row_hides_its_neighbour)
{
	for (const struct command *const *at = commands; *at; at++)
		check_neighbours((*at)->opts);
	check_neighbours(proxy_opts);
	check_neighbours(out_opts);
}

TEST(every_command_is_whole)
{
	for (const struct command *const *at = commands; *at; at++) {
		assert_non_null((*at)->summary);
		assert_non_null((*at)->synopsis);
		assert_non_null((*at)->run);
		assert_ptr_equal(command_find((*at)->name), *at);
		for (const char *const *text = (*at)->examples; text && *text; text += 2)
			assert_non_null(text[1]);
	}
	assert_null(command_find("nothing"));
}

TEST(every_default_is_a_value_of_its_option)
{
	for (const struct command *const *at = commands; *at; at++) {
		struct opt_walk walk = { .opts = (*at)->opts };
		const struct opt *row;

		while ((row = opt_next(&walk))) {
			union {
				struct opt_list list;
				uint64_t number;
				char *text;
			} field = { .number = 0 };
			struct opt_error err;

			if (!row->def)
				continue;
			if (opt_store(row, &field, row->def, &err) < 0)
				fail_msg("--%s: %s", row->name, err.text);
			opt_release(row, &field);
		}
	}
}

TEST(methods_have_the_protocols_names)
{
	for (const struct opt_word *word = auth_words; word->name; word++)
		assert_string_equal(word->name, s5_method_name((uint8_t)word->value));
}

TEST(defaults_are_those_of_the_manual)
{
	struct serve_options serve = { .workers = 0 };
	struct connect_options connect = { .scan = false };

	opt_init(serve_opts, &serve);
	assert_int_equal(serve.handshake_timeout, 10000);
	assert_int_equal(serve.connect_timeout, 15000);
	assert_int_equal(serve.idle_timeout, 0);
	assert_int_equal(serve.prefer, SERVE_PREFER_AUTO);
	assert_int_equal(serve.bind_timeout, 120000);
	assert_int_equal(serve.udp_timeout, 300000);
	assert_int_equal(serve.udp_filter, S5_UDP_FILTER_ADDRESS);
	assert_int_equal(serve.bind_ports.hi, 0);
	assert_int_equal(serve.udp_ports.hi, 0);
	opt_fini(serve_opts, &serve);
	opt_init(connect_opts, &connect);
	assert_true(connect.carry.quit_after < 0);
	assert_int_equal(connect.proxy.dns, PROXY_DNS_PROXY);
	assert_false(connect.proxy.ipv4 || connect.proxy.ipv6);
	opt_fini(connect_opts, &connect);
}

/* nc's letters keep nc's meaning. */
TEST(connect_has_the_letters_of_nc)
{
	static const struct {
		char letter;
		const char *name;
	} letters[] = {
		{ '4', "ipv4" },     { '6', "ipv6" },	     { 'C', "crlf" },
		{ 'D', "debug" },    { 'd', "no-stdin" },    { 'F', "pass-fd" },
		{ 'i', "interval" }, { 'k', "keep-open" },   { 'N', "shutdown" },
		{ 'n', "numeric" },  { 'p', "source-port" }, { 'q', "quit-after" },
		{ 's', "source" },   { 'v', "verbose" },     { 'W', "recv-limit" },
		{ 'w', "timeout" },  { 'x', "proxy" },	     { 'z', "scan" },
	};

	for (size_t i = 0; i < LENGTH(letters); i++) {
		size_t base;
		const struct opt *row = opt_find_letter(connect_opts, letters[i].letter, &base);

		assert_non_null(row);
		assert_string_equal(row->name, letters[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_whole),
		cmocka_unit_test(every_command_is_whole),
		cmocka_unit_test(no_row_hides_its_neighbour),
		cmocka_unit_test(every_default_is_a_value_of_its_option),
		cmocka_unit_test(methods_have_the_protocols_names),
		cmocka_unit_test(defaults_are_those_of_the_manual),
		cmocka_unit_test(connect_has_the_letters_of_nc),
	};

	return RUN(tests);
}
