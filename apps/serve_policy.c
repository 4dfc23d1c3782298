/* The policy of `socks5 serve`, from its options: methods, GSSAPI, rules, and users (serve_users.c). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/names.h"
#include "file.h"
#include "serve_setup.h"

/* methods */

bool serve_has_method(const struct serve *s, uint8_t method)
{
	const struct s5_session_config *c = &s->policy.session;

	return memchr(c->methods, method, c->nmethods) != NULL;
}

static void add_method(struct serve *s, uint8_t method)
{
	s->policy.session.methods[s->policy.session.nmethods++] = method;
}

/* Those that are set up; R1928-3.13. */
static void set_default_methods(struct serve *s)
{
	if (s->nusers)
		add_method(s, S5_METHOD_USERPASS);
	if (s->options.keytab || s->nprincipals)
		add_method(s, S5_METHOD_GSSAPI);
	if (!s->policy.session.nmethods)
		add_method(s, S5_METHOD_NONE);
}

static int set_methods(struct serve *s)
{
	const struct opt_list *auth = &s->options.auth;

	for (int i = 0; i < auth->count; i++)
		add_method(s, (uint8_t)auth->values[i]);
	if (!auth->count)
		set_default_methods(s);
	if (serve_has_method(s, S5_METHOD_USERPASS) && !s->nusers)
		return serve_misuse(s, "--auth", "userpass",
				    "there are no users; add --user NAME:PASSWORD or --users FILE");
	if (s->nusers && !serve_has_method(s, S5_METHOD_USERPASS))
		out_warn(&s->options.out, "users are given, but --auth does not ask for them");
	if (s->nprincipals && !serve_has_method(s, S5_METHOD_GSSAPI))
		out_warn(&s->options.out, "principals are given, but --auth does not ask for them");
	return EXIT_OK;
}

/* GSSAPI */

/* The option that is about it, or NULL. */
static const char *find_gssapi_option(const struct serve_options *o)
{
	if (o->keytab)
		return "--keytab";
	if (o->gssapi_service)
		return "--gssapi-service";
	if (o->gssapi_protect.count)
		return "--gssapi-protect";
	return o->gssapi_nec ? "--gssapi-nec" : NULL;
}

static void set_levels(struct s5_gss_config *gss, const struct opt_list *levels)
{
	gss->levels = 1u << S5_LEVEL_INTEGRITY | 1u << S5_LEVEL_CONFIDENTIALITY;
	if (levels->count)
		gss->levels = 0;
	for (int i = 0; i < levels->count; i++)
		gss->levels |= (uint8_t)(1u << levels->values[i]);
}

const char *serve_keytab(const struct serve_options *o)
{
	static const char *const types[] = { "FILE:", "WRFILE:" };
	const char *name = o->keytab ? o->keytab : getenv("KRB5_KTNAME");

	if (!name)
		return "/etc/krb5.keytab";
	for (size_t i = 0; i < sizeof(types) / sizeof(types)[0]; i++)
		if (strncmp(name, types[i], strlen(types[i])) == 0)
			return name + strlen(types[i]);
	return strchr(name, ':') ? NULL : name;
}

/* What the library says of every keytab it cannot use is that it is not there. NULL: it may do. */
static const char *keytab_trouble(const struct serve_options *o)
{
	const char *path = serve_keytab(o);
	uint8_t magic[2] = { 0 };
	size_t len;
	char *octets;

	if (!path)
		return NULL; /* another type, or a name with a colon: the library knows */
	if (!*path)
		return "the name is empty";
	octets = file_read(path, &len);
	if (!octets)
		return strerror(errno);
	memcpy(magic, octets, len < sizeof(magic) ? len : sizeof(magic));
	explicit_bzero(octets, len);
	free(octets);
	if (!len)
		return "it is empty; ktadd of kadmin(1) puts keys in";
	return magic[0] == 5 && (magic[1] == 1 || magic[1] == 2) ? NULL : "it is not a keytab";
}

static void warn_of_keytab(const struct serve *s)
{
	const char *path = serve_keytab(&s->options);

	if (path && file_is_open_to(path, S_IRWXO))
		out_warn(&s->options.out,
			 "option --keytab: %s: others may read it, and be us; chmod 600 it", path);
}

static int no_acceptor(const struct serve_options *o, const char *why)
{
	const char *keytab = o->keytab ? o->keytab : "the default keytab";

	if (o->gssapi_service)
		out_error(&o->out, "option --gssapi-service: %s: no key of it is in %s: %s",
			  o->gssapi_service, keytab, why);
	else
		out_error(&o->out, "%s%s: no credentials to accept tickets with: %s%s",
			  o->keytab ? "option --keytab: " : "option --auth: ",
			  o->keytab ? o->keytab : "gssapi", why,
			  s5_gss_library() ? "; klist -k shows what is in a keytab" : "");
	return EXIT_USAGE;
}

/* R1961-3.15: what no ticket could be taken with is found out now, not by the first client. */
static int set_gssapi(struct serve *s)
{
	const struct serve_options *o = &s->options;
	struct s5_gss_config *gss = &s->policy.session.gss;
	const char *option = find_gssapi_option(o);
	const char *trouble;
	char why[S5_GSS_WHY];

	if (option && !serve_has_method(s, S5_METHOD_GSSAPI)) {
		out_error(&o->out,
			  "option %s: it is for GSSAPI, which --auth gssapi, or without --auth a "
			  "--keytab, turns on",
			  option);
		return EXIT_USAGE;
	}
	if (!serve_has_method(s, S5_METHOD_GSSAPI))
		return EXIT_OK;
	gss->nec = o->gssapi_nec;
	set_levels(gss, &o->gssapi_protect);
	if (o->gssapi_service && !*o->gssapi_service)
		return serve_misuse(s, "--gssapi-service", "''", "the name is empty");
	trouble = o->keytab && s5_gss_library() ? keytab_trouble(o) : NULL;
	if (trouble)
		return serve_misuse(s, "--keytab", *o->keytab ? o->keytab : "''", trouble);
	s->policy.acceptor = s5_gss_acceptor_new(o->keytab, o->gssapi_service, why);
	gss->acceptor = s->policy.acceptor;
	if (!s->policy.acceptor)
		return no_acceptor(o, why);
	warn_of_keytab(s);
	return EXIT_OK;
}

