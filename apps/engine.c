#include "engine.h"

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

void engine_stop(struct engine *e)
{
	if (e->resolver)
		s5_resolver_free(e->resolver);
	if (e->running) {
		s5_pool_fini(&e->pool);
		s5_loop_fini(&e->loop);
	}
	e->resolver = NULL;
	e->running = false;
}
