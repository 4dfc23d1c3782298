#include "probe/exchange.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe/beyond.h"
#include "probe/context.h"
#include "probe/course.h"
#include "probe/judge.h"
#include "probe/outgoing.h"
#include "probe/side.h"

/* ms between octets that go one by one, and for all of them if that is kept to: they are not to arrive
 * together, nor to take for ever. */
#define PACE_LEAST 1
#define PACE_MOST 40
#define PACE_ALL 800

const char *s5_exchange_end_text(enum s5_exchange_end end)
{
	static const char *const texts[] = {
		[S5_EXCHANGE_PASSED] = "as it should be",
		[S5_EXCHANGE_OTHER] = "something else came",
		[S5_EXCHANGE_CLOSED] = "the connection was closed",
		[S5_EXCHANGE_RESET] = "the connection was reset",
		[S5_EXCHANGE_SILENT] = "nothing came in time",
		[S5_EXCHANGE_UNREACHABLE] = "cannot connect",
		[S5_EXCHANGE_TROUBLE] = "trouble on this machine",
		[S5_EXCHANGE_UNTRIED] = "not tried",
	};

	return texts[end];
}

/* ending */

static void close_sides(struct s5_exchange *x)
{
	for (unsigned i = 0; i < S5_SPEAKER_COUNT; i++)
		s5_side_close(&x->side[i]);
}

static void tell(struct s5_task *t)
{
	struct s5_exchange *x = S5_OUTER(t, struct s5_exchange, task);

	x->done(x);
}

void s5_exchange_finish(struct s5_exchange *x, enum s5_exchange_end end)
{
	if (x->is_over)
		return;
	x->is_over = true;
	x->end = end;
	x->ended = s5_clock_us();
	s5_timer_stop(x->loop, &x->timer);
	close_sides(x);
	x->task.run = tell;
	s5_loop_later(x->loop, &x->task);
}

void s5_exchange_fail(struct s5_exchange *x, enum s5_exchange_end end, int error)
{
	x->error = error;
	s5_exchange_finish(x, end);
}

/* Perhaps for want of something here. */
void s5_exchange_unreachable(struct s5_exchange *x, int error)
{
	bool is_ours = error == EMFILE || error == ENFILE || error == EADDRNOTAVAIL ||
		       error == ENOBUFS || error == ENOMEM;

	s5_exchange_fail(x, is_ours ? S5_EXCHANGE_TROUBLE : S5_EXCHANGE_UNREACHABLE, error);
}

void s5_exchange_free(struct s5_exchange *x)
{
	if (!x->loop)
		return;
	s5_timer_stop(x->loop, &x->timer);
	s5_loop_not_later(x->loop, &x->task);
	close_sides(x);
	s5_context_free(x->context);
	s5_outgoing_free(x);
	if (x->said)
		explicit_bzero(x->said, x->nsaid); /* passwords are in it */
	free(x->said);
	free(x->pieces);
	memset(x, 0, sizeof *x);
}

/* sending */

static struct s5_word *word_of(const struct s5_exchange *x)
{
	return &x->words->words[x->word];
}

/* Nothing can be said of the proxy. */
void s5_exchange_untried(struct s5_exchange *x, enum s5_gss_trouble trouble, const char *why)
{
	x->trouble = trouble;
	x->lack = S5_PART_COUNT;
	snprintf(x->untold, sizeof x->untold, "%s", why);
	s5_exchange_finish(x, S5_EXCHANGE_UNTRIED);
}

/* Is the first token there? If not, it comes, or the exchange is over. */
static bool has_token(struct s5_exchange *x)
{
	enum s5_gss_trouble trouble;
	const char *why;

	if (!x->gss || !s5_gss_library()) {
		s5_exchange_untried(x, S5_GSS_ABSENT, "this build has no GSSAPI");
		return false;
	}
	if (!x->context) {
		s5_timer_set(x->loop, &x->timer, s5_clock_ms() + x->times.answer);
		x->context = s5_context_new(x);
		if (!x->context)
			s5_exchange_fail(x, S5_EXCHANGE_TROUBLE, ENOMEM);
	}
	if (x->context && s5_context_state(x->context) == S5_CONTEXT_NOT) {
		why = s5_context_why(x->context, &trouble);
		s5_exchange_untried(x, trouble, why);
	}
	return s5_context_state(x->context) == S5_CONTEXT_TOKEN;
}