/* rules */

/* A name that was misspelled denies in silence, or allows what it was to deny. */
static void warn_of_users(const struct serve *s)
{
	const struct s5_users nobody = { .n = 0 };
	bool tickets = serve_has_method(s, S5_METHOD_GSSAPI);
	const struct s5_users *users =
		tickets || serve_has_method(s, S5_METHOD_USERPASS) ? &s->policy.users : &nobody;

	bool unlisted = tickets && !s->nprincipals; /* whoever has a ticket */

	for (int i = -1;
	     (i = s5_rules_without_user(&s->policy.rules, i + 1, users, unlisted)) >= 0;)
		out_warn(&s->options.out, "rule %d (%s) can match nobody: no user has that name%s",
			 i + 1, s5_rules_text(&s->policy.rules, i),
			 tickets ? ", and a principal's has a realm, NAME@REALM" : "");
}

static int bad_rule(const struct serve *s, const char *where, const char *text,
		    const struct s5_rules_error *err)
{
	if (strpbrk(text, " \t")) /* else the word that is told of is all of it */
		out_error(&s->options.out, "%s: '%s': %s", where, text, err->text);
	else
		out_error(&s->options.out, "%s: %s", where, err->text);
	return EXIT_USAGE;
}

/* A line of a rules file: allow WORDS, or deny WORDS. */
static int add_line(struct serve *s, const char *where, char *line)
{
	char *words = line + strcspn(line, " \t");
	bool allow = words - line == 5 && strncmp(line, "allow", 5) == 0;
	struct s5_rules_error err;

	if (!allow && (words - line != 4 || strncmp(line, "deny", 4) != 0)) {
		out_error(&s->options.out, "%s: '%.*s': a rule begins with allow or deny", where,
			  (int)(words - line < 40 ? words - line : 40), line);
		return EXIT_USAGE;
	}
	words += strspn(words, " \t");
	if (s5_rules_add(&s->policy.rules, allow, words, &err))
		return EXIT_OK;
	return bad_rule(s, where, words, &err);
}

/* What is neither comment nor blanks around. */
static char *trim(char *line)
{
	size_t len = strcspn(line, "#\r");

	while (len && strchr(" \t", line[len - 1]))
		len--;
	line[len] = '\0';
	return line + strspn(line, " \t");
}

static int add_lines(struct serve *s, const char *path, char *text)
{
	int status = EXIT_OK;
	size_t number = 1;

	for (char *line = text, *next; line && status == EXIT_OK; line = next, number++) {
		char where[240];

		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		line = trim(line);
		snprintf(where, sizeof(where), "option --rules: %.180s: line %zu", path, number);
		if (*line)
			status = add_line(s, where, line);
	}
	return status;
}

static int add_file(struct serve *s, const char *path)
{
	size_t len;
	char *text = file_read(path, &len);
	int status;

	if (!text)
		return serve_misuse(s, "--rules", path, strerror(errno));
	if (memchr(text, 0, len))
		status = serve_misuse(s, "--rules", path, "a NUL octet has no place in it");
	else if (file_is_open_to(path, S_IWOTH))
		status = serve_misuse(s, "--rules", path, "anybody may write it; chmod o-w it");
	else
		status = add_lines(s, path, text);
	free(text);
	return status;
}

static int add_rule(struct serve *s, const struct opt_str *rule)
{
	char place[SERVE_WHERE], where[SERVE_WHERE + 20];
	struct s5_rules_error err;

	if (rule->tag == SERVE_RULES)
		return add_file(s, rule->text);
	snprintf(where, sizeof(where), "%soption --%s", serve_where(s, rule, place),
		 rule->tag == SERVE_ALLOW ? "allow" : "deny");
	if (s5_rules_add(&s->policy.rules, rule->tag == SERVE_ALLOW, rule->text, &err))
		return EXIT_OK;
	return bad_rule(s, where, rule->text, &err);
}

static int set_rules(struct serve *s)
{
	int status = EXIT_OK;

	for (size_t i = 0; i < s->options.rules.count && status == EXIT_OK; i++)
		status = add_rule(s, &s->options.rules.items[i]);
	if (status == EXIT_OK)
		warn_of_users(s);
	return status;
}

int serve_make_policy(struct serve *s)
{
	static int (*const parts[])(struct serve *) = { serve_set_users, set_methods, set_gssapi,
							set_rules, serve_set_dial };
	int status = EXIT_OK;

	s5_policy_init(&s->policy);
	s->policy.session.watch = s->options.out.verbose > 1;
	s->policy.max_sessions = (unsigned)s->options.max_sessions;
	s->policy.max_per_client = (unsigned)s->options.max_per_client;
	s->policy.handshake_timeout = s->options.handshake_timeout;
	s->policy.idle_timeout = s->options.idle_timeout;
	s->policy.bind_timeout = s->options.bind_timeout;
	s->policy.accept_proxy = s->options.accept_proxy;
	s->policy.rate = s->options.rate;
	s->policy.rate_user = s->options.rate_user;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts)[0] && status == EXIT_OK; i++)
		status = parts[i](s);
	return status;
}
