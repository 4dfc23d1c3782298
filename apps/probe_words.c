#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "probe.h"
#include "proxy.h"

static int fail(const struct probe *p, const char *why)
{
	out_error(&p->options.out, "%s", why);
	return EXIT_USAGE;
}

static int check(const struct probe *p, const char *word)
{
	struct s5_hop hop = { .path = NULL };
	struct opt_error err;
	bool known;
	int rc = proxy_parse(&hop, &known, word, &err);

	explicit_bzero(&hop.credentials, sizeof(hop.credentials));
	free((char *)hop.path);
	return rc < 0 ? fail(p, err.text) : EXIT_OK;
}

int probe_words_take(struct probe *p, int count, char **argv)
{
	struct words *given = &p->given;
	int status = EXIT_OK;

	given->items = calloc((size_t)count + 1, sizeof(*given->items));
	while (given->items && given->count < count && status == EXIT_OK) {
		char *word = strdup(argv[given->count]);

		if (!word)
			return fail(p, strerror(ENOMEM));
		secret_mask(argv[given->count], SECRET_PROXY);
		given->items[given->count++] = word;
		if (!p->options.client)
			status = check(p, word);
	}
	p->words = given->items;
	p->nwords = (size_t)count;
	return given->items ? status : fail(p, strerror(ENOMEM));
}
