/* The table of cases: enough of them, numbered without holes, and scripts that compile. */
#include "probe/cases.h"
#include "probe/words.h"
#include "testlib.h"

TEST(there_are_enough_of_each_rfc)
{
	static const char *const rfcs[] = { "rfc1928/", "rfc1929/", "rfc1961/" };

	assert_true(s5_ncases >= 120);
	for (size_t i = 0; i < LENGTH(rfcs); i++) {
		unsigned must = 0, all = 0;

		for (size_t k = 0; k < s5_ncases; k++) {
			bool is_own = !strncmp(s5_cases[k].id, rfcs[i], strlen(rfcs[i]));

			all += is_own;
			must += is_own && s5_cases[k].level == S5_CASE_MUST;
		}
		assert_true(all >= 15 && must >= 5);
	}
}

/* "rfc1928/3/7" is the case 7 of "RFC 1928 3", and the one before it there is 6. */
TEST(ids_go_with_their_sections_and_have_no_holes)
{
	for (size_t i = 0; i < s5_ncases; i++) {
		const struct s5_case *c = &s5_cases[i], *before = i ? &s5_cases[i - 1] : NULL;
		unsigned rfc, section, number, last = 0;
		char id[40], name[40];

		if (sscanf(c->id, "rfc%u/%u/%u", &rfc, &section, &number) != 3)
			fail_msg("%s", c->id);
		snprintf(id, sizeof id, "rfc%u/%u/%u", rfc, section, number);
		snprintf(name, sizeof name, "RFC %u %u", rfc, section);
		assert_string_equal(c->id, id);
		assert_string_equal(c->section, name);
		if (before && !strcmp(before->section, c->section))
			last = (unsigned)strtoul(strrchr(before->id, '/') + 1, NULL, 10);
		if (number != last + 1)
			fail_msg("%s does not come behind number %u", c->id, last);
	}
}

TEST(no_section_comes_twice)
{
	for (size_t i = 0; i < s5_ncases; i++)
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(s5_cases[i].id, s5_cases[k].id);
}

/* Two that are told apart by nothing would always fail together. */
TEST(no_script_comes_twice)
{
	for (size_t i = 0; i < s5_ncases; i++)
		for (size_t k = 0; k < i; k++)
			if (!strcmp(s5_cases[i].script, s5_cases[k].script))
				fail_msg("%s is %s", s5_cases[i].id, s5_cases[k].id);
}

/* As the tables of contents of the RFCs have them. */
TEST(sections_are_those_of_the_rfcs)
{
	static const char *const sections[] = { "RFC 1928 3", "RFC 1928 4", "RFC 1928 5",
						"RFC 1928 6", "RFC 1928 7", "RFC 1929 1",
						"RFC 1929 2", "RFC 1961 3", "RFC 1961 4",
						"RFC 1961 5", "RFC 1961 6" };

	for (size_t i = 0; i < s5_ncases; i++) {
		size_t k = 0;

		while (k < LENGTH(sections) && strcmp(s5_cases[i].section, sections[k]) != 0)
			k++;
		if (k == LENGTH(sections))
			fail_msg("%s: %s", s5_cases[i].id, s5_cases[i].section);
	}
}

TEST(scripts_compile_with_credentials_and_without)
{
	for (size_t i = 0; i < s5_ncases; i++)
		for (int login = 0; login < 2; login++) {
			struct s5_words words;

			if (!s5_words_compile(&words, s5_cases[i].script, login))
				fail_msg("%s: at %zu: %s", s5_cases[i].id, words.at, words.why);
			assert_true(words.n > 0);
			s5_words_free(&words);
		}
}

TEST(texts_are_short_and_are_there)
{
	for (size_t i = 0; i < s5_ncases; i++) {
		const struct s5_case *c = &s5_cases[i];

		assert_in_range(strlen(c->title), 3, 72);
		assert_in_range(strlen(c->why), 20, 160);
		if (c->why[strlen(c->why) - 1] != '.')
			fail_msg("%s: %s", c->id, c->why);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_are_enough_of_each_rfc),
		cmocka_unit_test(ids_go_with_their_sections_and_have_no_holes),
		cmocka_unit_test(no_section_comes_twice),
		cmocka_unit_test(no_script_comes_twice),
		cmocka_unit_test(sections_are_those_of_the_rfcs),
		cmocka_unit_test(scripts_compile_with_credentials_and_without),
		cmocka_unit_test(texts_are_short_and_are_there),
	};

	return RUN(tests);
}
