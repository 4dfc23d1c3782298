/* socks5 probe: what a proxy is, what it can do and what it is worth. */
#include "probe.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "descriptors.h"
#include "target.h"

static const struct opt_word format_words[] = {
	{ "text", PROBE_TEXT, "a table for each proxy" },
	{ "json", PROBE_JSON, "an object for each proxy, or case" },
	{ "tap", PROBE_TAP, "cases for a harness" },
	{ "junit", PROBE_JUNIT, "cases for a build server" },
	{ NULL, 0, NULL },
};

static const struct opt_word sort_words[] = {
	{ "end", PROBE_AS_THEY_END, "as they end" },
	{ "latency", PROBE_BY_LATENCY, "the quickest first, once all are done" },
	{ NULL, 0, NULL },
};

#define OPT_TARGET struct probe_options
static const struct opt probe_opts[] = {
	OPT_HEADING("Which proxies"),
	OPT("file", 'f', STR, file, "FILE|-", "proxies from a file, one a line", .want = "@file"),
	OPT("jobs", 'j', INT, jobs, "N", "so many at a time", .min = 1, .max = 4096,
	    .def_say = "64; 1 with --conformance"),
	OPT("user", 'u', STR, user, "NAME[:PASSWORD]",
	    "who we are where a proxy is given without a user", .secret = SECRET_USER,
	    .def_say = "nobody"),
	OPT("password", 0, STR, password, "SOURCE",
	    "where the password comes from: pass:TEXT, env:VAR, file:PATH, fd:N or prompt",
	    .words = secret_sources, .secret = SECRET_SOURCE,
	    .def_say = "asked for where a user has none"),
	OPT("gssapi-protect", 0, ENUM, gssapi.protect, NULL,
	    "the level of protection that is asked for", .words = gssapi_protect_words + 1,
	    .def_say = "the best one that is granted", .advanced = true),
	OPT_INCLUDE(gssapi, gssapi_opts),
	OPT_HEADING("What is tried"),
	OPT("target", 0, STR, target, "HOST:PORT", "see whether it connects there, too"),
	OPT("quick", 0, FLAG, quick, NULL, "only whether it lets in and connects"),
	OPT("timeout", 'w', MSEC, timeout, "DURATION", "wait so long for each answer", .min = 1,
	    .def = "3s"),
	OPT_HEADING("Does it keep the RFCs"),
	OPT("conformance", 0, FLAG, conformance, NULL, "try the cases of RFC 1928, 1929 and 1961"),
	OPT("client", 0, FLAG, client, NULL,
	    "be the server, at LISTEN, and try the client that connects"),
	OPT("exec", 0, STR, exec, "COMMAND",
	    "--client: start the client for each case; {proxy} and {target} stand for addresses",
	    .want = "@program"),
	OPT("strict", 0, FLAG, strict, NULL, "a SHOULD counts as a MUST", .advanced = true),
	OPT("only", 0, STR, only, "ID[,ID]", "these cases, or those that begin so", .want = "@case",
	    .advanced = true, .def_say = "all"),
	OPT("list", 0, FLAG, list, NULL, "list the cases, and try none"),
	OPT_HEADING("What goes out"),
	OPT("alive", 0, FLAG, alive, NULL, "show those alone that are usable"),
	OPT("sort", 0, ENUM, sort, NULL, "in which order", .def = "end", .words = sort_words,
	    .advanced = true),
	OPT("format", 0, ENUM, format, NULL, "how findings are shown", .def = "text",
	    .words = format_words),
	OPT("json", 0, PICK, format, NULL, "the same as --format json", .value = PROBE_JSON),
	OPT("verbose", 'v', COUNT, out.verbose, NULL,
	    "show what was said in cases that pass, too, and all that is not known"),
	OPT_INCLUDE(out, out_opts),
	OPT_END,
};

static int fail(const struct probe *p, const char *what, const char *why)
{
	out_error(&p->options.out, "%s: %s", what, why);
	return EXIT_USAGE;
}

static int read_target(struct probe *p)
{
	struct opt_error err;

	if (!p->options.target ||
	    target_parse_option(&p->target, "--target", p->options.target, &err) == 0)
		return EXIT_OK;
	out_error(&p->options.out, "%s", err.text);
	return EXIT_USAGE;
}

