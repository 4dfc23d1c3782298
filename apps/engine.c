#include "engine.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

int engine_start(struct engine *e, bool numeric, const struct out *out)
{
	int rc = s5_loop_init(&e->loop);

	if (rc == 0) {
		e->running = true;
		rc = s5_pool_init(&e->pool, &e->loop);
	}
	if (rc == 0 && !numeric)
		rc = s5_resolver_new(&e->resolver, &e->loop, NULL);
	if (rc == 0)
		return EXIT_OK;
	out_error(out, "cannot start: %s", strerror(-rc));
	return EXIT_NETWORK;
}

#define THREADS 4
#define WAITING 1024 /* jobs */

int engine_start_work(struct engine *e, const struct out *out)
{
	struct s5_work *work = calloc(1, sizeof(*work));
	int rc = work ? s5_work_init(work, THREADS, WAITING) : -ENOMEM;

	if (rc == 0) {
		e->work = work;
		return EXIT_OK;
	}
	free(work);
	out_error(out, "cannot start: %s", strerror(-rc));
	return EXIT_NETWORK;
}

/* A thread that still waits for somebody far away is left behind with its pool: we end. */
static void stop_work(struct engine *e)
{
	if (e->work && s5_work_quit(e->work))
		free(e->work);
	e->work = NULL;
}

void engine_stop(struct engine *e)
{
	stop_work(e);
	if (e->resolver)
		s5_resolver_free(e->resolver);
	if (e->running) {
		s5_pool_fini(&e->pool);
		s5_loop_fini(&e->loop);
	}
	e->resolver = NULL;
	e->running = false;
}