/* False: not yet, or the exchange is over. */
static bool prepare(struct s5_exchange *x)
{
	int rc;

	if (word_of(x)->speaker == S5_SPEAKER_OTHER_DATAGRAMS)
		s5_beyond_open_stranger(x);
	if (word_of(x)->speaker == S5_SPEAKER_FOREIGN_DATAGRAMS && !s5_beyond_open_foreign(x))
		return false;
	if (word_of(x)->what == S5_WHAT_TOKEN && !has_token(x))
		return false;
	rc = s5_outgoing_put(x, word_of(x));
	if (rc == -EMSGSIZE)
		s5_exchange_untried(x, S5_GSS_ABSENT, "sealed it would be too long");
	else if (rc < 0)
		s5_exchange_fail(x, S5_EXCHANGE_TROUBLE, -rc);
	return rc == 0;
}

/* True when all of it went. */
static bool send_more(struct s5_exchange *x, size_t most)
{
	struct s5_side *side = &x->side[word_of(x)->speaker];
	ssize_t n = s5_side_send(side, x->out + x->sent, most);

	if (n < 0 && n != -EAGAIN && n != -ECONNREFUSED) {
		/* What the other side has to say about it is still to be read. */
		x->sent = x->nout;
		return true;
	}
	x->sent += n > 0 ? (size_t)n : n == -ECONNREFUSED ? x->nout - x->sent : 0;
	return x->sent == x->nout;
}

static int64_t pace_of(const struct s5_exchange *x)
{
	int64_t pace = PACE_ALL / (int64_t)(x->nout + 1);

	return pace < PACE_LEAST ? PACE_LEAST : pace > PACE_MOST ? PACE_MOST : pace;
}

static bool do_send(struct s5_exchange *x)
{
	bool one_by_one = word_of(x)->kind == S5_WORD_SEND_ONE_BY_ONE;

	if (!x->is_begun && !prepare(x))
		return false;
	x->is_begun = true;
	if (x->is_holding || word_of(x)->manner == S5_MANNER_KEPT)
		return true;
	if (x->nout == 0 && word_of(x)->speaker < S5_SPEAKER_DATAGRAMS)
		return true;
	if (send_more(x, one_by_one ? 1 : x->nout - x->sent))
		return true;
	s5_timer_set(x->loop, &x->timer,
		     s5_clock_ms() + (one_by_one ? pace_of(x) : x->times.answer));
	return false;
}

/* waiting */

static int64_t limit_of(const struct s5_exchange *x)
{
	enum s5_word_kind kind = word_of(x)->kind;

	if (kind == S5_WORD_SILENCE || kind == S5_WORD_ANY)
		return x->times.silence;
	/* A careful server lets who guesses wait. */
	if (kind == S5_WORD_STATUS)
		return x->times.end;
	return kind >= S5_WORD_EOF && kind <= S5_WORD_GONE ? x->times.end : x->times.answer;
}

void s5_exchange_await(struct s5_exchange *x, int64_t limit)
{
	if (x->is_begun)
		return;
	x->is_begun = true;
	s5_timer_set(x->loop, &x->timer, s5_clock_ms() + limit);
}

/* The alternatives behind the word are not looked at any more. */
static void skip_alternatives(struct s5_exchange *x)
{
	while (x->word + 1 < x->words->n && x->words->words[x->word + 1].is_alternative)
		x->word++;
}

static bool is_in_group(const struct s5_exchange *x, size_t at)
{
	return at == x->word || (at < x->words->n && x->words->words[at].is_alternative);
}

/* The best of the alternatives: those that are an end, or those that are none. False: there is no
 * such alternative. */
