/* --client: what a client did, held against what it should have done. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "probe_client.h"

const char *client_needs_text(unsigned needs)
{
	static const struct {
		unsigned need;
		const char *text;
	} texts[] = {
		{ S5_CLIENT_PLAIN, "it offers neither method 00 nor 02" },
		{ S5_CLIENT_LOGIN, "it does not offer method 02" },
		{ S5_CLIENT_GSSAPI, "it does not offer method 01" },
		{ S5_CLIENT_OPEN, "it does not offer method 00" },
		{ S5_CLIENT_NOT_OPEN, "it offers method 00" },
		{ S5_CLIENT_NOT_LOGIN, "it offers method 02" },
		{ S5_CLIENT_NOT_GSSAPI, "it offers method 01" },
		{ S5_CLIENT_CONNECT, "it does not ask for CONNECT" },
		{ S5_CLIENT_BIND, "it does not ask for BIND" },
		{ S5_CLIENT_UDP, "it does not ask for UDP ASSOCIATE" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].need & needs)
			return texts[i].text;
	return "";
}

/* verdicts */

static void note(struct s5_suite_case *own, const char *text)
{
	free(own->note);
	own->note = strdup(text);
}

/* Who drives the client by hand wants to know how far it is. */
static void tell(const struct client *c, size_t i)
{
	static const char *const verdicts[] = { "", "passes", "fails", "is skipped" };
	const struct s5_case *row = &c->subject.suite.rows[i];

	out_say(&c->probe->options.out, "%zu of %zu: %s %s: %s", c->subject.suite.over,
		c->subject.suite.count, row->id, verdicts[c->subject.suite.cases[i].verdict],
		row->title);
}

static void settle(struct client *c, size_t i, enum s5_verdict_of_case verdict)
{
	struct s5_suite_case *own = &c->subject.suite.cases[i];

	own->verdict = own->wanted ? verdict : S5_CASE_UNTOLD;
	c->subject.suite.over += own->wanted;
	if (!client_has_exec(c) && own->verdict != S5_CASE_UNTOLD)
		tell(c, i);
	else if (progress_is_due(&c->probe->progress))
		progress_say(&c->probe->progress, "%zu of %zu cases", c->subject.suite.over,
			     c->subject.suite.count);
}

void client_skip(struct client *c, size_t i, const char *why)
{
	note(&c->subject.suite.cases[i], why);
	settle(c, i, S5_CASE_SKIP);
}

/* Where it showed nothing else when nothing was wrong, nothing else is to come: what belongs to a reply,
 * say, and was taken for data. */
static bool shows_as_before(const struct client *c, const struct child *child)
{
	switch (c->shows) {
	case SHOWS_PAGE_ALONE:
		return child_wrote_only(child, PAGE, strlen(PAGE));
	case SHOWS_TEXT_ALONE:
		return child_wrote_only(child, PAGE_TEXT, strlen(PAGE_TEXT));
	case SHOWS_PAGE:
		return child_wrote(child, PAGE_TEXT, strlen(PAGE_TEXT));
	default:
		return true;
	}
}

/* As a shell tells of it. */
static bool is_crash(int status)
{
	static const int signals[] = { SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL };

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (status == 128 + signals[i])
			return true;
	return false;
}

/* What the child did, held against what it should have done: what is wrong, or NULL. */
static const char *wrong_with_child(const struct place *p, char text[static PROBE_WHY])
{
	const struct client *c = p->client;
	const struct s5_case *row = &c->subject.suite.rows[p->i];
	int status = p->child.status;

	if (p->target.accepted != p->past)
		return "it went past the proxy, straight to the target";
	if (!p->is_taken && p->is_killed)
		return "it did not connect to the proxy, nor did it end";
	if (!p->is_taken) {
		snprintf(text, PROBE_WHY,
			 "it did not connect to the proxy, and ended with status %d", status);
		return text;
	}
	if (!p->is_killed && is_crash(status)) {
		snprintf(text, PROBE_WHY, "it crashed: signal %d", status - 128);
		return text;
	}
	if (c->subject.suite.cases[p->i].exchange.end != S5_EXCHANGE_PASSED)
		return NULL;
	if (p->is_killed)
		return "it did not end";
	if (child_wrote(&p->child, WRONG, strlen(WRONG)))
		return "it took what was not for it";
	snprintf(text, PROBE_WHY, "it ended with status %d", status);
	if (row->outcome == S5_CASE_GOES_ON && status)
		return text;
	if (row->outcome == S5_CASE_GIVES_UP && !status)
		return "it ended with status 0, as if all had gone well";
	if (row->outcome == S5_CASE_GOES_ON && !shows_as_before(c, &p->child))
		return "what the target said did not come out of it as it was";
	return NULL;
}

void client_judge(struct place *p)
{
	struct s5_suite_case *own = &p->client->subject.suite.cases[p->i];
	bool passed = p->is_taken && own->exchange.end == S5_EXCHANGE_PASSED;
	char text[PROBE_WHY], last[PROBE_WHY / 2], both[PROBE_WHY + PROBE_WHY];
	const char *wrong = NULL;

	if (client_has_exec(p->client)) {
		wrong = wrong_with_child(p, text);
		child_last_words(&p->child, last, sizeof(last));
		snprintf(both, sizeof(both), "%s%s%s", wrong ? wrong : "",
			 wrong && *last ? ": " : "", last);
		if (wrong)
			note(own, both);
	}
	settle(p->client, p->i, passed && !wrong ? S5_CASE_PASS : S5_CASE_FAIL);
}

void client_learn(struct place *p)
{
	struct client *c = p->client;
	struct s5_suite_case *own = &c->subject.suite.cases[p->i];

	if (p->i == 0) {
		c->is_known = true;
		c->does = s5_client_does(&own->exchange.hello, &own->exchange.request);
	} else if (c->subject.suite.rows[p->i].is_plain) {
		c->is_tried = true;
		c->shows = child_wrote_only(&p->child, PAGE, strlen(PAGE)) ? SHOWS_PAGE_ALONE
			   : child_wrote_only(&p->child, PAGE_TEXT, strlen(PAGE_TEXT))
				   ? SHOWS_TEXT_ALONE
			   : child_wrote(&p->child, PAGE_TEXT, strlen(PAGE_TEXT)) ? SHOWS_PAGE
										  : SHOWS_OTHER;
	}
}

bool client_is_sound(const struct client *c)
{
	unsigned asks = S5_CLIENT_CONNECT | S5_CLIENT_BIND | S5_CLIENT_UDP;

	return c->does & asks || c->does & S5_CLIENT_GSSAPI;
}
