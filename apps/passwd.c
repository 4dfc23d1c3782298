#include <crypt.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "opt.h"
#include "out.h"
#include "secret.h"

enum method { YESCRYPT, SCRYPT, BCRYPT, SHA512, SHA256 };

/* What crypt(3) knows of each: prefix, costs it takes, octets of a password that count. */
static const struct hash {
	const char *prefix;
	int min, max;
	size_t longest;
} hashes[] = {
	[YESCRYPT] = { "$y$", 1, 11, SECRET_MAX },
	[SCRYPT] = { "$7$", 6, 11, SECRET_MAX },
	[BCRYPT] = { "$2b$", 4, 31, 72 },
	[SHA512] = { "$6$", 1000, 999999999, SECRET_MAX },
	[SHA256] = { "$5$", 1000, 999999999, SECRET_MAX },
};

static const struct opt_word method_words[] = {
	{ "yescrypt", YESCRYPT, "memory-hard" },
	{ "scrypt", SCRYPT, "memory-hard" },
	{ "bcrypt", BCRYPT, "72 octets of the password count" },
	{ "sha512", SHA512, "known everywhere" },
	{ "sha256", SHA256, "known everywhere" },
	{ NULL, 0, NULL },
};

struct passwd_options {
	char *password;
	enum method method;
	int cost; /* 0: what libcrypt finds right */
};

#define OPT_TARGET struct passwd_options
static const struct opt passwd_opts[] = {
	OPT("password", 0, STR, password, "SOURCE",
	    "where the password comes from: pass:TEXT, env:VAR, file:PATH, fd:N or prompt",
	    .def_say = "prompt, twice", .words = secret_sources, .secret = SECRET_SOURCE),
	OPT("method", 0, ENUM, method, "METHOD", "how to hash", .def = "yescrypt",
	    .words = method_words, .advanced = true),
	OPT("cost", 0, INT, cost, "N", "how hard to make it, on the method's own scale",
	    .def_say = "libcrypt's", .min = 1, .max = INT_MAX, .advanced = true),
	OPT_END,
};

/* Why a name can't stand in a file of name:hash lines, or NULL. */
static const char *name_fault(const struct secret *name)
{
	if (name->len == 0)
		return "is empty";
	if (name->octets[0] == '#')
		return "begins with '#', as a comment does";
	for (size_t i = 0; i < name->len; i++) {
		if (name->octets[i] == ':')
			return "has a colon, which ends a name";
		if (name->octets[i] < 0x20 || name->octets[i] == 0x7f)
			return "has a control character";
	}
	return NULL;
}

static int get_name(struct secret *name, const char *arg, char *err, size_t size)
{
	const char *fault;
	char cause[200];

	if (!arg && secret_ask_name(name, "user name: ", cause, sizeof(cause)) < 0) {
		snprintf(err, size, "NAME is missing: %s", cause);
		return -1;
	}
	if (arg && secret_set(name, arg, strlen(arg)) < 0) {
		snprintf(err, size, "the name is longer than 255 octets");
		return -1;
	}
	fault = name_fault(name);
	if (fault)
		snprintf(err, size, "the name %s", fault);
	return fault ? -1 : 0;
}

/* The same password twice, for nobody sees what is typed. */
static int ask_twice(struct secret *password, const char *question, char *err, size_t size)
{
	struct secret again = { .len = 0 };
	char cause[200];
	int rc = secret_ask(password, question, cause, sizeof(cause));

	if (rc < 0)
		snprintf(err, size, "no password: %s; --password gives one", cause);
	if (rc == 0)
		rc = secret_ask(&again, "the same again: ", err, size);
	if (rc == 0 && (again.len != password->len ||
			memcmp(again.octets, password->octets, again.len) != 0)) {
		snprintf(err, size, "the two passwords differ");
		rc = -1;
	}
	secret_wipe(&again);
	return rc;
}