static bool judge_group(struct s5_exchange *x, bool ends, bool is_late, struct s5_judgement *best)
{
	struct s5_judgement own;
	bool any = false;

	for (size_t at = x->word; is_in_group(x, at) && !(any && best->fits == S5_FITS_YES); at++) {
		const struct s5_word *w = &x->words->words[at];

		if ((w->kind == S5_WORD_END) != ends)
			continue;
		own = s5_judge(x, w, is_late);
		if (!any || own.fits > best->fits)
			*best = own;
		any = true;
	}
	return any;
}

/* What came and fits nothing is not made good by an end that follows. */
static struct s5_judgement judge_all(struct s5_exchange *x, bool is_late)
{
	struct s5_judgement said = { .fits = S5_FITS_NO }, end = said;
	bool may_say = judge_group(x, false, is_late, &said);

	if (may_say && (said.fits == S5_FITS_YES ||
			(said.fits == S5_FITS_NO && said.end == S5_EXCHANGE_OTHER)))
		return said;
	if (judge_group(x, true, is_late, &end) && (!may_say || end.fits > said.fits))
		return end;
	return said;
}

static bool do_wait(struct s5_exchange *x, bool is_late)
{
	struct s5_judgement verdict = judge_all(x, is_late);

	if (verdict.fits == S5_FITS_YES) {
		skip_alternatives(x);
		return true;
	}
	if (verdict.fits == S5_FITS_PERHAPS && !is_late) {
		s5_exchange_await(x, limit_of(x));
		return false;
	}
	x->why = verdict.why;
	s5_exchange_finish(x, verdict.fits == S5_FITS_PERHAPS ? S5_EXCHANGE_SILENT : verdict.end);
	return false;
}

/* the context */

/* Tokens to and fro. True when there is a context. */
static bool do_context(struct s5_exchange *x, bool is_late)
{
	s5_exchange_await(x, x->times.answer);
	for (;;) {
		if (x->sent < x->nout && !send_more(x, x->nout - x->sent))
			break;
		switch (s5_context_state(x->context)) {
		case S5_CONTEXT_IS:
			return true;
		case S5_CONTEXT_NOT:
			x->why = "no context comes of the token that came";
			s5_exchange_finish(x, S5_EXCHANGE_OTHER);
			return false;
		case S5_CONTEXT_TOKEN:
			s5_outgoing_put_token(x);
			continue;
		case S5_CONTEXT_WAITS:
			if (!do_wait(x, is_late))
				return false;
			continue;
		case S5_CONTEXT_BUSY:
			break;
		}
		break;
	}
	if (is_late)
		s5_exchange_finish(x, S5_EXCHANGE_SILENT);
	return false;
}

/* words */

static bool is_left_out(const struct s5_exchange *x)
{
	const struct s5_part_octets *pick = &x->parts->part[S5_PART_PICK];

	return word_of(x)->if_login && !(pick->n && pick->octets[0] == S5_METHOD_USERPASS);
}

static bool needs_context(const struct s5_word *w)
{
	return w->is_sealed || w->what == S5_WHAT_KEPT;
}

/* True when the word is done. */
static bool do_word(struct s5_exchange *x, bool is_late)
{
	if (needs_context(word_of(x)) && s5_context_state(x->context) != S5_CONTEXT_IS) {
		s5_exchange_fail(x, S5_EXCHANGE_TROUBLE, EPROTO);
		return false;
	}
	switch (word_of(x)->kind) {
	case S5_WORD_SEND:
	case S5_WORD_SEND_ONE_BY_ONE:
		return do_send(x);
	case S5_WORD_FIN:
		s5_side_shutdown(&x->side[word_of(x)->speaker]);
		return true;
	case S5_WORD_WAIT:
		s5_exchange_await(x, word_of(x)->ms);
		return is_late;
	case S5_WORD_CONNECT:
		return s5_beyond_connect(x);
	case S5_WORD_ASSOCIATE:
		return s5_beyond_associate(x);
	case S5_WORD_NAMED:
		return s5_beyond_named(x);
	case S5_WORD_REFUSED:
		return s5_beyond_refused(x, is_late);
	case S5_WORD_RELAY:
		return s5_beyond_relay(x);
	case S5_WORD_RST:
		s5_side_reset(&x->side[word_of(x)->speaker]);
		return true;
	case S5_WORD_CONTEXT:
		return do_context(x, is_late);
	default:
		return do_wait(x, is_late);
	}
}

