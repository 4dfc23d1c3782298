#include "roles/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/counter.h"
#include "policy/limits.h"
#include "roles/worker.h"

#define CHECKERS 2 /* threads that hash passwords and take security tokens */
#define CHECKS_WAITING 256 /* of those, that may wait for them */

/* The file of a Unix socket made here. As long as that is open no other file has its inode. */
struct made_file {
	char *path;
	dev_t device;
	ino_t inode;
};

struct s5_server {
	struct s5_server_config config;
	struct s5_hash_key key; /* what clients choose is hashed with it */
	struct s5_work work;
	bool working;
	struct s5_stats stats;
	unsigned sessions; /* atomically, to look at; changed under the lock */
	pthread_mutex_t lock; /* guards the next six */
	struct s5_crowd crowd; /* sessions of each source */
	struct s5_accounts accounts;
	struct s5_penalties penalties;
	struct s5_hush starved, full, crowded;
	struct s5_policy *policy; /* in force; its holders are guarded too */
	unsigned nworkers; /* those that are initialised */
	struct s5_worker *workers;
	struct made_file *files;
	size_t nfiles;
};

struct s5_work *s5_server_work(struct s5_server *server)
{
	return &server->work;
}

struct s5_stats *s5_server_counters(struct s5_server *server)
{
	return &server->stats;
}

void s5_server_tell(struct s5_server *server, const struct s5_record *r)
{
	unsigned cmd = r->cmd <= S5_CMD_UDP ? r->cmd : 0;
	unsigned rep = r->rep < S5_STATS_REPS - 1 ? r->rep : S5_STATS_REPS - 1;

	if (r->replied)
		s5_count(&server->stats.requests[cmd][rep], 1);
	s5_count(&server->stats.datagrams_dropped, r->dropped);
	if (server->config.log)
		server->config.log(server->config.arg, r);
}

static void add_worker(const struct s5_worker *w, struct s5_stats *stats)
{
	const struct s5_post *post = __atomic_load_n(&w->post, __ATOMIC_ACQUIRE);

	for (unsigned way = 0; way < 2; way++) {
		stats->octets[way] += s5_counter_look(&w->pool.octets[way]);
		if (!post)
			continue;
		stats->octets[way] += s5_counter_look(&post->traffic[way].octets);
		stats->datagrams[way] += s5_counter_look(&post->traffic[way].datagrams);
	}
}

void s5_server_stats(struct s5_server *server, struct s5_stats *stats)
{
	const struct s5_stats *s = &server->stats;

	*stats = (struct s5_stats){ .sessions = s5_server_sessions(server),
				    .clients = s5_counter_look(&s->clients),
				    .beyond_sessions = s5_counter_look(&s->beyond_sessions),
				    .beyond_client = s5_counter_look(&s->beyond_client),
				    .credentials_refused = s5_counter_look(&s->credentials_refused),
				    .datagrams_dropped = s5_counter_look(&s->datagrams_dropped) };
	for (unsigned cmd = 0; cmd < 4; cmd++)
		for (unsigned rep = 0; rep < S5_STATS_REPS; rep++)
			stats->requests[cmd][rep] = s5_counter_look(&s->requests[cmd][rep]);
	for (unsigned i = 0; i < server->nworkers; i++)
		add_worker(&server->workers[i], stats);
}

const struct s5_hash_key *s5_server_key(const struct s5_server *server)
{
	return &server->key;
}

int s5_server_enter(struct s5_server *server, uint64_t source, struct s5_policy **held)
{
	struct s5_policy *policy;
	int rc = 0;

	pthread_mutex_lock(&server->lock);
	policy = server->policy;
	if (policy->max_sessions && server->sessions >= policy->max_sessions)
		rc = -EUSERS;
	else if (!s5_crowd_enter(&server->crowd, policy->accept_proxy ? 0 : source, 1,
				 policy->max_per_client))
		rc = -EDQUOT;
	if (rc == 0) {
		__atomic_add_fetch(&server->sessions, 1, __ATOMIC_RELAXED);
		policy->holders++;
		*held = policy;
	}
	pthread_mutex_unlock(&server->lock);
	s5_count(&server->stats.clients, rc == 0);
	return rc;
}

bool s5_server_name(struct s5_server *server, uint64_t source, unsigned most)
{
	bool entered;

	pthread_mutex_lock(&server->lock);
	entered = s5_crowd_enter(&server->crowd, source, 1, most);
	pthread_mutex_unlock(&server->lock);
	return entered;
}

void s5_server_leave(struct s5_server *server, uint64_t source)
{
	pthread_mutex_lock(&server->lock);
	s5_crowd_leave(&server->crowd, source, 1);
	__atomic_sub_fetch(&server->sessions, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&server->lock);
}

