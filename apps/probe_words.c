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
	int status = EXIT_OK;

	p->copies = calloc((size_t)count + 1, sizeof(*p->copies));
	for (int i = 0; p->copies && i < count && status == EXIT_OK; i++) {
		p->copies[i] = strdup(argv[i]);
		secret_mask(argv[i], SECRET_PROXY);
		if (!p->copies[i])
			status = fail(p, strerror(ENOMEM));
		else if (!p->options.client)
			status = check(p, p->copies[i]);
	}
	p->words = p->copies;
	p->nwords = (size_t)count;
	return p->copies ? status : fail(p, strerror(ENOMEM));
}

void probe_words_free(struct probe *p)
{
	for (char **word = p->copies; word && *word; word++) {
		explicit_bzero(*word, strlen(*word));
		free(*word);
	}
	free(p->copies);
}