static int fail_password(struct probe *p, const char *why)
{
	char shown[80];

	if (p->options.password) {
		out_error(&p->options.out, "%s", why);
		return EXIT_USAGE;
	}
	out_escape(shown, sizeof(shown), p->user, p->nuser);
	out_error(&p->options.out, "user %s has no password: %s; give one with --password", shown,
		  why);
	return EXIT_USAGE;
}

/* The name up to the first colon; the password from there on, or from its source. */
static int read_user(struct probe *p)
{
	const char *user = p->options.user, *colon = user ? strchr(user, ':') : NULL;
	struct secret secret = { .len = 0 };
	char why[256], question[300];
	int rc = 0;

	if (!user)
		return p->options.password
			       ? fail(p, "option --password", "it is for a user; add -u NAME")
			       : EXIT_OK;
	if (colon && p->options.password)
		return fail(p, "option --password", "the password is in --user already");
	p->nuser = colon ? (size_t)(colon - user) : strlen(user);
	if (!p->nuser || p->nuser > 255)
		return fail(p, "option --user", "a name has 1 to 255 octets");
	memcpy(p->user, user, p->nuser);
	snprintf(question, sizeof(question), "password for %.*s: ", (int)p->nuser, p->user);
	if (colon)
		rc = secret_set(&secret, colon + 1, strlen(colon + 1));
	else
		rc = secret_read(&secret, p->options.password ? p->options.password : "prompt",
				 question, why, sizeof(why));
	if (rc < 0 && colon)
		return fail(p, "option --user", "the password is longer than 255 octets");
	if (rc < 0)
		return fail_password(p, why);
	p->npassword = secret.len;
	memcpy(p->password, secret.octets, secret.len);
	secret_wipe(&secret);
	return EXIT_OK;
}

/* A host of no proxy's: what is wrong with these is wrong with all. */
static int check_gssapi(struct probe *p)
{
	const struct gssapi_options *o = &p->options.gssapi;
	const char *option = gssapi_given(o);
	struct s5_gss_config gss;
	struct opt_error err;

	if (option && !s5_gss_library())
		return fail(p, option, "this build has no GSSAPI");
	if (gssapi_config(&gss, o, "localhost", &err) < 0) {
		out_error(&p->options.out, "%s", err.text);
		return EXIT_USAGE;
	}
	free((void *)(uintptr_t)gss.target);
	return EXIT_OK;
}

static int open_list(struct probe *p)
{
	const char *path = p->options.file;
	int rc = path ? probe_source_open(&p->source, path, &p->options.out) : 0;

	if (rc == 0)
		return EXIT_OK;
	out_error(&p->options.out, "%s: %s", path, strerror(-rc));
	return EXIT_NETWORK;
}

/* The address by which others reach this machine; one that there is not is unknown, no failure. */
static void start_echo(struct probe *p, struct s5_echo *echo, const char *beyond)
{
	struct s5_addr there = { .port = 9 }, here;

	if (s5_addr_set_ip(&there, beyond, strlen(beyond)) && s5_sock_route(&here, &there) == 0 &&
	    !s5_addr_is_loopback(&here))
		s5_echo_start(echo, &p->engine.loop, &here);
}

static int start_targets(struct probe *p)
{
	struct s5_addr here4 = s5_addr_loopback(S5_ATYP_IPV4, 0);
	struct s5_addr here6 = s5_addr_loopback(S5_ATYP_IPV6, 0);
	int rc = s5_echo_start(&p->loop4, &p->engine.loop, &here4);

	if (rc < 0) {
		out_error(&p->options.out, "cannot listen for answers on 127.0.0.1: %s",
			  strerror(-rc));
		return EXIT_NETWORK;
	}
	s5_echo_start(&p->loop6, &p->engine.loop, &here6);
	start_echo(p, &p->echo4, "192.0.2.1");
	start_echo(p, &p->echo6, "2001:db8::1");
	return EXIT_OK;
}

static void stop(struct probe *p)
{
	s5_echo_stop(&p->loop4);
	s5_echo_stop(&p->loop6);
	s5_echo_stop(&p->echo4);
	s5_echo_stop(&p->echo6);
	probe_source_stop(&p->source);
	engine_stop(&p->engine);
	words_fini(&p->given);
	explicit_bzero(p->password, sizeof(p->password));
}

