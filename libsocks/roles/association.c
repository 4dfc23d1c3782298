/* An association: its control connection, its UDP relay, and what its log line will say. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "roles/worker.h"

#define REFUSALS 100 /* told of one association */
#define REST 256 /* octets of a reply, sealed perhaps */

struct s5_association {
	struct s5_watch control;
	struct s5_worker *worker;
	struct s5_policy *policy;
	struct s5_hold hold;
	struct s5_upstream *upstream; /* NULL: none */
	LIST_ENTRY(s5_association) link;
	struct s5_assoc assoc;
	struct s5_record record; /* why: which destination was refused last, until the end */
	unsigned refusals; /* told so far */
	struct s5_verdict denial; /* the last */
	int64_t born;
	struct s5_buf rest; /* of the reply, not sent yet */
	uint8_t room[REST];
	uint8_t user[]; /* record.ulen octets */
};

static struct s5_association *of_assoc(struct s5_assoc *a)
{
	return S5_OUTER(a, struct s5_association, assoc);
}

/* ending */

static void tell(struct s5_association *n, const char *why)
{
	const struct s5_assoc *a = &n->assoc;
	char last[sizeof n->record.why];

	n->record.up = a->up.octets;
	n->record.down = a->down.octets;
	n->record.datagrams_up = a->up.datagrams;
	n->record.datagrams_down = a->down.datagrams;
	n->record.dropped = a->dropped;
	n->record.ms = n->worker->loop.now - n->born;
	memcpy(last, n->record.why, sizeof last);
	snprintf(n->record.why, sizeof n->record.why, "%s%s%.120s", why,
		 *last ? "; last dropped: " : "", last);
	s5_server_tell(n->worker->server, &n->record);
}

/* Both go: the control connection and the association (R1928-U.9). */
static void end(struct s5_association *n, const char *why)
{
	struct s5_worker *w = n->worker;
	uint64_t source = s5_addr_source(&n->record.client);

	tell(n, why);
	s5_assoc_stop(&n->assoc);
	s5_upstream_free(n->upstream);
	s5_loop_unwatch(&w->loop, &n->control);
	close(n->control.fd);
	LIST_REMOVE(n, link);
	s5_hold_end(w, &n->hold);
	s5_server_policy_drop(w->server, n->policy);
	free(n);
	s5_server_leave(w->server, source);
	s5_worker_relieved(w);
}

void s5_association_lost(struct s5_association *n, const char *why)
{
	char text[100];

	snprintf(text, sizeof text, "upstream: %s", why);
	end(n, text);
}

void s5_association_receive(struct s5_association *n, const struct s5_addr *from,
			    const uint8_t *data, size_t len)
{
	s5_assoc_give(&n->assoc, from, data, len);
}

void s5_association_dropped(struct s5_association *n)
{
	n->assoc.dropped++;
}

static void forward(struct s5_assoc *a, const struct s5_addr *to, const uint8_t *data, size_t len)
{
	if (s5_upstream_send(of_assoc(a)->upstream, to, data, len) < 0)
		a->dropped++;
}

static void idle(struct s5_assoc *a)
{
	end(of_assoc(a), "idle");
}

void s5_associations_stop(struct s5_worker *w)
{
	while (!LIST_EMPTY(&w->associations))
		end(LIST_FIRST(&w->associations), "server stopped");
}

/* the control connection */

/* False: it is broken. */
static bool send_rest(struct s5_association *n)
{
	ssize_t sent = n->rest.len ? send(n->control.fd, s5_buf_head(&n->rest), n->rest.len,
					  MSG_NOSIGNAL | MSG_DONTWAIT)
				   : 0;

	if (sent > 0)
		s5_buf_pop(&n->rest, (size_t)sent);
	if (sent > 0 && !n->rest.len)
		s5_loop_rewatch(&n->worker->loop, &n->control, EPOLLIN);
	return sent >= 0 || errno == EAGAIN;
}

/* R1928-U.10: what comes over it means nothing, only its end does. A read each turn. */
static void control_ready(struct s5_watch *w, uint32_t events)
{
	struct s5_association *n = S5_OUTER(w, struct s5_association, control);
	ssize_t got = -1;

	errno = EAGAIN;
	if (events & ~(uint32_t)EPOLLOUT)
		got = read(w->fd, n->worker->pool.buffer, S5_RELAY_BUFFER);
	if (got < 0 && errno != EAGAIN)
		end(n, strerrordesc_np(errno));
	else if (got == 0)
		end(n, "closed");
	else if (!send_rest(n))
		end(n, strerrordesc_np(errno));
}

