/* The users of `socks5 serve`: --user and --users. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/names.h"
#include "file.h"
#include "serve_setup.h"

static int bad_user(const struct serve *s, const struct opt_str *user, const char *shown,
		    const char *why)
{
	char where[SERVE_WHERE];

	out_error(&s->options.out, "%soption --user: %s: %s", serve_where(s, user, where), shown,
		  why);
	return EXIT_USAGE;
}

static int add_user(struct serve *s, const struct opt_str *user)
{
	const char *text = user->text, *colon = strchr(text, ':');
	struct s5_users_error err = { .line = 0 };
	char name[256 * 4 + 1];

	if (!colon)
		return bad_user(s, user, strcspn(text, " \t") < strlen(text) ? "NAME" : text,
				"no password; write NAME:PASSWORD");
	if (strcmp(colon + 1, "gssapi") == 0 && memchr(text, '@', (size_t)(colon - text)))
		return bad_user(s, user, text, "a principal stands in a file: --users FILE");
	snprintf(name, sizeof(name), "%.*s", (int)(colon - text), text);
	if (!s5_users_add(&s->policy.users, text, (size_t)(colon - text), colon + 1,
			  strlen(colon + 1), &err))
		return bad_user(s, user, name, err.why);
	if (!colon[1])
		out_warn(&s->options.out, "user %s has an empty password", name);
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
	size_t len, before = s->policy.users.n;
	char *text = file_read(path, &len);
	int status = EXIT_OK;
	bool good;

	if (!text)
		return serve_misuse(s, "--users", path, strerror(errno));
	good = s5_users_parse(&s->policy.users, text, len, &err);
	if (!good)
		status = bad_file(s, path, &err);
	else if (s->policy.users.n == before)
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

	for (size_t i = 0; i < s->options.users_files.count && status == EXIT_OK; i++)
		status = read_users(s, s->options.users_files.items[i].text);
	for (size_t i = 0; i < s->options.users.count && status == EXIT_OK; i++)
		status = add_user(s, &s->options.users.items[i]);
	s->nusers = s5_users_count(&s->policy.users, false);
	s->nprincipals = s5_users_count(&s->policy.users, true);
	return status;
}
