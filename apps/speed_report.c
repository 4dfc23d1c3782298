/* A measure as a person reads it. */
#include <unistd.h>

#include "speed.h"
#include "speed_text.h"

#define FEW 10 /* streams of which percentiles would say nothing */
#define GIB (1024.0 * 1024 * 1024)
#define NAMES 20 /* columns */

const char *speed_phase_name(enum speed_phase phase)
{
	static const char *const names[] = {
		[SPEED_CONNECT] = "connect", [SPEED_NEGOTIATE] = "negotiate",
		[SPEED_REQUEST] = "request", [SPEED_OCTET] = "first octet",
		[SPEED_WHOLE] = "in all",    [SPEED_TRIP] = "round trip",
	};

	return names[phase];
}

double speed_rate(const struct speed_measure *m)
{
	int64_t ns = m->ended - m->begun;

	return ns > 0 ? (double)m->done * 1e9 / (double)ns : 0;
}

/* What a process took that ended meanwhile, and that nobody waited for, is gone from the sum. */
double speed_server_cpu(const struct speed_measure *m)
{
	double cpu = m->to.cpu - m->from.cpu;

	return cpu < 0 ? -1 : cpu;
}

/* What was there already may be used again. */
double speed_server_growth(const struct speed_measure *m)
{
	double grown = (double)m->to.memory - (double)m->before.memory;

	return grown > 0 && m->left ? grown / m->left : 0;
}

double speed_cost(const struct speed_measure *m)
{
	double units = m->kind->unit == SPEED_UNIT_OCTETS ? (double)m->done / GIB : (double)m->done;

	return units > 0 ? speed_server_cpu(m) / units : 0;
}

static void put_title(FILE *to, const struct speed_measure *m)
{
	bool bold = out_has_colour(fileno(to));
	char count[32], bytes[32];

	fprintf(to, "%s%s%s, %s %s", bold ? "\033[1m" : "", m->kind->title, bold ? "\033[m" : "",
		speed_count(count, sizeof(count), (uint64_t)m->most_open),
		m->most_open == 1 ? m->kind->stream : m->kind->streams);
	if (m->kind->unit == SPEED_UNIT_TIMES)
		fprintf(to, ", %s", speed_octets(bytes, sizeof(bytes), (double)m->bytes));
	fprintf(to, ", %.1f s", (double)(m->ended - m->begun) / 1e9);
}

static void put_rate(FILE *to, const struct speed_measure *m)
{
	double rate = speed_rate(m);
	char text[32];

	switch (m->kind->unit) {
	case SPEED_UNIT_OCTETS:
		fprintf(to, ": %s/s, %.3g Gbit/s", speed_octets(text, sizeof(text), rate),
			rate * 8 / 1e9);
		break;
	case SPEED_UNIT_TIMES:
		fprintf(to, ": %s %s/s", speed_count(text, sizeof(text), (uint64_t)(rate + 0.5)),
			m->kind->done);
		break;
	case SPEED_UNIT_STREAMS:
		break;
	}
	if (m->sent)
		fprintf(to, ", %.3g %% lost", 100 * (double)m->lost / (double)m->sent);
	fputc('\n', to);
}

static void put_heads(FILE *to)
{
	fprintf(to, "  %-*s", NAMES, "");
	for (const struct speed_percentile *p = speed_percentiles; p->name; p++)
		fprintf(to, "%10s", p->name);
	fputc('\n', to);
}

static void put_phase(FILE *to, const struct speed_hist *h, const char *name)
{
	char text[32];

	fprintf(to, "  %-*s", NAMES, name);
	for (const struct speed_percentile *p = speed_percentiles; p->name; p++)
		fprintf(to, "%10s", speed_time(text, sizeof(text), speed_hist_at(h, p->share)));
	fputc('\n', to);
}

static bool is_told(const struct speed_measure *m, enum speed_phase phase)
{
	return m->phases[phase].count >= (phase < SPEED_WHOLE ? FEW : 1);
}

static void put_phases(FILE *to, const struct speed_measure *m)
{
	bool any = false;

	for (enum speed_phase p = 0; p < SPEED_PHASES; p++) {
		if (!is_told(m, p))
			continue;
		if (!any)
			put_heads(to);
		any = true;
		put_phase(to, &m->phases[p], speed_phase_name(p));
	}
}

static void put_cpu(FILE *to, const struct speed_measure *m)
{
	double cost = speed_cost(m), seconds = (double)(m->ended - m->begun) / 1e9;

	fprintf(to, "  %-*s", NAMES, "server's CPU");
	if (speed_server_cpu(m) < 0) {
		fputs("unknown: a process of it has ended\n", to);
		return;
	}
	switch (m->kind->unit) {
	case SPEED_UNIT_OCTETS:
		fprintf(to, "%.3g s %s, ", cost, m->kind->one);
		break;
	case SPEED_UNIT_TIMES:
		fprintf(to, "%.3g us %s, ", cost * 1e6, m->kind->one);
		break;
	case SPEED_UNIT_STREAMS:
		break;
	}
	fprintf(to, "%.2f processors\n", speed_server_cpu(m) / seconds);
}

static void put_memory(FILE *to, const struct speed_measure *m)
{
	char text[32];

	fprintf(to, "  %-*s%s", NAMES, "server's memory",
		speed_octets(text, sizeof(text), (double)m->to.memory * 1024));
	if (m->kind->unit == SPEED_UNIT_STREAMS && m->left)
		fprintf(to, ", %.2f KiB more for %s", speed_server_growth(m), m->kind->one);
	fputc('\n', to);
}

static void put_histogram(FILE *to, const struct speed_measure *m)
{
	enum speed_phase phase = m->phases[SPEED_TRIP].count ? SPEED_TRIP : SPEED_WHOLE;

	if (m->phases[phase].count)
		speed_hist_draw(&m->phases[phase], to, out_width(fileno(to)));
}

void speed_report(FILE *to, const struct speed_measure *m)
{
	const struct speed_options *o = &m->speed->options;

	if (m->speed->told)
		fputc('\n', to);
	put_title(to, m);
	put_rate(to, m);
	put_phases(to, m);
	if (o->histogram || isatty(fileno(to)))
		put_histogram(to, m);
	if (m->to.processes) {
		put_cpu(to, m);
		put_memory(to, m);
	} else if (m->kind->unit == SPEED_UNIT_STREAMS) {
		fprintf(to, "  %-*s%s\n", NAMES, "server", "--pid tells what they cost it");
	}
	fprintf(to, "  %-*s%.2f processors\n", NAMES, "our own CPU",
		m->own * 1e9 / (double)(m->ended - m->begun));
}
