/* A trial: all cases against a server of our own, which does as it should, behind a man in the middle
 * who does not (midst.h), with targets of their own. All but the server's threads is on the caller's
 * loop.
 */
#ifndef TRIAL_H
#define TRIAL_H

#include "fakegss.h"
#include "probe/echo.h"
#include "probe/suite.h"
#include "roles/server.h"
#include "violation.h"

#define JOBS 16 /* cases at a time */

struct trial_plan {
	size_t row, goal; /* the case, and the word of it that is contradicted */
	enum manner manner;
	unsigned number; /* no other trial's */
	unsigned has; /* as s5_suite's */
	unsigned attempt;
};

struct trial {
	struct trial_plan plan;
	struct s5_words words; /* of the case */
	struct s5_echo v4, v6; /* its own: a socket has room for a few large datagrams only */
	struct s5_parts parts;
	struct s5_policy policy;
	struct s5_server *server;
	struct midst midst;
	struct s5_suite suite;
};

/* the server that does as it should */

/* 127.ROLE.x.y, where nobody else is. A datagram that comes too late for the socket that it was sent to
 * must not come to another, which got the port after it. */
static struct s5_addr place_of(const struct trial *own, uint8_t role)
{
	return s5_addr_ip4((const uint8_t[]){ 127, role, (uint8_t)(own->plan.number >> 8),
					      (uint8_t)own->plan.number },
			   0);
}

static void start_server(struct trial *own, const struct s5_server_config *config)
{
	const uint8_t methods[] = { S5_METHOD_NONE, S5_METHOD_USERPASS, S5_METHOD_GSSAPI };
	struct s5_addr here = place_of(own, 1), real;
	struct s5_session_config *session = &own->policy.session;
	struct s5_users_error err;
	char why[S5_GSS_WHY];

	s5_policy_init(&own->policy);
	memcpy(session->methods, methods, sizeof methods);
	session->nmethods = sizeof methods;
	assert_true(s5_users_add(&own->policy.users, "us", 2, "pw", 2, &err));
	own->policy.udp.source4 = place_of(own, 2);
	own->policy.acceptor = s5_gss_acceptor_new(NULL, NULL, why);
	session->gss.acceptor = own->policy.acceptor;
	assert_int_equal(s5_server_new(&own->server, config), 0);
	assert_int_equal(s5_server_listen(own->server, &here, &real), 0);
	assert_int_equal(s5_server_set_policy(own->server, &own->policy), 0);
	assert_int_equal(s5_server_start(own->server), 0);
	assert_true(s5_sockaddr_from(&own->midst.server, &real));
}

/* what is said to it */

static void set_part(struct s5_parts *parts, enum s5_part part, const void *octets, size_t n)
{
	memcpy(parts->part[part].octets, octets, n);
	parts->part[part].n = n;
}

static void set_address(struct s5_parts *parts, enum s5_part part, const struct s5_addr *a)
{
	uint8_t octets[300];
	struct s5_writer out = s5_writer_over(octets, sizeof octets);

	s5_put_addr(&out, a);
	set_part(parts, part, octets, out.len);
}

static void set_name(struct s5_parts *parts, enum s5_part part, const char *name, uint16_t port)
{
	struct s5_addr a = { .atyp = 0 };

	assert_true(s5_addr_set_name(&a, name, strlen(name), port));
	set_address(parts, part, &a);
}

static void set_targets(struct s5_parts *parts, const struct s5_echo *v4)
{
	const uint8_t mapped[16] = { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 };
	struct s5_addr tcp6 = s5_addr_ip6(mapped, v4->tcp.port);
	struct s5_addr refused = s5_addr_loopback(S5_ATYP_IPV4, 1);
	struct s5_addr us = s5_addr_loopback(S5_ATYP_IPV4, 0);

	set_address(parts, S5_PART_TCP4, &v4->tcp);
	set_address(parts, S5_PART_UDP4, &v4->udp);
	set_name(parts, S5_PART_TCP_NAME, "localhost", v4->tcp.port);
	set_name(parts, S5_PART_UDP_NAME, "localhost", v4->udp.port);
	set_name(parts, S5_PART_TCP_TEXT, "127.0.0.1", v4->tcp.port);
	set_address(parts, S5_PART_TCP_MAPPED, &tcp6);
	set_address(parts, S5_PART_REFUSED, &refused);
	set_address(parts, S5_PART_US, &us);
}

