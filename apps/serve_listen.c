/* The listeners of `socks5 serve`: [HOST:]PORT, unix:PATH, or what systemd passed. */
#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/sock.h"
#include "serve_setup.h"
#include "target.h"

#define DEFAULT_LISTEN "127.0.0.1:1080"
#define DEFAULT_PORT 1080
#define FIRST_PASSED 3 /* systemd's descriptors begin here */

static int cannot(const struct serve *s, const char *where, int error)
{
	out_error(&s->options.out, "cannot listen on %s: %s%s", where, strerrordesc_np(error),
		  target_listen_hint(error));
	return EXIT_NETWORK;
}

static int cannot_unix(const struct serve *s, const char *path, int error)
{
	const char *why = strerrordesc_np(error), *remedy = "";
	struct stat st;

	if (error == EADDRINUSE)
		remedy = "; another server has it: stop that one or choose another path";
	if (error == EADDRINUSE && lstat(path, &st) == 0 && !S_ISSOCK(st.st_mode)) {
		why = "a file that is no socket is there";
		remedy = "; remove it or choose another path";
	}
	out_error(&s->options.out, "cannot listen on unix:%s: %s%s", path, why, remedy);
	return EXIT_NETWORK;
}

int serve_check_open(const struct serve *s, const char *what)
{
	const struct s5_session_config *c = &s->policy.session;

	if (!serve_is_beyond(s) || s->options.open ||
	    s5_rules_every_allow_has_from(&s->policy.rules) ||
	    !memchr(c->methods, S5_METHOD_NONE, c->nmethods))
		return EXIT_OK;
	out_error(&s->options.out,
		  "%s refused: it would serve other machines without authentication; add users "
		  "(--user, --users), from= to every --allow, or --open if that is what you want",
		  what);
	return EXIT_USAGE;
}

/* Through a balancer on this machine come clients from anywhere. */
bool serve_is_beyond(const struct serve *s)
{
	return s->reachable || s->options.accept_proxy;
}

/* a: atyp 0 for a Unix socket. */
static int check_beyond(struct serve *s, const struct s5_addr *a, const char *where)
{
	s->reachable |= a->atyp && !s5_addr_is_loopback(a);
	return serve_check_open(s, where);
}

/* Kept until every listener is there: who waits for this line may rely on it. */
static int announce(struct serve *s, const char *where)
{
	char **names = reallocarray(s->listening, s->nlistening + 1, sizeof(*names));
	char *name = strdup(where);

	if (names)
		s->listening = names;
	if (!names || !name) {
		free(name);
		return cannot(s, where, ENOMEM);
	}
	s->listening[s->nlistening++] = name;
	return EXIT_OK;
}

static bool is_announced(const struct serve *s, const char *where)
{
	size_t i = 0;

	while (i < s->nlistening && strcmp(s->listening[i], where) != 0)
		i++;
	return i < s->nlistening;
}

static int listen_at(struct serve *s, const struct s5_addr *a)
{
	char text[S5_ADDR_TEXT];
	struct s5_addr real;
	int rc;

	if (check_beyond(s, a, s5_addr_format(a, text, sizeof(text))) != EXIT_OK)
		return EXIT_USAGE;
	if (a->port && is_announced(s, text))
		return command_misuse(s->command, "LISTEN %s is given twice", text);
	if (s->options.check) {
		s5_server_reserve(s->server, a);
		rc = serve_check_upstream(s, &s->policy.upstream);
		return rc == EXIT_OK ? announce(s, text) : rc;
	}
	rc = s5_server_listen(s->server, a, &real);
	if (rc < 0)
		return cannot(s, text, -rc);
	return announce(s, s5_addr_format(&real, text, sizeof(text)));
}

static int listen_unix(struct serve *s, const char *path)
{
	char where[128];
	bool fits = *path && strlen(path) < sizeof((struct sockaddr_un){ 0 }.sun_path);
	int rc;

	snprintf(where, sizeof(where), "unix:%s", path);
	if (check_beyond(s, &(struct s5_addr){ .atyp = 0 }, where) != EXIT_OK)
		return EXIT_USAGE;
	if (is_announced(s, where))
		return command_misuse(s->command, "LISTEN %s is given twice", where);
	if (fits && s->options.check)
		return announce(s, where);
	rc = fits ? s5_server_listen_unix(s->server, path) : -ENAMETOOLONG;
	if (rc == -ENAMETOOLONG)
		return command_misuse(s->command, "LISTEN unix:%s: a path of 1 to 107 octets",
				      path);
	if (rc < 0)
		return cannot_unix(s, path, -rc);
	return announce(s, where);
}

/* Splits `[HOST:]PORT` in place; HOST may be `[v6]`. False: it is neither. */
static bool split(char *text, char **host, char **port)
{
	char *colon = strrchr(text, ':');

	*host = NULL;
	*port = colon ? colon + 1 : text;
	if (!colon)
		return **port != 0;
	*colon = 0;
	*host = text;
	if (text[0] == '[' && colon > text + 1 && colon[-1] == ']') {
		colon[-1] = 0;
		*host = text + 1;
	} else if (strchr(text, ':')) {
		return false; /* an IPv6 address without brackets */
	}
	return **host && **port;
}

static int listen_all(struct serve *s, const struct addrinfo *list, uint16_t port)
{
	int status = EXIT_OK;

	for (; list && status == EXIT_OK; list = list->ai_next) {
		struct s5_sockaddr sa = { .len = list->ai_addrlen };
		struct s5_addr a;

		memcpy(&sa.sa, list->ai_addr, list->ai_addrlen);
		a = s5_sockaddr_to(&sa);
		a.port = port;
		status = listen_at(s, &a);
	}
	return status;
}

