/* What a command runs on: a loop, pipes for its relays, a resolver. Zeroed, started, stopped. */
#ifndef APPS_ENGINE_H
#define APPS_ENGINE_H

#include "net/pool.h"
#include "net/resolve.h"
#include "net/work.h"
#include "out.h"

struct engine {
	struct s5_loop loop;
	struct s5_pool pool;
	struct s5_resolver *resolver; /* NULL with numeric: no name is resolved */
	struct s5_work *work; /* NULL: not started */
	bool running;
};

/* EXIT_OK or EXIT_NETWORK, said. */
int engine_start(struct engine *e, bool numeric, const struct out *out);
/* Threads for what may block. EXIT_OK or EXIT_NETWORK, said. */
int engine_start_work(struct engine *e, const struct out *out);
/* Also of what was started in part, or not at all. */
void engine_stop(struct engine *e);

#endif
