/* A worker: a thread with a loop, its listening ports, and the clients it accepted. */
#include "roles/worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/route.h"

#define ACCEPT_BATCH 64 /* clients taken before others have their turn */
#define TOKEN_OCTETS (16u << 20) /* of unfinished tokens, all clients of a worker together */
#define RETRY_MS 200 /* until the next try when descriptors ran out */

/* accepting */

static int port_watch(struct s5_worker *w, struct s5_port *p)
{
	return s5_loop_watch(&w->loop, &p->watch, EPOLLIN | (p->shared ? EPOLLEXCLUSIVE : 0u));
}

static void deafen(struct s5_worker *w, int error)
{
	s5_server_trouble(w->server, error, w->loop.now);
	w->deaf = true;
	for (size_t i = 0; i < w->nports; i++)
		s5_loop_unwatch(&w->loop, &w->ports[i].watch);
	s5_timer_set(&w->loop, &w->retry, w->loop.now + RETRY_MS);
}

static void hear(struct s5_worker *w)
{
	w->deaf = false;
	s5_timer_stop(&w->loop, &w->retry);
	for (size_t i = 0; i < w->nports; i++)
		port_watch(w, &w->ports[i]);
}

static void retry_fire(struct s5_timer *t)
{
	hear(S5_OUTER(t, struct s5_worker, retry));
}

static void maybe_end(struct s5_worker *w)
{
	if (w->stopping && LIST_EMPTY(&w->tunnels) && LIST_EMPTY(&w->associations))
		s5_loop_stop(&w->loop);
}

void s5_worker_relieved(struct s5_worker *w)
{
	if (w->deaf)
		hear(w);
	maybe_end(w);
}

/* False: no more for now. */
static bool accept_one(struct s5_port *p)
{
	struct s5_worker *w = p->worker;
	struct s5_sockaddr sa = { .len = sizeof sa.un };
	struct s5_addr from;
	struct s5_policy *policy;
	int fd = accept4(p->watch.fd, &sa.sa, &sa.len, SOCK_NONBLOCK | SOCK_CLOEXEC), rc;

	if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
		deafen(w, errno);
	if (fd < 0)
		return errno == ECONNABORTED || errno == EINTR;
	from = s5_sockaddr_to(&sa);
	rc = s5_server_enter(w->server, s5_addr_source(&from), &policy);
	if (rc < 0) {
		close(fd);
		s5_server_trouble(w->server, -rc, w->loop.now);
		return true;
	}
	s5_conn_start(w, fd, &from, policy);
	return true;
}

static void port_ready(struct s5_watch *watch, uint32_t events)
{
	struct s5_port *p = S5_OUTER(watch, struct s5_port, watch);

	(void)events;
	for (int i = 0; i < ACCEPT_BATCH && accept_one(p); i++)
		;
}

int s5_worker_add_port(struct s5_worker *w, int fd, bool shared)
{
	struct s5_port *ports = reallocarray(w->ports, w->nports + 1, sizeof *ports);

	if (!ports)
		return -ENOMEM;
	w->ports = ports;
	w->ports[w->nports++] = (struct s5_port){ .watch = { .fd = fd, .ready = port_ready },
						  .worker = w,
						  .shared = shared,
						  .dual = s5_sock_is_dual(fd),
						  .at = s5_sock_local(fd) };
	return 0;
}

/* A connect to 0.0.0.0 or :: goes to this machine. */
static bool port_is_at(const struct s5_port *p, const struct s5_addr *a)
{
	if (!p->at.atyp || p->at.port != a->port)
		return false;
	if (s5_addr_is_any(a) || s5_addr_equal(&p->at, a))
		return true;
	return s5_addr_is_any(&p->at) && (p->at.atyp == a->atyp || p->dual) && s5_route_is_local(a);
}

bool s5_worker_listens_at(const struct s5_worker *w, const struct s5_addr *a)
{
	struct s5_addr plain = *a;

	s5_addr_unmap(&plain);
	for (size_t i = 0; i < w->nports; i++)
		if (port_is_at(&w->ports[i], &plain))
			return true;
	return port_is_at(&(struct s5_port){ .at = w->reserved, .dual = true }, &plain);
}

static void ports_close(struct s5_worker *w)
{
	for (size_t i = 0; i < w->nports; i++) {
		if (w->running && !w->deaf)
			s5_loop_unwatch(&w->loop, &w->ports[i].watch);
		close(w->ports[i].watch.fd);
	}
	w->nports = 0;
	w->deaf = false;
	s5_timer_stop(&w->loop, &w->retry);
}

int s5_worker_get_post(struct s5_worker *w)
{
	struct s5_post *post;
	int rc;

	if (w->post)
		return 0;
	post = calloc(1, sizeof *post);
	rc = post ? s5_post_init(post) : -ENOMEM;
	if (rc == 0)
		__atomic_store_n(&w->post, post, __ATOMIC_RELEASE);
	else
		free(post);
	return rc;
}

/* life */

static void drain_run(struct s5_task *t)
{
	ports_close(S5_OUTER(t, struct s5_worker, drain));
}

static void stop_run(struct s5_task *t)
{
	struct s5_worker *w = S5_OUTER(t, struct s5_worker, stop);

	ports_close(w);
	w->stopping = true;
	s5_conns_stop(w);
	s5_tunnels_stop(w);
	s5_associations_stop(w);
	maybe_end(w);
}

int s5_worker_init(struct s5_worker *w, struct s5_server *server,
		   const struct s5_server_config *config)
{
	int rc = s5_loop_init(&w->loop);

	if (rc < 0)
		return rc;
	w->server = server;
	w->config = config;
	w->drain.run = drain_run;
	w->stop.run = stop_run;
	w->retry.fire = retry_fire;
	s5_shares_init(&w->tokens, TOKEN_OCTETS, s5_server_key(server));
	LIST_INIT(&w->conns);
	LIST_INIT(&w->tunnels);
	LIST_INIT(&w->associations);
	rc = s5_pool_init(&w->pool, &w->loop);
	if (rc == 0)
		rc = s5_resolver_new(&w->resolver, &w->loop, config->resolver);
	if (rc < 0)
		s5_worker_fini(w);
	return rc;
}

static void *worker_run(void *arg)
{
	struct s5_worker *w = arg;

	s5_loop_run(&w->loop);
	return NULL;
}

int s5_worker_start(struct s5_worker *w)
{
	sigset_t all, old;
	int rc = 0;

	for (size_t i = 0; i < w->nports && rc == 0; i++)
		rc = port_watch(w, &w->ports[i]);
	if (rc < 0)
		return rc;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = -pthread_create(&w->thread, NULL, worker_run, w);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	w->running = rc == 0;
	return rc;
}

void s5_worker_fini(struct s5_worker *w)
{
	ports_close(w);
	s5_conns_free(w);
	s5_resolver_free(w->resolver);
	s5_shares_fini(&w->tokens);
	s5_pool_fini(&w->pool);
	if (w->post)
		s5_post_fini(w->post);
	free(w->post);
	s5_loop_fini(&w->loop);
	free(w->ports);
}