static int listen_host(struct serve *s, const char *text, const char *host, const char *port)
{
	struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM }, *list;
	struct opt_error err;
	uint16_t number = 0;
	int rc, status;

	if (strcmp(port, "0") != 0 && target_parse_port(&number, port, &err) < 0)
		return command_misuse(s->command, "LISTEN %s: %s", text, err.text);
	rc = getaddrinfo(host, NULL, &hints, &list);
	if (rc != 0)
		return command_misuse(s->command, "LISTEN %s: %s: %s", text, host,
				      gai_strerror(rc));
	status = listen_all(s, list, number);
	freeaddrinfo(list);
	return status;
}

/* What is meant by an address without a port, into text; NULL: it is something else. */
static const char *completed(const char *address, char text[static S5_ADDR_TEXT])
{
	struct s5_addr a = { .port = DEFAULT_PORT };
	size_t len = strlen(address);

	if (len > 2 && address[0] == '[' && address[len - 1] == ']')
		address++, len -= 2;
	else if (len && strchr(address, ':') == address + len - 1)
		len--;
	return s5_addr_set_ip(&a, address, len) ? s5_addr_format(&a, text, S5_ADDR_TEXT) : NULL;
}

static bool is_rule(const char *text)
{
	for (const struct opt_word *word = serve_rule_words; word->name; word++)
		if (strncmp(text, word->name, strlen(word->name)) == 0)
			return true;
	return false;
}

/* What is often written instead. EXIT_OK: it is none of that. */
static int check_mistakes(const struct serve *s, const char *text)
{
	char meant[S5_ADDR_TEXT];

	if (is_rule(text))
		return command_misuse(s->command,
				      "LISTEN %s: a word of a rule; quote the whole rule, as in "
				      "--allow 'from=10.0.0.0/8 to=any'",
				      text);
	if (strncmp(text, "*:", 2) == 0)
		return command_misuse(s->command,
				      "LISTEN %s: * is no address; write 0.0.0.0:%s for all of "
				      "IPv4, [::]:%s for IPv6",
				      text, text + 2, text + 2);
	if (!completed(text, meant))
		return EXIT_OK;
	if (text[0] != '[' && meant[0] == '[')
		return command_misuse(s->command,
				      "LISTEN %s: an IPv6 address stands in brackets before its "
				      "port, as in [::1]:1080",
				      text);
	return command_misuse(s->command, "LISTEN %s: PORT is missing; write %s", text, meant);
}

static int listen_tcp(struct serve *s, const char *text)
{
	char *copy, *host, *port;
	int status = check_mistakes(s, text);

	if (status != EXIT_OK)
		return status;
	copy = strdup(text);
	if (copy && split(copy, &host, &port))
		status = listen_host(s, text, host ? host : "127.0.0.1", port);
	else
		status = command_misuse(s->command,
					"LISTEN %s: not [HOST:]PORT, [v6]:PORT or unix:PATH", text);
	free(copy);
	return status;
}

static int listen_one(struct serve *s, const char *text)
{
	if (strncmp(text, "unix:", 5) == 0)
		return listen_unix(s, text + 5);
	return listen_tcp(s, text);
}

/* A line of the config file. */
static int listen_line(struct serve *s, const struct opt_str *line)
{
	int status = listen_one(s, line->text);

	if (status == EXIT_USAGE)
		out_error(&s->options.out, "that LISTEN is line %zu of %s", line->line,
			  s->options.config.path);
	return status;
}

/* How many sockets systemd passed to this very process. */
static int passed(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	int n;

	if (!pid || !fds || strtol(pid, NULL, 10) != getpid())
		return 0;
	n = (int)strtol(fds, NULL, 10);
	return n > 0 ? n : 0;
}

static int adopt(struct serve *s, int fd)
{
	struct s5_addr a = s5_sock_local(fd);
	char text[S5_ADDR_TEXT] = "a Unix socket passed by systemd";
	int rc = s5_sock_adopt(fd);

	if (a.atyp)
		s5_addr_format(&a, text, sizeof(text));
	if (rc == 0 && check_beyond(s, &a, text) != EXIT_OK)
		return EXIT_USAGE;
	if (rc == 0)
		rc = s5_server_adopt(s->server, fd);
	if (rc < 0)
		return cannot(s, "a socket passed by systemd", -rc);
	return announce(s, text);
}

int serve_listen(struct serve *s, int count, char **arguments)
{
	const struct opt_strs *lines = &s->options.config.listen;
	bool given = count || lines->count;
	int status = EXIT_OK, npassed = given || s->options.check ? 0 : passed();

	for (int i = 0; i < npassed && status == EXIT_OK; i++)
		status = adopt(s, FIRST_PASSED + i);
	for (int i = 0; i < count && status == EXIT_OK; i++)
		status = listen_one(s, arguments[i]);
	for (size_t i = 0; i < lines->count && !count && status == EXIT_OK; i++)
		status = listen_line(s, &lines->items[i]);
	if (!given && !npassed)
		status = listen_one(s, DEFAULT_LISTEN);
	return status;
}

void serve_say_listening(const struct serve *s)
{
	for (size_t i = 0; i < s->nlistening; i++)
		out_say(&s->options.out, "listening on %s", s->listening[i]);
}