unsigned s5_server_sessions(const struct s5_server *server)
{
	return __atomic_load_n(&server->sessions, __ATOMIC_RELAXED);
}

int64_t s5_server_penalty(struct s5_server *server, const struct s5_addr *from, int64_t now_ms)
{
	int64_t wait;

	pthread_mutex_lock(&server->lock);
	wait = s5_penalty_add(&server->penalties, from, now_ms);
	pthread_mutex_unlock(&server->lock);
	return wait;
}

bool s5_server_bars(struct s5_server *server, const struct s5_addr *from, int64_t now_ms)
{
	bool bars;

	pthread_mutex_lock(&server->lock);
	bars = s5_penalty_refuses(&server->penalties, from, now_ms);
	pthread_mutex_unlock(&server->lock);
	return bars;
}

int s5_server_account(struct s5_server *server, const struct s5_holder *who,
		      const struct s5_quota *quota, uint64_t serial, int64_t now,
		      struct s5_account **account)
{
	int rc;

	pthread_mutex_lock(&server->lock);
	rc = s5_account_enter(&server->accounts, who, quota, serial, now, account);
	pthread_mutex_unlock(&server->lock);
	return rc;
}

void s5_server_account_leave(struct s5_server *server, struct s5_account *account, int64_t now)
{
	pthread_mutex_lock(&server->lock);
	s5_account_leave(&server->accounts, account, now);
	pthread_mutex_unlock(&server->lock);
}

static struct s5_hush *hush_of(struct s5_server *server, int error)
{
	if (error == EUSERS)
		return &server->full;
	return error == EDQUOT ? &server->crowded : &server->starved;
}

void s5_server_trouble(struct s5_server *server, int error, int64_t now_ms)
{
	unsigned count;

	s5_count(&server->stats.beyond_sessions, error == EUSERS);
	s5_count(&server->stats.beyond_client, error == EDQUOT);
	if (!server->config.trouble)
		return;
	pthread_mutex_lock(&server->lock);
	count = s5_hush_add(hush_of(server, error), now_ms);
	pthread_mutex_unlock(&server->lock);
	if (count)
		server->config.trouble(server->config.arg, error, count);
}

static int start_checkers(struct s5_server *server)
{
	int rc = server->working ? 0 : s5_work_init(&server->work, CHECKERS, CHECKS_WAITING);

	server->working = rc == 0;
	return rc;
}

void s5_server_policy_hold(struct s5_server *server, struct s5_policy *policy)
{
	pthread_mutex_lock(&server->lock);
	policy->holders++;
	pthread_mutex_unlock(&server->lock);
}

void s5_server_policy_drop(struct s5_server *server, struct s5_policy *policy)
{
	bool last;

	if (!policy)
		return;
	pthread_mutex_lock(&server->lock);
	last = --policy->holders == 0;
	pthread_mutex_unlock(&server->lock);
	if (!last)
		return;
	s5_policy_fini(policy);
	free(policy);
}

static bool needs_checkers(const struct s5_policy *policy)
{
	const struct s5_session_config *c = &policy->session;

	return s5_users_needs_hash(&policy->users) ||
	       memchr(c->methods, S5_METHOD_GSSAPI, c->nmethods);
}

int s5_server_set_policy(struct s5_server *server, struct s5_policy *policy)
{
	struct s5_policy *next = malloc(sizeof *next), *old;
	int rc = next ? 0 : -ENOMEM;

	if (rc == 0 && needs_checkers(policy))
		rc = start_checkers(server);
	if (rc < 0) {
		free(next);
		return rc;
	}
	*next = *policy;
	next->holders = 1;
	s5_policy_init(policy);
	pthread_mutex_lock(&server->lock);
	old = server->policy;
	next->serial = old ? old->serial + 1 : 0;
	server->policy = next;
	pthread_mutex_unlock(&server->lock);
	s5_server_policy_drop(server, old);
	return 0;
}

int s5_server_new(struct s5_server **out, const struct s5_server_config *config)
{
	struct s5_server *server = calloc(1, sizeof *server);
	struct s5_policy nobody;
	int rc;

	if (!server)
		return -ENOMEM;
	server->config = *config;
	pthread_mutex_init(&server->lock, NULL);
	s5_accounts_init(&server->accounts);
	s5_penalties_init(&server->penalties);
	/* Good enough where the kernel has none yet: it is for tables of few. */
	if (getrandom(&server->key, sizeof server->key, GRND_NONBLOCK) < 0)
		server->key.k[0] = (uint64_t)(uintptr_t)server;
	s5_crowd_init(&server->crowd, &server->key);
	server->workers = calloc(config->workers, sizeof *server->workers);
	s5_policy_init(&nobody);
	rc = server->workers ? s5_server_set_policy(server, &nobody) : -ENOMEM;
	while (rc == 0 && server->nworkers < config->workers) {
		struct s5_worker *w = &server->workers[server->nworkers];

		w->next_id = server->nworkers + 1;
		w->id_step = config->workers;
		rc = s5_worker_init(w, server, &server->config);
		server->nworkers += rc == 0;
	}
	if (rc < 0)
		s5_server_free(server);
	else
		*out = server;
	return rc;
}

