/* The language of the prober's scripts. */
#include "probe/words.h"
#include "testlib.h"

static struct s5_parts parts;

static int set_up(void **state)
{
	(void)state;
	memset(&parts, 0, sizeof parts);
	memcpy(parts.part[S5_PART_TCP4].octets, "\1\177\0\0\1\0\120", 7);
	parts.part[S5_PART_TCP4].n = 7;
	memcpy(parts.part[S5_PART_HELLO].octets, "\5\1\0", 3);
	parts.part[S5_PART_HELLO].n = 3;
	return 0;
}

/* How it is sealed, and what it sends, as the language has it. */
static size_t put_seal(char *text, size_t room, const struct s5_word *w)
{
	static const char *const manners[] = { "",    "signed", "encrypted", "damaged",
					       "cut", "kept",	"mtyp=" };
	static const char *const whats[] = { "", "token", "level", "kept" };
	bool is_plain = !w->is_sealed && !w->is_held && w->what == S5_WHAT_OCTETS;

	if (is_plain)
		return 0;
	return (size_t)snprintf(text, room, "%s%s%02x%s%s", w->is_sealed ? "~" : "",
				manners[w->manner], w->mtyp, whats[w->what], w->is_held ? "+" : "");
}

/* Each word as "kind speaker seal octets"; alternatives behind a bar. */
static const char *compiled(const char *script, enum s5_entry entry)
{
	static const char *const kinds[] = {
		[S5_WORD_SEND] = ">",
		[S5_WORD_SEND_ONE_BY_ONE] = ">:",
		[S5_WORD_OCTETS] = "<",
		[S5_WORD_CHOICE] = "choice",
		[S5_WORD_STATUS] = "status",
		[S5_WORD_REPLY] = "reply",
		[S5_WORD_REP] = "rep",
		[S5_WORD_LEVEL] = "level",
		[S5_WORD_CONTEXT] = "context",
		[S5_WORD_REQUEST] = "request",
		[S5_WORD_HELLO] = "hello",
		[S5_WORD_LOGIN] = "login",
		[S5_WORD_DATAGRAM] = "datagram",
		[S5_WORD_ANY] = "any",
		[S5_WORD_EOF] = "eof",
		[S5_WORD_END] = "end",
		[S5_WORD_GONE] = "gone",
		[S5_WORD_SILENCE] = "silence",
		[S5_WORD_FIN] = "fin",
		[S5_WORD_WAIT] = "wait",
		[S5_WORD_CONNECT] = "connect",
		[S5_WORD_ASSOCIATE] = "associate",
		[S5_WORD_RST] = "rst",
		[S5_WORD_RELAY] = "relay",
		[S5_WORD_NAMED] = "named",
		[S5_WORD_REFUSED] = "refused",
		[S5_WORD_BOUND] = "bound",
	};
	static const char *const speakers[] = { "", "#", "@", "u", "v", "w" };
	static char text[4096];
	static uint8_t octets[S5_OCTETS_MOST];
	static bool any[S5_OCTETS_MOST];
	struct s5_words s;
	size_t len = 0;

	text[0] = 0;
	if (!s5_words_compile(&s, script, entry))
		len = (size_t)snprintf(text, sizeof text, "%zu: %s", s.at, s.why);
	for (size_t i = 0; i < s.n && !s.why; i++) {
		const struct s5_word *w = &s.words[i];
		size_t n = s5_word_octets(w, &parts, octets, any);

		len += (size_t)snprintf(text + len, sizeof text - len, "%s%s%s%s%s",
					!i		    ? ""
					: w->is_alternative ? "|"
							    : " ",
					w->if_login ? "?" : "", kinds[w->kind],
					w->is_strict && w->kind > S5_WORD_LEVEL ? "!" : "",
					speakers[w->speaker]);
		len += put_seal(text + len, sizeof text - len, w);
		for (size_t k = 0; k < n && k < 40; k++)
			len += (size_t)snprintf(text + len, sizeof text - len,
						any[k] ? ".." : "%02x", octets[k]);
		if (w->kind == S5_WORD_WAIT)
			len += (size_t)snprintf(text + len, sizeof text - len, "%u", w->ms);
	}
	s5_words_free(&s);
	return text;
}