/* Each proxy takes some descriptors, and our end of its connections to our targets takes more. */
static void limit_jobs(struct probe *p)
{
	const size_t ours = 32, each = p->options.conformance ? 4 * PROBE_CASES_AT_ONCE : 4;
	size_t jobs, allowed;

	/* The cases of one must not disturb those of another. */
	if (!p->options.jobs)
		p->options.jobs = p->options.conformance ? 1 : 64;
	jobs = (size_t)p->options.jobs;
	if (!p->options.file && jobs > p->nwords)
		jobs = p->nwords;
	allowed = descriptors_allow(ours + jobs * each);
	if (allowed >= ours + jobs * each)
		return;
	p->options.jobs = allowed >= ours + each ? (int)((allowed - ours) / each) : 1;
	if (jobs == 1)
		return;
	out_warn(&p->options.out, "%zu files may be open at most: %d at a time, not %zu", allowed,
		 p->options.jobs, jobs);
}

static int prepare(struct probe *p)
{
	int status = read_target(p);

	if (status == EXIT_OK)
		status = read_user(p);
	if (status == EXIT_OK)
		status = check_gssapi(p);
	if (status == EXIT_OK)
		status = open_list(p);
	limit_jobs(p);
	if (status == EXIT_OK)
		status = engine_start(&p->engine, false, &p->options.out);
	if (status == EXIT_OK && s5_gss_library())
		status = engine_start_work(&p->engine, &p->options.out);
	if (status == EXIT_OK)
		status = start_targets(p);
	return status;
}

/* What does not go together. */
static int check(const struct command *self, const struct probe_options *o, int count)
{
	if (o->client && (o->conformance || o->file || o->quick || o->alive || o->target))
		return command_misuse(self, "--client tries a client: what is for proxies is not "
					    "for it");
	if (o->client)
		return count > 1 ? command_misuse(self, "--client listens at one address")
				 : EXIT_OK;
	if (o->exec)
		return command_misuse(self, "--exec is for --client");
	if (!o->conformance && (o->only || o->strict))
		return command_misuse(self, "--only and --strict are for --conformance and "
					    "--client");
	if (o->conformance && o->quick)
		return command_misuse(self, "--quick leaves out what --conformance needs to know");
	if (!o->conformance && o->format > PROBE_JSON)
		return command_misuse(self, "--format tap and junit are for --conformance and "
					    "--client");
	if (!count && !o->file)
		return command_misuse(self, "no PROXY is given");
	return EXIT_OK;
}

static int probe_run(const struct command *self, int argc, char **argv)
{
	static struct probe p;
	char why[PROBE_WHY];
	int status = EXIT_OK, count = command_parse(self, &p.options, argc, argv, &status);

	if (count < 0)
		goto out;
	out_init(&p.options.out, self->name);
	signal(SIGPIPE, SIG_IGN);
	if (probe_unknown_case(&p.options, why)) {
		status = fail(&p, "option --only", why);
		goto out;
	}
	if (p.options.list) {
		probe_list(&p.options);
		goto out;
	}
	status = check(self, &p.options, count);
	if (status != EXIT_OK)
		goto out;
	p.is_many = count > 1 || p.options.file;
	status = probe_words_take(&p, count, argv);
	if (status == EXIT_OK)
		status = prepare(&p);
	if (status == EXIT_OK)
		status = p.options.client ? probe_client(&p) : probe_run_all(&p);
out:
	stop(&p);
	opt_fini(self->opts, &p.options);
	return status;
}

static const char *const probe_examples[] = {
	"socks5 probe 192.0.2.1:1080",
	"say what that proxy can do",
	"socks5 probe -f proxies.txt --quick --alive --json",
	"find the usable ones of a list",
	"socks5 probe --client --exec 'curl -sx socks5h://{proxy} {target}'",
	"hold curl against the RFCs",
	NULL,
};

static const char proxy_hint[] = "the proxy is an argument: socks5 probe HOST:PORT";
static const struct opt_word mistaken[] = {
	{ "-x", 0, proxy_hint },
	{ "--proxy", 0, proxy_hint },
	{ NULL, 0, NULL },
};

const struct command probe_command = {
	.name = "probe",
	.summary = "find out what a proxy can do",
	.synopsis = "[OPTION]... PROXY... | --client [LISTEN]",
	.about =
		"Tries what a SOCKS5 proxy can do and tells it: methods, credentials, CONNECT, BIND, UDP "
		"and fragments by each kind of address, whether its replies are true, and how long "
		"each phase takes. Targets are listeners of our own.",
	.opts = probe_opts,
	.examples = probe_examples,
	.want = "@host",
	.mistaken = mistaken,
	.run = probe_run,
};