/* Takes over fd, also when it fails; one below 0 is an error. */
static int add_port(struct s5_worker *w, int fd, bool shared)
{
	int rc = fd < 0 ? fd : s5_worker_add_port(w, fd, shared);

	if (rc < 0 && fd >= 0)
		close(fd);
	return rc;
}

int s5_server_listen(struct s5_server *server, const struct s5_addr *a, struct s5_addr *real)
{
	bool share = server->nworkers > 1;
	int rc = share ? s5_listen_probe(a) : 0, fd;

	*real = *a;
	for (unsigned i = 0; i < server->nworkers && rc == 0; i++) {
		fd = s5_listen_tcp(real, share);
		if (fd >= 0)
			real->port = s5_sock_local(fd).port;
		rc = add_port(&server->workers[i], fd, false);
	}
	return rc;
}

/* Takes over fd, also when it fails. Each worker has a descriptor of its own to close. */
static int share_port(struct s5_server *server, int fd)
{
	int rc = 0, copy;

	for (unsigned i = 0; i < server->nworkers && rc == 0; i++) {
		copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		rc = add_port(&server->workers[i], copy < 0 ? -errno : copy, true);
	}
	close(fd);
	return rc;
}

static int add_file(struct s5_server *server, const char *path)
{
	struct made_file *files = reallocarray(server->files, server->nfiles + 1, sizeof *files);
	struct stat st;

	if (!files)
		return -ENOMEM;
	server->files = files;
	files += server->nfiles;
	files->path = strdup(path);
	if (!files->path || lstat(path, &st) < 0) {
		free(files->path);
		return -errno;
	}
	files->device = st.st_dev;
	files->inode = st.st_ino;
	server->nfiles++;
	return 0;
}

/* Before the sockets are closed: a file that is not ours any more stays. */
static void remove_files(struct s5_server *server)
{
	struct stat st;

	while (server->nfiles) {
		struct made_file *f = &server->files[--server->nfiles];

		if (lstat(f->path, &st) == 0 && st.st_dev == f->device && st.st_ino == f->inode)
			unlink(f->path);
		free(f->path);
	}
}

int s5_server_listen_unix(struct s5_server *server, const char *path)
{
	int fd = s5_listen_unix(path), rc;

	if (fd < 0)
		return fd;
	rc = add_file(server, path);
	if (rc == 0)
		return share_port(server, fd);
	unlink(path);
	close(fd);
	return rc;
}

void s5_server_reserve(struct s5_server *server, const struct s5_addr *at)
{
	for (unsigned i = 0; i < server->nworkers; i++)
		server->workers[i].reserved = *at;
}

bool s5_server_listens_at(const struct s5_server *server, const struct s5_addr *a)
{
	return server->nworkers && s5_worker_listens_at(&server->workers[0], a);
}

int s5_server_adopt(struct s5_server *server, int fd)
{
	return share_port(server, fd);
}

int s5_server_start(struct s5_server *server)
{
	int rc = 0;

	for (unsigned i = 0; i < server->nworkers && rc == 0; i++)
		rc = s5_worker_start(&server->workers[i]);
	return rc;
}

void s5_server_drain(struct s5_server *server)
{
	remove_files(server);
	for (unsigned i = 0; i < server->nworkers; i++)
		if (server->workers[i].running)
			s5_loop_post(&server->workers[i].loop, &server->workers[i].drain);
}

/* False: a checker is still at work, perhaps in a library that waits for somebody. */
static bool join(struct s5_server *server)
{
	for (unsigned i = 0; i < server->nworkers; i++)
		if (server->workers[i].running)
			s5_loop_post(&server->workers[i].loop, &server->workers[i].stop);
	for (unsigned i = 0; i < server->nworkers; i++) {
		if (server->workers[i].running)
			pthread_join(server->workers[i].thread, NULL);
		server->workers[i].running = false;
	}
	return !server->working || s5_work_quit(&server->work);
}

void s5_server_free(struct s5_server *server)
{
	if (!server)
		return;
	remove_files(server);
	if (!join(server))
		return;
	for (unsigned i = 0; i < server->nworkers; i++)
		s5_worker_fini(&server->workers[i]);
	s5_server_policy_drop(server, server->policy);
	s5_accounts_fini(&server->accounts);
	s5_crowd_fini(&server->crowd);
	pthread_mutex_destroy(&server->lock);
	free(server->files);
	free(server->workers);
	free(server);
}
