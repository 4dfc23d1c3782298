/* The users of `socks5 serve`: --user and --users. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/names.h"
#include "file.h"
#include "serve_setup.h"

static int add_user(struct serve *s, const char *text)
{
	const char *colon = strchr(text, ':');
	struct s5_users_error err = { .line = 0 };

	if (!colon)
		return serve_misuse(s, "--user", text, "no password; write NAME:PASSWORD");
	if (strcmp(colon + 1, "gssapi") == 0 && memchr(text, '@', (size_t)(colon - text)))
		return serve_misuse(s, "--user", text,
				    "a principal stands in a file: --users FILE");
	if (!s5_users_add(&s->policy.users, text, (size_t)(colon - text), colon + 1,
			  strlen(colon + 1), &err)) {
		out_error(&s->options.out, "option --user: %.*s: %s", (int)(colon - text), text,
			  err.why);
		return EXIT_USAGE;
	}
	if (!colon[1])
		out_warn(&s->options.out, "user %.*s has an empty password", (int)(colon - text),
			 text);
	return EXIT_OK;
}

static int bad_file(const struct serve *s, const char *path, const struct s5_users_error *err)
{
	char name[256 * 4 + 3] = "", first[40] = "";

	if (err->name) {
		s5_escape(name, sizeof(name) - 2, err->name, err->nlen);
		strcat(name, ": ");
	}
	if (err->first)
		snprintf(first, sizeof(first), ", in line %zu", err->first);
	out_error(&s->options.out, "option --users: %s: line %zu: %s%s%s", path, err->line, name,
		  err->why, first);
	return EXIT_USAGE;
}

static int read_users(struct serve *s, const char *path)
{
	struct s5_users_error err = { .line = 0 };
	size_t len;
	char *text = file_read(path, &len);
	int status = EXIT_OK;
	bool good;

	if (!text)
		return serve_misuse(s, "--users", path, strerror(errno));
	good = s5_users_parse(&s->policy.users, text, len, &err);
	if (!good)
		status = bad_file(s, path, &err);
	else if (!s->policy.users.n)
		status = serve_misuse(s, "--users", path, "no user in it; socks5 passwd makes one");
	else if (file_is_open_to(path, S_IRWXG | S_IRWXO))
		status = serve_misuse(s, "--users", path, "others may read it; chmod 600 it");
	explicit_bzero(text, len);
	free(text);
	return status;
}

int serve_set_users(struct serve *s)
{
	int status = EXIT_OK;

	if (s->options.users_file)
		status = read_users(s, s->options.users_file);
	for (size_t i = 0; i < s->options.users.count && status == EXIT_OK; i++)
		status = add_user(s, s->options.users.items[i].text);
	s->nusers = s5_users_count(&s->policy.users, false);
	s->nprincipals = s5_users_count(&s->policy.users, true);
	return status;
}
