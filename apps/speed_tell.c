/* What came of a measure: the figures, and what is to be said of them. */
#include <errno.h>
#include <string.h>

#include "command.h"
#include "speed.h"
#include "speed_text.h"
#include "stop.h"

static bool has_worked(const struct speed_measure *m)
{
	return m->begun && (m->kind->unit == SPEED_UNIT_STREAMS ? m->most_open > 0 : m->done > 0);
}

/* Whether the next measure may fare better: a proxy that answers so only did not do this one. */
static bool is_worth_going_on(int status)
{
	return status == EXIT_OK || status >= EXIT_REP;
}

/* Nothing worked. */
static void say_failure(const struct speed_measure *m)
{
	bool only_this = is_worth_going_on(m->status);

	out_error(&m->speed->options.out, "%s%s%s", only_this ? m->kind->title : "",
		  only_this ? ": " : "", m->why);
}

static void say_failures(const struct speed_measure *m)
{
	const struct out *out = &m->speed->options.out;
	char failed[32], tried[32];

	if (!m->failed)
		return;
	speed_count(failed, sizeof(failed), m->failed);
	speed_count(tried, sizeof(tried), m->tried);
	out_error(out, "%s: %s of %s %s failed%s: %s", m->kind->title, failed, tried,
		  m->tried == 1 ? m->kind->stream : m->kind->streams,
		  m->failed == 1 ? "" : "; the first", m->why);
}

/* What the figures do not show. */
static void say_doubts(const struct speed_measure *m)
{
	const struct speed_options *o = &m->speed->options;
	bool is_over = m->state == SPEED_OVER;

	if (m->stalled)
		out_error(&o->out, "%s: %u of %d %s had no answer for a second or longer",
			  m->kind->title, m->stalled, m->most_open,
			  m->most_open == 1 ? m->kind->stream : m->kind->streams);
	if (o->pid && !m->to.processes)
		out_error(&o->out, "%s: process %d has ended meanwhile", m->kind->title, o->pid);
	else if (o->pid && m->done && speed_server_cpu(m) == 0)
		out_warn(&o->out, "%s: process %d took no CPU; is it the server?", m->kind->title,
			 o->pid);
	if (!is_over && stop_signal())
		out_say(&o->out, "%s: stopped after %.1f of %.1f s", m->kind->title,
			(double)(m->ended - m->begun) / 1e9, (double)o->seconds / 1000);
}

/* Nothing to be told. */
static void say_none(const struct speed_measure *m)
{
	const struct speed_options *o = &m->speed->options;

	if (m->failed)
		say_failure(m);
	else if (stop_signal())
		out_say(&o->out, "%s: stopped; %d of %d %s were open", m->kind->title, m->left,
			m->count, m->kind->streams);
	else
		out_error(&o->out, "%s: nothing came back within %.3g s%s", m->kind->title,
			  (double)o->seconds / 1000,
			  !o->target ? ""
			  : m->kind->unit == SPEED_UNIT_TIMES
				  ? "; does the target give back what it gets?"
				  : "; does the target send by itself?");
}

static bool write_out(struct speed_measure *m)
{
	const struct speed_options *o = &m->speed->options;

	if (o->json && !speed_json(stdout, m)) {
		out_error(&o->out, "%s: %s", m->kind->title, strerror(ENOMEM));
		return false;
	}
	if (!o->json)
		speed_report(stdout, m);
	m->speed->told = true;
	return out_flush(&o->out);
}

int speed_tell(struct speed_measure *m, bool *goes_on)
{
	bool worked = has_worked(m);

	*goes_on = worked || is_worth_going_on(m->status);
	if (!worked) {
		say_none(m);
		return m->status != EXIT_OK ? m->status : stop_signal() ? EXIT_OK : EXIT_NETWORK;
	}
	if (!write_out(m)) {
		*goes_on = false;
		return EXIT_NETWORK;
	}
	say_failures(m);
	say_doubts(m);
	return m->status != EXIT_OK ? m->status : m->stalled ? EXIT_NETWORK : EXIT_OK;
}