TEST(words_are_what_the_language_says)
{
	static const struct {
		const char *script, *want;
	} rows[] = {
		{ ">0501ff", ">0501ff" },
		{ ">:05", ">:05" },
		{ " >05 \n <05..", ">05 <05.." },
		{ ">{tcp4}00", ">017f000001005000" },
		{ ">{4*61}{0*62}", ">61616161" },
		{ "<choice=00,ff <status=!00 <reply=05 <rep=05", "choice status reply rep" },
		{ "<eof <end <silence fin wait=250 connect associate",
		  "eof end silence fin wait250 connect associate" },
		{ "<eof|<05 <end", "eof|<05 end" },
		{ "#>05 #<06 #<eof #fin", ">#05 <#06 eof# fin#" },
		{ "u>05 u<06 u<silence v>07", ">u05 <u06 silenceu >v07" },
		{ "u>", ">u" },
		{ "w>05 w<silence", ">w05 silencew" },
		{ ">{tcp4} <bound named refused", ">017f0000010050 bound named refused" },
		{ "enter", ">050100 choice" },
		{ "<hello <hello! <request=01 <request!=01,02", "hello hello! request request!" },
		{ "<login >01 login <any|<gone rst", "login >01 ?login ?>0100 any|gone rst" },
		{ "relay >{relay}{pick} u<datagram u<datagram!", "relay > datagramu datagram!u" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_string_equal(compiled(rows[i].script, false), rows[i].want);
	assert_string_equal(compiled("enter", S5_ENTRY_LOGIN), ">050100 choice > status");
}

TEST(behind_an_entry_by_ticket_all_is_sealed)
{
	static const struct {
		const char *script, *want;
	} rows[] = {
		{ "enter", ">050101 choice >03token context >~02level level~03" },
		{ "enter >05+ <reply=00|<end fin <eof", "enter >~03+05 reply~03|end fin eof~03" },
		{ "enter >:05 <silence u>06 v<07", "enter >:~0305 silence~03 >u~0306 <v~0307" },
		{ "enter #>05 #<06 ~signed>07", "enter >#05 <#06 >~signed0307" },
		{ "enter >kept", "enter >03kept" },
		{ ">05 enter >05", ">05 enter >~0305" },
	};
	static char enter[128];

	snprintf(enter, sizeof enter, "%s", compiled("sealed", S5_ENTRY_OPEN));
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *got = compiled(rows[i].script, S5_ENTRY_TICKET), *want = rows[i].want;
		const char *at = strstr(want, "enter");
		size_t before = at ? (size_t)(at - want) : strlen(want);

		assert_memory_equal(got, want, before);
		if (!at)
			continue;
		assert_memory_equal(got + before, enter, strlen(enter));
		assert_string_equal(got + before + strlen(enter), at + strlen("enter"));
	}
}

TEST(words_of_a_context_are_what_the_language_says)
{
	static const struct {
		const char *script, *want;
	} rows[] = {
		{ "context", ">050101 choice >03token context" },
		{ "sealed", ">050101 choice >03token context >~02level level~03" },
		{ ">:token <context", ">:03token context" },
		{ ">05+ >06", ">03+05 >06" },
		{ "~>level=02 ~>:level ~<level=01,02", ">~02level02 >:~02level level~03" },
		{ "~<level=01|<01ff|<end", "level~03|<01ff|end" },
		{ "~>05{tcp4}+ ~<05..", ">~03+05017f0000010050 <~0305.." },
		{ "~>{0*00} ~<reply=00 ~<eof ~<silence", ">~03 reply~03 eof~03 silence~03" },
		{ "~signed>05 ~encrypted>05", ">~signed0305 >~encrypted0305" },
		{ "~damaged>level=02 ~cut>05", ">~damaged02level02 >~cut0305" },
		{ "~mtyp=02>0201 ~mtyp=ff>05", ">~mtyp=020201 >~mtyp=ff05" },
		{ "~mtyp=03>level=02", ">~mtyp=03level02" },
		{ "~kept>05 >kept u>kept", ">~kept0305 >03kept >u03kept" },
		{ "u~>05 v~damaged>05 u~<05 v~<silence",
		  ">u~0305 >v~damaged0305 <u~0305 silencev~03" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_string_equal(compiled(rows[i].script, false), rows[i].want);
}

TEST(what_is_no_word_of_a_context_is_told)
{
	static const struct {
		const char *script, *want;
	} rows[] = {
		{ "<level=02", "0: a level comes sealed" },
		{ "~<context", "0: a context is the client's, and seals nothing yet" },
		{ "#<context", "0: a context is the client's, and seals nothing yet" },
		{ "u<context", "0: a context is the client's, and seals nothing yet" },
		{ "u~<level=02", "0: that is nothing it can be" },
		{ "u>token", "0: that is nothing a datagram can be" },
		{ "u>05+", "0: that is nothing a datagram can be" },
		{ "<context|<end", "0: only what waits has an alternative" },
		{ "<end|<context", "0: only what waits has an alternative" },
		{ "#~>05", "0: a peer seals nothing" },
		{ "~damaged<05", "0: only what is sent is not as agreed" },
		{ "~mtyp=>05", "0: a type is expected, of two hex digits" },
		{ "~>levels", "0: a level is expected, of two hex digits" },
		{ "~>level=", "0: a level is expected, of two hex digits" },
		{ "~>level=2", "0: two hex digits are expected, or a brace" },
		{ "~<level=", "0: a code is expected, of two hex digits" },
		{ ">tokens", "0: nothing more is expected in this word" },
		{ ">kept05", "0: nothing more is expected in this word" },
		{ "~>token", "0: two hex digits are expected, or a brace" },
		{ "~broken>05", "0: there is no such word" },
		{ "~", "0: there is no such word" },
		{ "contexts", "0: there is no such word" },
		{ "<05+", "0: two hex digits are expected, or a brace" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_string_equal(compiled(rows[i].script, false), rows[i].want);
}

TEST(what_is_no_word_is_told_with_its_place)
{
	static const struct {
		const char *script, *want;
	} rows[] = {
		{ "", "0: there is no word" },
		{ "  ", "0: there is no word" },
		{ "what", "0: there is no such word" },
		{ ">05 <choose=00", "4: two hex digits are expected, or a brace" },
		{ ">5", "0: two hex digits are expected, or a brace" },
		{ ">0G", "0: two hex digits are expected, or a brace" },
		{ ">..", "0: any octet cannot be sent" },
		{ ">{nothing}", "0: there is no such part" },
		{ ">{tcp4", "0: a brace is not closed" },
		{ ">{3*}", "0: N*XX is expected, an octet N times over" },
		{ ">{70001*00}", "0: N*XX is expected, an octet N times over" },
		{ ">{70000*00}00", "0: a word is too long" },
		{ ">{60000*61}{60000*62}", "0: a word is too long" },
		{ "<choice=", "0: a code is expected, of two hex digits" },
		{ "<choice=00;01", "0: a comma is expected between codes" },
		{ "<eofs", "0: nothing more is expected in this word" },
		{ ">05|<05", "0: only what waits has an alternative" },
		{ "<05|>05", "0: only what waits has an alternative" },
		{ "<eof|", "0: there is no such word" },
		{ "|<eof", "0: there is no such word" },
		{ "<05||<06", "0: there is no such word" },
		{ "<05|#<05", "0: alternatives are of one connection" },
		{ "<choice!=00", "0: '=' is expected" },
		{ "<request", "0: '=' is expected" },
		{ "<hello!!", "0: nothing more is expected in this word" },
		{ "u<eof", "0: that is nothing it can be" },
		{ "u<hello", "0: that is nothing it can be" },
		{ "<datagram", "0: that is nothing it can be" },
		{ "logins", "0: there is no such word" },
		{ "wait=", "0: a number of milliseconds is expected" },
		{ "wait=30001", "0: a number of milliseconds is expected" },
		{ "wait=5x", "0: a number of milliseconds is expected" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_string_equal(compiled(rows[i].script, false), rows[i].want);
}

TEST(codes_are_those_that_are_named_or_all_others)
{
	struct s5_words s;

	assert_true(s5_words_compile(&s, "<reply=00,05 <reply=!00,ff", false));
	for (unsigned code = 0; code < 256; code++) {
		assert_int_equal(s5_word_takes(&s.words[0], (uint8_t)code), code == 0 || code == 5);
		assert_int_equal(s5_word_takes(&s.words[1], (uint8_t)code),
				 code != 0 && code != 0xff);
	}
	s5_words_free(&s);
}

TEST(a_part_that_is_not_there_is_told)
{
	struct s5_words s;

	assert_true(s5_words_compile(&s, ">{tcp4} >{udp6}{tcp6}", false));
	assert_int_equal(s5_words_lack(&s, &parts), S5_PART_UDP6);
	s5_words_free(&s);
	assert_true(s5_words_compile(&s, ">{tcp4}", false));
	assert_int_equal(s5_words_lack(&s, &parts), S5_PART_COUNT);
	s5_words_free(&s);
	/* These come while it runs. */
	assert_true(s5_words_compile(&s, ">{pick}{asked}{relay}{relayany}", false));
	assert_int_equal(s5_words_lack(&s, &parts), S5_PART_COUNT);
	s5_words_free(&s);
}

/* Any text at all: it is taken or refused. */
TEST(every_cut_and_every_octet_changed)
{
	static const char script[] =
		"enter >0501{tcp4}{3*00} <reply=00,!01|<eof #<05.. u>00 v>01 wait=5 connect #fin "
		"<hello! login <request!=01 <any|<gone rst relay u<datagram! "
		"sealed >token+ ~damaged>level=02 ~<level=01|<end u~mtyp=02>05 ~kept>06 u>kept";
	char text[sizeof script];

	for (size_t cut = 0; cut < sizeof script; cut++) {
		memcpy(text, script, cut);
		text[cut] = 0;
		compiled(text, true);
	}
	for (size_t i = 0; i + 1 < sizeof script; i++)
		for (unsigned c = 1; c < 128; c++) {
			memcpy(text, script, sizeof script);
			text[i] = (char)c;
			compiled(text, false);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(words_are_what_the_language_says, set_up),
		cmocka_unit_test_setup(words_of_a_context_are_what_the_language_says, set_up),
		cmocka_unit_test_setup(behind_an_entry_by_ticket_all_is_sealed, set_up),
		cmocka_unit_test_setup(what_is_no_word_of_a_context_is_told, set_up),
		cmocka_unit_test_setup(what_is_no_word_is_told_with_its_place, set_up),
		cmocka_unit_test_setup(codes_are_those_that_are_named_or_all_others, set_up),
		cmocka_unit_test_setup(a_part_that_is_not_there_is_told, set_up),
		cmocka_unit_test_setup(every_cut_and_every_octet_changed, set_up),
	};

	return RUN(tests);
}
