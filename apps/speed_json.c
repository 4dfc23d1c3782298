/* A measure as an object on a line. */
#include <jansson.h>
#include <string.h>

#include "speed.h"
#include "stop.h"

static json_t *micro(uint64_t ns)
{
	return json_real((double)ns / 1e3);
}

static json_t *phase_of(const struct speed_hist *h)
{
	json_t *object = json_object();

	json_object_set_new(object, "count", json_integer((json_int_t)h->count));
	json_object_set_new(object, "mean", micro(h->sum / h->count));
	json_object_set_new(object, "min", micro(h->least));
	for (const struct speed_percentile *p = speed_percentiles; p->name; p++)
		json_object_set_new(object, p->key, micro(speed_hist_at(h, p->share)));
	return object;
}

static json_t *phases_of(const struct speed_measure *m)
{
	json_t *object = json_object();

	for (enum speed_phase p = 0; p < SPEED_PHASES; p++) {
		char name[24];

		snprintf(name, sizeof(name), "%s", speed_phase_name(p));
		for (char *blank; (blank = strchr(name, ' '));)
			*blank = '_';
		if (m->phases[p].count)
			json_object_set_new(object, name, phase_of(&m->phases[p]));
	}
	return object;
}

static json_t *server_of(const struct speed_measure *m)
{
	static const char *const units[] = {
		[SPEED_UNIT_OCTETS] = "cpu_seconds_per_gib", [SPEED_UNIT_TIMES] = "cpu_us_per_unit"
	};
	bool is_known = speed_server_cpu(m) >= 0;
	json_t *object = json_object();

	json_object_set_new(object, "pid", json_integer(m->speed->options.pid));
	json_object_set_new(object, "processes", json_integer(m->to.processes));
	json_object_set_new(object, "cpu_seconds",
			    is_known ? json_real(speed_server_cpu(m)) : json_null());
	json_object_set_new(object, "memory_kib", json_integer((json_int_t)m->to.memory));
	if (m->kind->unit != SPEED_UNIT_STREAMS && is_known)
		json_object_set_new(
			object, units[m->kind->unit],
			json_real(speed_cost(m) * (m->kind->unit == SPEED_UNIT_TIMES ? 1e6 : 1)));
	else if (m->kind->unit == SPEED_UNIT_STREAMS && m->left)
		json_object_set_new(object, "memory_kib_per_stream",
				    json_real(speed_server_growth(m)));
	return object;
}

static void set_work(json_t *line, const struct speed_measure *m)
{
	bool octets = m->kind->unit == SPEED_UNIT_OCTETS;

	if (m->kind->unit == SPEED_UNIT_STREAMS)
		return;
	json_object_set_new(line, "bytes", json_integer((json_int_t)m->bytes));
	json_object_set_new(line, "unit",
			    json_string(octets ? "octet" : m->kind->one + strlen("a ")));
	json_object_set_new(line, "done", json_integer((json_int_t)m->done));
	json_object_set_new(line, "per_second", json_real(speed_rate(m)));
}

bool speed_json(FILE *to, const struct speed_measure *m)
{
	json_t *line = json_object();
	int rc;

	json_object_set_new(line, "measure", json_string(m->kind->name));
	if (m->kind->unit == SPEED_UNIT_OCTETS)
		json_object_set_new(line, "direction",
				    json_string(m->kind->upload ? "up" : "down"));
	json_object_set_new(line, "stream", json_string(m->kind->stream));
	json_object_set_new(line, "streams", json_integer(m->most_open));
	json_object_set_new(line, "seconds", json_real((double)(m->ended - m->begun) / 1e9));
	set_work(line, m);
	if (m->sent) {
		json_object_set_new(line, "sent", json_integer((json_int_t)m->sent));
		json_object_set_new(line, "lost", json_integer((json_int_t)m->lost));
	}
	json_object_set_new(line, "failed", json_integer((json_int_t)m->failed));
	json_object_set_new(line, "stalled", json_integer(m->stalled));
	json_object_set_new(line, "interrupted", json_boolean(stop_signal() != 0));
	if (m->failed)
		json_object_set_new(line, "failure", json_string(m->why));
	json_object_set_new(line, "us", phases_of(m));
	if (m->to.processes)
		json_object_set_new(line, "server", server_of(m));
	json_object_set_new(line, "own_cpu_seconds", json_real(m->own));
	rc = json_dumpf(line, to, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(7));
	json_decref(line);
	if (rc == 0)
		fputc('\n', to);
	return rc == 0;
}
