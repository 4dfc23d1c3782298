#include "testlib.h"

#include "policy/rules.h"

TEST(errors_name_the_word_and_what_is_allowed)
{
	static const struct {
		const char *text, *word, *why;
	} rows[] = {
		{ "", "", "an empty rule" },
		{ "  \t", "", "an empty rule" },
		{ "10.0.0.0/8", "10.0.0.0/8", "from= user= command= to=" },
		{ "to=any frm=10.0.0.0/8", "frm=10.0.0.0/8",
		  "did you mean from? there are from user" },
		{ "fromm=10.0.0.0/8", "fromm=10.0.0.0/8", "did you mean from?" },
		{ "TO=any", "TO=any", "did you mean to?" },
		{ "t=any", "t=any", "did you mean to?" },
		{ "comand=udp", "comand=udp", "did you mean command?" },
		{ "zzz=any", "zzz=any", "unknown word; there are from user command to" },
		{ "=any", "=any", "unknown word; there are" },
		{ "to=", "to=", "something is missing" },
		{ "from=", "from=", "something is missing" },
		{ "from=10.0.0.0/8,", "from=10.0.0.0/8,", "comma" },
		{ "user=,a", "user=,a", "comma" },
		{ "from=10.0.0.0/33", "from=10.0.0.0/33", "no address block" },
		{ "from=::/129", "from=::/129", "no address block" },
		{ "from=10.0.0/8", "from=10.0.0/8", "no address block" },
		{ "from=localhost", "from=localhost", "no address block" },
		{ "from=10.0.0.0/", "from=10.0.0.0/", "no address block" },
		{ "command=conect", "command=conect",
		  "did you mean connect? there are connect bind udp" },
		{ "command=bind,upd", "command=bind,upd", "did you mean udp?" },
		{ "command=associate", "command=associate",
		  "unknown word; there are connect bind udp" },
		{ "to=lopback", "to=lopback", "did you mean the set loopback?" },
		{ "to=Private", "to=Private", "did you mean the set private?" },
		{ "to=linklocal:80", "to=linklocal:80", "did you mean the set link-local?" },
		{ "to=mutlicast", "to=mutlicast", "did you mean the set multicast?" },
		{ "to=all to=ani", "to=ani", "did you mean the set any?" },
		{ "to=10.0.0.0/33", "to=10.0.0.0/33", "no address block" },
		{ "to=a.test/24", "to=a.test/24", "no address block" },
		{ "to=127.1", "to=127.1", "no host name ends in a number" },
		{ "to=0x7f000001", "to=0x7f000001", "no host name ends in a number" },
		{ "to=1.2.3.4.5", "to=1.2.3.4.5", "no host name ends in a number" },
		{ "to=*.example.com", "to=*.example.com", "all below a name is .example.com" },
		{ "to=a.test,b.test", "to=a.test,b.test", "no host name" },
		{ "to=http://a.test", "to=http://a.test", "ports are 1 to 65535" },
		{ "to=a..test", "to=a..test", "two dots" },
		{ "to=.", "to=.", "no host name" },
		{ "to=..test", "to=..test", "no host name" },
		{ "to=:80", "to=:80", "to=any is everything" },
		{ "to=any:", "to=any:", "comma" },
		{ "to=any:0", "to=any:0", "ports are 1 to 65535" },
		{ "to=any:0-80", "to=any:0-80", "ports are 1 to 65535" },
		{ "to=any:65536", "to=any:65536", "ports are 1 to 65535" },
		{ "to=any:-80", "to=any:-80", "ports are 1 to 65535" },
		{ "to=any:80-", "to=any:80-", "ports are 1 to 65535" },
		{ "to=any:http", "to=any:http", "ports are 1 to 65535" },
		{ "to=any:90-80", "to=any:90-80", "begins after its end" },
		{ "to=any:80,", "to=any:80,", "comma" },
		{ "to=fd00::/8:80", "to=fd00::/8:80", "IPv6 needs brackets" },
		{ "to=::1:80", "to=::1:80", "Write [::1]:80 or [::1:80]" },
		{ "to=2001:db8::1:443", "to=", "Write [2001:db8::1]:443 or [2001:db8::1:443]" },
		{ "to=[fd00::/8", "to=[fd00::/8", "brackets hold an IPv6" },
		{ "to=[10.0.0.1]:80", "to=[10.0.0.1]:80", "brackets hold an IPv6" },
		{ "to=[]:80", "to=[]:80", "brackets hold an IPv6" },
		{ "to=[::1]80", "to=[::1]80", "behind the brackets" },
		{ "to=[::1]:", "to=[::1]:", "comma" },
		{ "to=a\x01", "to=a\\x01", "no host name" },
	};
	struct s5_rules r;

	s5_rules_init(&r);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct s5_rules_error err = { "-" };

		if (s5_rules_add(&r, true, rows[i].text, &err))
			fail_msg("taken: %s", rows[i].text);
		if (strncmp(err.text, rows[i].word, strlen(rows[i].word)) ||
		    !strstr(err.text, rows[i].why) || strchr(err.text, '\n'))
			fail_msg("%s: %s", rows[i].text, err.text);
		assert_int_equal(r.n, 0);
	}
	s5_rules_fini(&r);
}

TEST(long_words_are_cut_in_errors_and_bounded_in_rules)
{
	struct s5_rules_error err;
	struct s5_rules r;
	char text[600];

	s5_rules_init(&r);
	memset(text, 'a', sizeof text);
	memcpy(text, "user=", 5);
	text[5 + 255] = 0;
	assert_true(s5_rules_add(&r, true, text, &err));
	text[5 + 255] = 'a';
	text[5 + 256] = 0;
	assert_false(s5_rules_add(&r, true, text, &err));
	assert_non_null(strstr(err.text, "aa: a user name has at most 255 octets"));
	memcpy(text, "to=aa", 5);
	text[3 + 256] = 0;
	assert_false(s5_rules_add(&r, true, text, &err));
	assert_non_null(strstr(err.text, "aa: a host name has at most 255 octets"));
	text[3 + 255] = 0;
	assert_true(s5_rules_add(&r, true, text, &err));
	assert_int_equal(r.n, 2);
	s5_rules_fini(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(errors_name_the_word_and_what_is_allowed),
		cmocka_unit_test(long_words_are_cut_in_errors_and_bounded_in_rules),
	};

	return RUN(tests);
}