/* With room for some of the largest datagrams: one that is lost fails a case. */
static void start_echo(struct s5_loop *loop, struct s5_echo *echo, uint8_t atyp)
{
	const int room = 1 << 20;
	struct s5_addr here = s5_addr_loopback(atyp, 0);

	assert_int_equal(s5_echo_start(echo, loop, &here), 0);
	setsockopt(echo->datagrams.fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
}

/* The method list is not one that any case has, so that being let in is no case of its own. */
static void set_parts(struct s5_parts *parts, const struct s5_echo *v4, const struct s5_echo *v6)
{
	parts->entry = S5_ENTRY_LOGIN;
	set_part(parts, S5_PART_HELLO, "\5\2\2\173", 4);
	set_part(parts, S5_PART_LOGIN, "\1\2us\2pw", 7);
	set_part(parts, S5_PART_BAD_LOGIN, "\1\2us\2no", 7);
	set_part(parts, S5_PART_WHO, S5_ECHO_WHO, S5_ECHO_FIRST);
	set_targets(parts, v4);
	if (!v6->tcp.atyp)
		return;
	set_address(parts, S5_PART_TCP6, &v6->tcp);
	set_address(parts, S5_PART_UDP6, &v6->udp);
}

/* What is not tried here: within a security context the man in the middle understands nothing, and
 * where it matters who connects, and from where, it is he. */
#define IN_CONTEXT                                                                           \
	(S5_NEEDS_CONTEXT | S5_NEEDS_SEALS | S5_NEEDS_INTEGRITY | S5_NEEDS_CONFIDENTIALITY | \
	 S5_NEEDS_SELECTIVE | S5_NEEDS_WRAPPED)

static bool is_beyond(const struct s5_case *c)
{
	return c->needs & IN_CONTEXT || strstr(c->script, " named") ||
	       strstr(c->script, " refused ") || strstr(c->script, " w>");
}

/* beginning and end */

/* Calls done(), of the suite, when it is over. */
static struct trial *trial_start(struct s5_loop *loop, const struct s5_server_config *config,
				 const struct trial_plan *plan, void (*done)(struct s5_suite *s))
{
	struct trial *own = calloc(1, sizeof *own);

	assert_non_null(own);
	own->plan = *plan;
	start_echo(loop, &own->v4, S5_ATYP_IPV4);
	if (plan->has & S5_NEEDS_IPV6)
		start_echo(loop, &own->v6, S5_ATYP_IPV6);
	set_parts(&own->parts, &own->v4, &own->v6);
	assert_true(s5_words_compile(&own->words, s5_cases[plan->row].script, true));
	own->midst = (struct midst){ .loop = loop,
				     .words = &own->words,
				     .parts = &own->parts,
				     .here = place_of(own, 3),
				     .needs = s5_cases[plan->row].needs,
				     .goal = plan->goal,
				     .manner = plan->manner };
	own->suite = (struct s5_suite){
		.loop = loop,
		.parts = own->parts,
		.times = { .connect = 20000, .answer = 10000, .end = 3000, .silence = 600 },
		.has = plan->has,
		.jobs = JOBS,
		.done = done
	};
	start_server(own, config);
	midst_start(&own->midst);
	assert_true(s5_sockaddr_from(&own->suite.proxy, &own->midst.address));
	assert_true(s5_suite_init(&own->suite, s5_cases, s5_ncases));
	for (size_t i = 0; i < s5_ncases; i++)
		own->suite.cases[i].wanted = !is_beyond(&s5_cases[i]);
	s5_suite_start(&own->suite);
	return own;
}

static void trial_free(struct trial *own)
{
	s5_suite_free(&own->suite);
	midst_stop(&own->midst);
	s5_server_free(own->server);
	s5_echo_stop(&own->v4);
	s5_echo_stop(&own->v6);
	s5_words_free(&own->words);
	free(own);
}

#endif
