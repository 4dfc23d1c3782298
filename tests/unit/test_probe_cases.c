/* The tables of cases, for servers and for clients: enough of them, numbered without holes, and scripts that
 * compile. */
#include "probe/cases.h"
#include "probe/clients.h"
#include "probe/words.h"
#include "testlib.h"

static const struct table {
	const struct s5_case *rows;
	const size_t *n;
	size_t least;
	const char *before_number; /* in an id */
} tables[] = {
	{ s5_cases, &s5_ncases, 120, "" },
	{ s5_client_cases, &s5_nclient_cases, 100, "c" },
};

#define FOR_EACH_CASE(table, i)                                                            \
	for (const struct table *table = tables; table < tables + LENGTH(tables); table++) \
		for (size_t i = 0; i < *table->n; i++)

TEST(there_are_enough_of_each_rfc)
{
	static const char *const rfcs[] = { "rfc1928/", "rfc1929/", "rfc1961/" };

	for (size_t t = 0; t < LENGTH(tables); t++) {
		unsigned must[LENGTH(rfcs)] = { 0 };

		assert_true(*tables[t].n >= tables[t].least);
		for (size_t i = 0; i < *tables[t].n; i++)
			for (size_t k = 0; k < LENGTH(rfcs); k++)
				must[k] += tables[t].rows[i].level == S5_CASE_MUST &&
					   !strncmp(tables[t].rows[i].id, rfcs[k], strlen(rfcs[k]));
		for (size_t k = 0; k < LENGTH(rfcs); k++)
			assert_true(must[k] >= 5);
	}
}

static unsigned number_of(const struct s5_case *c)
{
	return (unsigned)strtoul(strrchr(c->id, '/') + 1 + strspn(strrchr(c->id, '/') + 1, "c"),
				 NULL, 10);
}

/* "rfc1928/3/7" is the case 7 of "RFC 1928 3", and the one before it there is 6. */
TEST(ids_go_with_their_sections_and_have_no_holes)
{
	FOR_EACH_CASE(table, i)
	{
		const struct s5_case *c = &table->rows[i], *before = i ? c - 1 : NULL;
		unsigned rfc, section, number, last = 0;
		char id[40], name[40];

		if (sscanf(c->id, "rfc%u/%u/", &rfc, &section) != 2)
			fail_msg("%s", c->id);
		number = number_of(c);
		snprintf(id, sizeof id, "rfc%u/%u/%s%u", rfc, section, table->before_number,
			 number);
		snprintf(name, sizeof name, "RFC %u %u", rfc, section);
		assert_string_equal(c->id, id);
		assert_string_equal(c->section, name);
		if (before && !strcmp(before->section, c->section))
			last = number_of(before);
		if (number != last + 1)
			fail_msg("%s does not come behind number %u", c->id, last);
	}
}

TEST(no_section_comes_twice)
{
	FOR_EACH_CASE(table, i)
	for (size_t k = 0; k < i; k++)
		assert_string_not_equal(table->rows[i].id, table->rows[k].id);
}

/* Two that are told apart by nothing would always fail together. */
TEST(no_script_comes_twice)
{
	FOR_EACH_CASE(table, i)
	for (size_t k = 0; k < i; k++)
		if (!strcmp(table->rows[i].script, table->rows[k].script))
			fail_msg("%s is %s", table->rows[i].id, table->rows[k].id);
}

/* As the tables of contents of the RFCs have them. */
TEST(sections_are_those_of_the_rfcs)
{
	static const char *const sections[] = { "RFC 1928 3", "RFC 1928 4", "RFC 1928 5",
						"RFC 1928 6", "RFC 1928 7", "RFC 1929 1",
						"RFC 1929 2", "RFC 1961 3", "RFC 1961 4",
						"RFC 1961 5", "RFC 1961 6" };

	FOR_EACH_CASE(table, i)
	{
		size_t k = 0;

		while (k < LENGTH(sections) && strcmp(table->rows[i].section, sections[k]) != 0)
			k++;
		if (k == LENGTH(sections))
			fail_msg("%s: %s", table->rows[i].id, table->rows[i].section);
	}
}

TEST(scripts_compile_with_each_entry)
{
	FOR_EACH_CASE(table, i)
	for (int entry = S5_ENTRY_OPEN; entry <= S5_ENTRY_TICKET; entry++) {
		struct s5_words words;

		if (!s5_words_compile(&words, table->rows[i].script, (enum s5_entry)entry))
			fail_msg("%s: at %zu: %s", table->rows[i].id, words.at, words.why);
		assert_true(words.n > 0);
		s5_words_free(&words);
	}
}

TEST(texts_are_short_and_are_there)
{
	FOR_EACH_CASE(table, i)
	{
		const struct s5_case *c = &table->rows[i];

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
		cmocka_unit_test(scripts_compile_with_each_entry),
		cmocka_unit_test(texts_are_short_and_are_there),
	};

	return RUN(tests);
}
