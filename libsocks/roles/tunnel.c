/* A tunnel: the relay, and what its log line will say, packed as small as it goes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/counter.h"
#include "roles/worker.h"

/* An address without the room for the longest name. Its octets stand in the tunnel's tail. */
struct packed {
	uint8_t atyp, len;
	uint16_t port;
};

struct s5_tunnel {
	struct s5_relay relay;
	struct s5_worker *worker;
	struct s5_hold hold;
	LIST_ENTRY(s5_tunnel) link;
	int64_t born;
	uint64_t id, source;
	uint8_t method, cmd, ulen;
	struct packed client, target, actual;
	uint8_t tail[]; /* user, client, target, actual */
};

static struct packed pack(uint8_t **tail, const struct s5_addr *a)
{
	memcpy(*tail, a->octets, a->len);
	*tail += a->len;
	return (struct packed){ .atyp = a->atyp, .len = a->len, .port = a->port };
}

static struct s5_addr unpack(const uint8_t **tail, struct packed p)
{
	struct s5_addr a = { .atyp = p.atyp, .len = p.len, .port = p.port };

	memcpy(a.octets, *tail, p.len);
	*tail += p.len;
	return a;
}

static void explain(const struct s5_tunnel *t, enum s5_relay_end end, char *why, size_t size)
{
	switch (end) {
	case S5_RELAY_CLOSED:
		snprintf(why, size, "closed");
		break;
	case S5_RELAY_ERROR:
		snprintf(why, size, "%s: %s", t->relay.side ? "target" : "client",
			 s5_relay_error_text(&t->relay));
		break;
	case S5_RELAY_IDLE:
		snprintf(why, size, "idle");
		break;
	case S5_RELAY_STOPPED:
		snprintf(why, size, "server stopped");
		break;
	}
}

static void tell(const struct s5_tunnel *t, enum s5_relay_end end)
{
	const uint8_t *tail = t->tail + t->ulen;
	struct s5_record record = {
		.id = t->id,
		.user = t->ulen ? t->tail : NULL,
		.ulen = t->ulen,
		.method = t->method,
		.requested = true,
		.cmd = t->cmd,
		.replied = true,
		.rep = S5_REP_SUCCEEDED,
		.up = t->relay.flow[0].octets,
		.down = t->relay.flow[1].octets,
		.ms = t->worker->loop.now - t->born,
	};

	if (t->worker->config->log) {
		record.client = unpack(&tail, t->client);
		record.target = unpack(&tail, t->target);
		record.actual = unpack(&tail, t->actual);
		explain(t, end, record.why, sizeof record.why);
	}
	s5_server_tell(t->worker->server, &record);
}

static void tunnel_done(struct s5_relay *r, enum s5_relay_end end)
{
	struct s5_tunnel *t = (struct s5_tunnel *)r;
	struct s5_worker *w = t->worker;
	uint64_t source = t->source;

	tell(t, end);
	LIST_REMOVE(t, link);
	s5_hold_end(w, &t->hold);
	free(t);
	s5_server_leave(w->server, source);
	s5_worker_relieved(w);
}

/* What goes to a client that has a seal is wrapped first. 0 or -errno. */
static int preload_far(struct s5_tunnel *t, struct s5_seal *seal, const struct s5_far *far)
{
	struct s5_writer out = { .data = NULL };
	size_t room;
	int rc = 0;

	if (!far->len || !seal)
		return s5_relay_preload(&t->relay, 1, far->early, far->len, true);
	room = s5_seal_wrapped_size(seal, far->len);
	out = s5_writer_over(malloc(room), room);
	if (!out.data || s5_seal_wrap(seal, far->early, far->len, &out) != S5_OK)
		rc = -ENOMEM;
	else
		rc = s5_relay_preload(&t->relay, 1, out.data, out.len, false);
	if (rc == 0)
		t->relay.flow[1].octets += far->len;
	free(out.data);
	return rc;
}

int s5_tunnel_start(struct s5_worker *w, int client, int target, struct s5_session *session,
		    const struct s5_policy *policy, const struct s5_hold *hold,
		    const struct s5_far *far, const struct s5_record *record, int64_t born)
{
	size_t early_len, rest_len, ulen = w->config->log ? record->ulen : 0;
	struct s5_seal *seal = s5_session_take_seal(session, S5_CLIENT);
	const uint8_t *early = s5_session_early(session, S5_CLIENT, &early_len);
	const uint8_t *rest = s5_session_out(session, &rest_len);
	size_t tail_len = ulen + record->client.len + record->target.len + record->actual.len;
	struct s5_tunnel *t = calloc(1, sizeof *t + (w->config->log ? tail_len : 0));
	uint8_t *tail;

	if (!t || s5_relay_preload(&t->relay, 0, early, early_len, true) < 0 ||
	    s5_relay_preload(&t->relay, 1, rest, rest_len, false) < 0 ||
	    preload_far(t, seal, far) < 0) {
		for (int i = 0; t && i < 2; i++)
			free(t->relay.flow[i].held);
		free(t);
		s5_seal_free(seal);
		return -ENOMEM;
	}
	s5_counter_add(&w->pool.octets[0], t->relay.flow[0].octets);
	s5_counter_add(&w->pool.octets[1], t->relay.flow[1].octets);
	t->worker = w;
	t->born = born;
	t->id = record->id;
	t->source = s5_addr_source(&record->client);
	t->method = record->method;
	t->cmd = record->cmd;
	if (w->config->log) {
		tail = t->tail;
		t->ulen = (uint8_t)ulen;
		if (ulen)
			memcpy(tail, record->user, ulen);
		tail += ulen;
		t->client = pack(&tail, &record->client);
		t->target = pack(&tail, &record->target);
		t->actual = pack(&tail, &record->actual);
	}
	t->hold = *hold;
	t->relay.shaper = hold->shaper;
	t->relay.seal = seal;
	t->relay.idle = policy->idle_timeout;
	t->relay.done = tunnel_done;
	LIST_INSERT_HEAD(&w->tunnels, t, link);
	s5_relay_start(&t->relay, &w->pool, (int[]){ client, client, target, target }, 3);
	return 0;
}

void s5_tunnels_stop(struct s5_worker *w)
{
	struct s5_tunnel *t;

	LIST_FOREACH(t, &w->tunnels, link)
	s5_relay_stop(&t->relay);
}
