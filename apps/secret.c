#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "opt.h"
#include "out.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

const struct opt_word secret_sources[] = {
	/* clang-format off */
	{ "pass:", 0, "the password itself" },
	{ "env:", 0, "an environment variable" },
	{ "file:", 0, "the first line of a file" },
	{ "fd:", 0, "the first line of an open descriptor" },
	{ "prompt", 0, "ask on the terminal" },
	{ NULL, 0, NULL },
	/* clang-format on */
};

void secret_wipe(struct secret *secret)
{
	explicit_bzero(secret, sizeof(*secret));
}

int secret_set(struct secret *secret, const void *octets, size_t len)
{
	if (len > SECRET_MAX)
		return -1;
	memcpy(secret->octets, octets, len);
	secret->octets[len] = '\0';
	secret->len = len;
	return 0;
}

/* Reads up to the newline or the end. Octet by octet: what follows is for the next reader. */
static int read_line(struct secret *secret, int fd)
{
	char octet;
	ssize_t n;

	for (;;) {
		n = read(fd, &octet, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0 || octet == '\n')
			break;
		if (secret->len == SECRET_MAX) {
			errno = EMSGSIZE;
			return -1;
		}
		secret->octets[secret->len++] = (unsigned char)octet;
	}
	secret->octets[secret->len] = '\0';
	return 0;
}

static const char *cause(int error)
{
	return error == EMSGSIZE ? "longer than 255 octets" : strerror(error);
}

/*
 * Every source's function gets what follows its name and puts the cause of a failure, fit to
 * follow the source's name, into err.
 */
static int from_text(struct secret *secret, const char *text, char *err, size_t size)
{
	if (secret_set(secret, text, strlen(text)) == 0)
		return 0;
	snprintf(err, size, "%s", cause(EMSGSIZE));
	return -1;
}

static int from_env(struct secret *secret, const char *name, char *err, size_t size)
{
	const char *text = getenv(name);

	if (text)
		return from_text(secret, text, err, size);
	snprintf(err, size, "not set");
	return -1;
}

static int from_file(struct secret *secret, const char *path, char *err, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : read_line(secret, fd);

	if (rc < 0)
		snprintf(err, size, "%s", cause(errno));
	if (fd >= 0)
		close(fd);
	return rc;
}

static int from_fd(struct secret *secret, const char *text, char *err, size_t size)
{
	char *end;
	long fd = strtol(text, &end, 10);

	if (end == text || *end || *text < '0' || *text > '9' || fd > 1 << 20) {
		snprintf(err, size, "not a descriptor's number");
		return -1;
	}
	if (read_line(secret, (int)fd) == 0)
		return 0;
	snprintf(err, size, "%s", cause(errno));
	return -1;
}

static const struct source {
	const char *prefix;
	bool shown; /* what follows may stand in a message */
	int (*read)(struct secret *secret, const char *rest, char *err, size_t size);
} sources[] = {
	{ "pass:", false, from_text },
	{ "env:", true, from_env },
	{ "file:", true, from_file },
	{ "fd:", true, from_fd },
};

static int read_from(const struct source *from, struct secret *secret, const char *rest, char *err,
		     size_t size)
{
	char why[128], shown[200];

	if (from->read(secret, rest, why, sizeof(why)) == 0)
		return 0;
	out_escape(shown, sizeof(shown), rest, from->shown ? strlen(rest) : 0);
	snprintf(err, size, "password from %s%s: %s", from->prefix, shown, why);
	secret_wipe(secret);
	return -1;
}

int secret_read(struct secret *secret, const char *source, const char *question, char *err,
		size_t size)
{
	secret_wipe(secret);
	if (strcmp(source, "prompt") == 0)
		return secret_ask(secret, question, err, size);
	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
		size_t len = strlen(sources[i].prefix);

		if (strncmp(source, sources[i].prefix, len) == 0)
			return read_from(&sources[i], secret, source + len, err, size);
	}
	/* It may be the password itself, typed without pass: so it is not repeated. */
	snprintf(
		err, size,
		"option --password: it must be pass:TEXT, env:VAR, file:PATH, fd:N or prompt; TEXT "
		"is the password itself");
	return -1;
}

/* What names no source is one, too: it may be the password, typed without pass: before it. */
static const char *find_in_source(const char *value)
{
	const char *found = strcmp(value, "prompt") == 0 ? NULL : value;

	for (size_t i = 0; i < sizeof(sources) / sizeof(*sources); i++) {
		size_t len = strlen(sources[i].prefix);

		if (strncmp(value, sources[i].prefix, len) == 0)
			found = sources[i].shown ? NULL : value + len;
	}
	return found;
}

/* An IPv6 address without a port, or a port, or a path: nothing that was to stand before an @. */
static bool is_address(const char *value, const char *colon)
{
	size_t hex = strspn(value, "0123456789abcdefABCDEF:."),
	       port = strspn(colon + 1, "0123456789");

	if (strncmp(value, "unix:", 5) == 0 || value[0] == '[')
		return true;
	if (strchr(colon + 1, ':'))
		return !value[hex] || value[hex] == '%';
	return port <= SECRET_PORT && !colon[1 + port + (colon[1 + port] == '/')];
}

/* Between the first colon and the last @; where that was forgotten, what is no port. */
static const char *find_in_proxy(const char *value, size_t *len)
{
	size_t scheme = strspn(value, LETTERS "0123456789+-.");
	const char *at = strrchr(value, '@'), *colon;

	if (strncmp(value + scheme, "://", 3) == 0)
		value += scheme + 3;
	colon = strchr(value, ':');
	if (!colon || (at ? colon > at : is_address(value, colon)))
		return NULL;
	*len = at ? (size_t)(at - colon - 1) : strlen(colon + 1);
	return colon + 1;
}

/* Where in `value` the password stands, or NULL. */
static const char *find(const char *value, enum secret_form form, size_t *len)
{
	const char *found = NULL;

	switch (form) {
	case SECRET_NONE:
		break;
	case SECRET_USER:
		found = strchr(value, ':');
		found = found ? found + 1 : NULL;
		break;
	case SECRET_PROXY:
		return find_in_proxy(value, len);
	case SECRET_SOURCE:
		found = find_in_source(value);
		break;
	}
	*len = found ? strlen(found) : 0;
	return found;
}

bool secret_is_in(const char *value, enum secret_form form)
{
	size_t len;

	return find(value, form, &len) && len > 0;
}

void secret_mask(char *value, enum secret_form form)
{
	size_t len;
	const char *found = find(value, form, &len);

	if (found)
		memset(value + (found - value), 'x', len);
}