static int get_password(struct secret *password, const struct secret *name,
			const struct passwd_options *o, char *err, size_t size)
{
	char question[4 * SECRET_MAX + 40], shown[4 * SECRET_MAX + 1];
	size_t longest = hashes[o->method].longest;
	int rc;

	out_escape(shown, sizeof(shown), name->octets, name->len);
	snprintf(question, sizeof(question), "password for %s: ", shown);
	if (!o->password || strcmp(o->password, "prompt") == 0)
		rc = ask_twice(password, question, err, size);
	else
		rc = secret_read(password, o->password, question, err, size);
	if (rc < 0)
		return -1;
	if (password->len > 0 && password->len <= longest &&
	    !memchr(password->octets, '\0', password->len))
		return 0;
	if (password->len > longest)
		snprintf(err, size, "the password has more than the %zu octets that bcrypt takes",
			 longest);
	else
		snprintf(err, size, "the password %s",
			 password->len ? "has an octet 00" : "is empty");
	return -1;
}

/* Prints name:hash; a failure is told in err. */
static int print_hash(const struct secret *name, const struct secret *password,
		      const struct passwd_options *o, char *err, size_t size)
{
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	struct crypt_data data;
	const char *hash = NULL;

	memset(&data, 0, sizeof(data));
	if (crypt_gensalt_rn(hashes[o->method].prefix, (unsigned long)o->cost, NULL, 0, setting,
			     sizeof(setting)))
		hash = crypt_r((const char *)password->octets, setting, &data);
	if (hash && hash[0] != '*')
		printf("%s:%s\n", (const char *)name->octets, hash);
	else
		snprintf(err, size, "crypt: %s", strerror(errno));
	explicit_bzero(&data, sizeof(data));
	return hash && hash[0] != '*' ? 0 : -1;
}

static int make_line(const char *arg, const struct passwd_options *o, char *err, size_t size)
{
	struct secret name = { .len = 0 }, password = { .len = 0 };
	int rc = get_name(&name, arg, err, size);

	if (rc == 0)
		rc = get_password(&password, &name, o, err, size);
	if (rc == 0)
		rc = print_hash(&name, &password, o, err, size);
	secret_wipe(&password);
	return rc;
}

static bool cost_fits(const struct passwd_options *o)
{
	const struct hash *hash = &hashes[o->method];

	return o->cost == 0 || (o->cost >= hash->min && o->cost <= hash->max);
}

static int passwd_run(const struct command *self, int argc, char **argv)
{
	struct passwd_options o = { .cost = 0 };
	struct out out = { .verbose = 0 };
	char err[300];
	int status = EXIT_OK, count = command_parse(self, &o, argc, argv, &status);

	if (count < 0)
		goto out;
	out_init(&out, self->name);
	if (count > 1) {
		status = command_misuse(self, "more than one NAME; the password is asked for, or "
					      "comes from --password");
	} else if (!cost_fits(&o)) {
		out_error(&out, "option --cost: %s takes %d to %d", method_words[o.method].name,
			  hashes[o.method].min, hashes[o.method].max);
		status = EXIT_USAGE;
	} else if (make_line(argv[0], &o, err, sizeof(err)) < 0) {
		out_error(&out, "%s", err);
		status = EXIT_USAGE;
	}
out:
	opt_fini(self->opts, &o);
	return status;
}

static const char *const passwd_examples[] = {
	"(umask 077; socks5 passwd joe >>users)",
	"ask for joe's password, add him to a file that only you can read",
	"socks5 passwd --password env:JOES_PASSWORD joe",
	"in a script",
	NULL,
};

const struct command passwd_command = {
	.name = "passwd",
	.summary = "make a line for serve's file of users",
	.synopsis = "[OPTION]... [NAME]",
	.about = "Prints name:hash for `socks5 serve --users`, the hash as crypt(3) makes it. A "
		 "NAME that is not given is asked for on the terminal.",
	.opts = passwd_opts,
	.examples = passwd_examples,
	.run = passwd_run,
};
