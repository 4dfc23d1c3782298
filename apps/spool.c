#include "spool.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct line {
	STAILQ_ENTRY(line) link;
	size_t len;
	char text[];
};

struct spool {
	struct spool_use use;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t more, over;
	STAILQ_HEAD(, line) lines;
	size_t waiting; /* octets of them */
	uint64_t lost;
	bool stopping, ended;
	bool abandoned; /* the thread gives it all back itself, if it ever comes so far */
	struct line *current; /* the thread's */
};

bool spool_is_needed(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && !S_ISREG(st.st_mode);
}

int spool_write(int fd, const char *text, size_t len)
{
	struct pollfd ready = { .fd = fd, .events = POLLOUT };

	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0 && errno == EAGAIN)
			poll(&ready, 1, -1);
		else if (n < 0 && errno != EINTR)
			return -errno;
		if (n <= 0)
			continue;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

static struct line *line_new(const char *text, size_t len)
{
	struct line *line = malloc(sizeof(*line) + len);

	if (!line)
		return NULL;
	line->len = len;
	memcpy(line->text, text, len);
	return line;
}

/* Behind the last line before the gap. */
static struct line *lost_line(struct spool *spool)
{
	char text[SPOOL_LOST];
	struct line *line = line_new(text, spool->use.lost(text, spool->lost));

	spool->lost = 0;
	return line;
}

/* The next line becomes the current one; false when the spool is stopped and empty. */
static bool take(struct spool *spool)
{
	struct line *line;

	pthread_mutex_lock(&spool->lock);
	while (STAILQ_EMPTY(&spool->lines) && !spool->lost && !spool->stopping)
		pthread_cond_wait(&spool->more, &spool->lock);
	line = STAILQ_FIRST(&spool->lines);
	if (line) {
		STAILQ_REMOVE_HEAD(&spool->lines, link);
		spool->waiting -= line->len;
	} else if (spool->lost) {
		line = lost_line(spool);
	}
	spool->current = line;
	spool->ended = !line && spool->stopping;
	if (spool->ended)
		pthread_cond_signal(&spool->over);
	pthread_mutex_unlock(&spool->lock);
	return !spool->ended;
}

static void destroy(struct spool *spool)
{
	struct line *line;

	while ((line = STAILQ_FIRST(&spool->lines))) {
		STAILQ_REMOVE_HEAD(&spool->lines, link);
		free(line);
	}
	free(spool->current);
	pthread_cond_destroy(&spool->over);
	pthread_cond_destroy(&spool->more);
	pthread_mutex_destroy(&spool->lock);
	free(spool);
}

static bool is_abandoned(struct spool *spool)
{
	bool abandoned;

	pthread_mutex_lock(&spool->lock);
	abandoned = spool->abandoned;
	pthread_mutex_unlock(&spool->lock);
	return abandoned;
}

static int write_line(struct spool *spool, const struct line *line)
{
	if (spool->use.write)
		return spool->use.write(spool->use.arg, line->text, line->len);
	return spool_write(spool->use.fd, line->text, line->len);
}

static void *spool_run(void *arg)
{
	struct spool *spool = arg;
	bool abandoned = false;
	int rc;

	while (!abandoned && take(spool)) {
		if (!spool->current)
			continue;
		rc = write_line(spool, spool->current);
		free(spool->current);
		spool->current = NULL;
		abandoned = is_abandoned(spool);
		if (!abandoned && spool->use.wrote)
			spool->use.wrote(spool->use.arg, rc);
	}
	if (abandoned || is_abandoned(spool))
		destroy(spool);
	return NULL;
}

struct spool *spool_new(const struct spool_use *use)
{
	struct spool *spool = calloc(1, sizeof(*spool));
	sigset_t all, old;
	int rc;

	if (!spool)
		return NULL;
	spool->use = *use;
	STAILQ_INIT(&spool->lines);
	pthread_mutex_init(&spool->lock, NULL);
	pthread_cond_init(&spool->more, NULL);
	pthread_cond_init(&spool->over, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	rc = pthread_create(&spool->thread, NULL, spool_run, spool);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (rc == 0)
		return spool;
	free(spool);
	errno = rc;
	return NULL;
}

void spool_add(struct spool *spool, const char *text, size_t len)
{
	struct line *line = line_new(text, len);

	pthread_mutex_lock(&spool->lock);
	if (line && !spool->lost && spool->waiting + len <= SPOOL_ROOM) {
		STAILQ_INSERT_TAIL(&spool->lines, line, link);
		spool->waiting += len;
		line = NULL;
	} else {
		spool->lost++;
	}
	pthread_cond_signal(&spool->more);
	pthread_mutex_unlock(&spool->lock);
	free(line);
}

/* False: somebody does not read, and the thread has been left to itself. */
static bool await_end(struct spool *spool)
{
	struct timespec until;
	bool ended;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += SPOOL_PATIENCE * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&spool->lock);
	spool->stopping = true;
	pthread_cond_signal(&spool->more);
	while (!spool->ended &&
	       pthread_cond_clockwait(&spool->over, &spool->lock, CLOCK_MONOTONIC, &until) == 0)
		;
	ended = spool->ended;
	spool->abandoned = !ended;
	if (!ended)
		pthread_detach(spool->thread);
	pthread_mutex_unlock(&spool->lock);
	return ended;
}

bool spool_free(struct spool *spool)
{
	if (!spool)
		return true;
	if (!await_end(spool))
		return false;
	pthread_join(spool->thread, NULL);
	destroy(spool);
	return true;
}