/* the rules */

/* Asked for every datagram's destination. */
static bool permit(struct s5_assoc *a, const struct s5_addr *name, const struct s5_addr *address)
{
	struct s5_association *n = of_assoc(a);
	struct s5_query q = {
		.from = &n->record.client,
		.user = n->record.user,
		.ulen = n->record.ulen,
		.cmd = S5_CMD_UDP,
		.name = name,
		.address = address,
		.elsewhere = !address && n->upstream,
	};
	struct s5_verdict v = s5_rules_match(&n->policy->rules, &q);

	if (v.decision == S5_DENY)
		n->denial = v;
	return v.decision != S5_DENY;
}

/* Of a long name the log's line has the beginning. */
static void refused(struct s5_assoc *a, const struct s5_addr *to, const char *why, bool first)
{
	struct s5_association *n = of_assoc(a);
	const struct s5_server_config *config = n->worker->config;
	char denial[S5_DENIAL_TEXT], text[S5_ADDR_TEXT];

	if (!why)
		s5_verdict_text(n->denial, denial);
	snprintf(n->record.why, sizeof n->record.why, "%.76s: %s",
		 s5_addr_format(to, text, sizeof text), why ? why : denial);
	n->record.ms = n->worker->loop.now - n->born;
	if (first && config->refused && n->refusals++ < REFUSALS)
		config->refused(config->arg, &n->record, to, why ? why : denial);
}

/* life */

/* The client's address as we see it; its port only where no NAT can lie between (R1928-U.7). */
static struct s5_addr client_of(const struct s5_record *record)
{
	struct s5_addr client = record->client, told = record->target;

	if (!client.atyp)
		client = s5_addr_loopback(S5_ATYP_IPV4, 0);
	s5_addr_unmap(&told);
	client.port = told.port;
	if (!s5_addr_equal(&client, &told))
		client.port = 0;
	return client;
}

static struct s5_association *make(struct s5_worker *w, struct s5_policy *policy,
				   const struct s5_record *record)
{
	struct s5_association *n = calloc(1, sizeof *n + record->ulen);

	if (!n)
		return NULL;
	n->worker = w;
	n->policy = policy;
	n->assoc.options = &policy->udp;
	n->record = *record;
	if (record->ulen)
		memcpy(n->user, record->user, record->ulen);
	n->record.user = record->user ? n->user : NULL;
	n->assoc.loop = &w->loop;
	n->assoc.post = w->post;
	n->assoc.resolver = w->resolver;
	n->assoc.client = client_of(record);
	n->assoc.permit = permit;
	n->assoc.refused = refused;
	n->assoc.idle = idle;
	return n;
}

int s5_association_start(struct s5_worker *w, int client, int udp, struct s5_session *session,
			 struct s5_policy *policy, const struct s5_hold *hold,
			 struct s5_upstream *upstream, const struct s5_record *record, int64_t born)
{
	size_t len;
	const uint8_t *rest = s5_session_out(session, &len);
	struct s5_association *n = s5_worker_get_post(w) == 0 ? make(w, policy, record) : NULL;
	int rc = n ? s5_assoc_start(&n->assoc, udp) : -ENOMEM;

	if (rc < 0) {
		free(n);
		return rc;
	}
	s5_server_policy_hold(w->server, policy);
	n->upstream = upstream;
	if (upstream) {
		n->assoc.forward = forward;
		s5_upstream_hand_over(upstream, n);
	}
	n->hold = *hold;
	n->assoc.shaper = hold->shaper;
	n->assoc.seal = s5_session_take_seal(session, S5_CLIENT);
	n->born = born;
	n->control = (struct s5_watch){ .fd = client, .ready = control_ready };
	s5_buf_init(&n->rest, n->room, sizeof n->room);
	s5_buf_push(&n->rest, rest, len);
	s5_loop_rewatch(&w->loop, &n->control, EPOLLIN | (len ? EPOLLOUT : 0u));
	LIST_INSERT_HEAD(&w->associations, n, link);
	return 0;
}