/* As far as it goes. is_late: the time of the word is over. */
static void go(struct s5_exchange *x, bool is_late)
{
	while (!x->is_over && x->word < x->words->n) {
		if (!is_left_out(x) && !do_word(x, is_late))
			return;
		s5_timer_stop(x->loop, &x->timer);
		x->word++;
		x->is_begun = false;
		is_late = false;
	}
	s5_exchange_finish(x, S5_EXCHANGE_PASSED);
}

static void fire(struct s5_timer *t)
{
	struct s5_exchange *x = S5_OUTER(t, struct s5_exchange, timer);
	enum s5_word_kind kind;

	if (!x->side[S5_SPEAKER_CLIENT].connected) {
		s5_exchange_fail(x, S5_EXCHANGE_UNREACHABLE, ETIMEDOUT);
		return;
	}
	kind = word_of(x)->kind;
	if (word_of(x)->what == S5_WHAT_TOKEN && s5_context_state(x->context) == S5_CONTEXT_BUSY)
		s5_exchange_untried(x, S5_GSS_NO_KDC, "no answer in time");
	else if (kind == S5_WORD_CONNECT)
		s5_exchange_fail(x, S5_EXCHANGE_UNREACHABLE, ETIMEDOUT);
	else if (kind == S5_WORD_SEND)
		s5_exchange_finish(x, S5_EXCHANGE_SILENT);
	else
		go(x, true);
}

void s5_exchange_heard(struct s5_exchange *x, struct s5_side *side, int error)
{
	if (error && side == &x->side[S5_SPEAKER_OTHER_PEER])
		side->reset = true;
	else if (error && !side->connected) {
		s5_exchange_unreachable(x, error);
		return;
	}
	if (side == &x->side[S5_SPEAKER_CLIENT] && !x->connected) {
		x->connected = s5_clock_us();
		s5_timer_stop(x->loop, &x->timer);
	}
	if (x->connected)
		go(x, false);
}

void s5_exchange_stepped(struct s5_exchange *x)
{
	if (!x->is_over)
		go(x, false);
}

static void begin(struct s5_task *t)
{
	struct s5_exchange *x = S5_OUTER(t, struct s5_exchange, task);
	enum s5_part lack = s5_words_lack(x->words, x->parts);
	int rc;

	if (lack != S5_PART_COUNT) {
		x->lack = lack;
		s5_exchange_finish(x, S5_EXCHANGE_UNTRIED);
		return;
	}
	rc = s5_side_open(&x->side[S5_SPEAKER_CLIENT], &x->proxy, false);
	if (rc < 0)
		s5_exchange_unreachable(x, -rc);
	else
		s5_timer_set(x->loop, &x->timer, s5_clock_ms() + x->times.connect);
}

static void set_up(struct s5_exchange *x, void (*begins)(struct s5_task *))
{
	x->began = s5_clock_us();
	x->timer.fire = fire;
	x->task.run = begins;
	for (unsigned i = 0; i < S5_SPEAKER_COUNT; i++) {
		x->side[i].exchange = x;
		x->side[i].watch.fd = -1;
	}
	s5_loop_later(x->loop, &x->task);
}

void s5_exchange_start(struct s5_exchange *x)
{
	set_up(x, begin);
}

/* with a client */

static void begin_serving(struct s5_task *t)
{
	struct s5_exchange *x = S5_OUTER(t, struct s5_exchange, task);

	x->connected = s5_clock_us();
	go(x, false);
}

void s5_exchange_serve(struct s5_exchange *x, int fd)
{
	int rc;

	set_up(x, begin_serving);
	rc = s5_side_adopt(&x->side[S5_SPEAKER_CLIENT], fd);
	if (rc < 0)
		s5_exchange_fail(x, S5_EXCHANGE_TROUBLE, -rc);
}
