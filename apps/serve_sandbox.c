/* --run-as and --sandbox: what the server gives up between opening its sockets and serving. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libgen.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox.h"
#include "serve_setup.h"
#include "session/gss.h"

/* --- who it is ---------------------------------------------------------------------------------- */

static int cannot_be(const struct serve *s, const char *why)
{
	return serve_misuse(s, "--run-as", s->options.run_as, why);
}

/* The files that SIGHUP reads again, one after the other from 0 on; NULL: there are no more. */
static const char *file_of(const struct serve_options *o, size_t i, const char **option)
{
	*option = "--config";
	if (i == 0 && o->config.path)
		return o->config.path;
	i -= o->config.path != NULL;
	*option = "--users";
	if (i < o->users_files.count)
		return o->users_files.items[i].text;
	i -= o->users_files.count;
	*option = "--rules";
	for (size_t k = 0; k < o->rules.count; k++)
		if (o->rules.items[k].tag == SERVE_RULES && i-- == 0)
			return o->rules.items[k].text;
	return NULL;
}

static bool is_log_file(const struct serve *s)
{
	return s->options.log && strcmp(s->options.log, "-") != 0 && !serve_logs_to_system(s);
}

/* SIGHUP reads them again. */
static int check_files(const struct serve *s)
{
	const struct serve_options *o = &s->options;
	const char *path, *option;

	for (size_t i = 0; (path = file_of(o, i, &option)); i++)
		if (access(path, R_OK) < 0)
			out_warn(&o->out,
				 "option %s: %s: %s may not read it, and SIGHUP will not; chown it",
				 option, path, o->run_as);
	if (is_log_file(s) && access(o->log, W_OK) < 0)
		out_warn(&o->out,
			 "option --log: %s: %s may not write it, and SIGHUP will not open it anew; "
			 "chown it",
			 o->log, o->run_as);
	if ((o->bind_ports.lo && o->bind_ports.lo < 1024) ||
	    (o->udp_ports.lo && o->udp_ports.lo < 1024))
		out_warn(&o->out,
			 "%s may not listen on ports below 1024, as --bind-ports or "
			 "--udp-ports wants it",
			 o->run_as);
	/* The library reads it for each ticket. */
	path = serve_has_method(s, S5_METHOD_GSSAPI) ? serve_keytab(o) : NULL;
	if (path && access(path, R_OK) < 0)
		return serve_misuse(s, "--keytab", path,
				    "the user of --run-as may not read it; chown it");
	return serve_check_egress(s, ", for --run-as gives up the right to");
}

/* NULL: it cannot be, and that was said; or nobody is asked for. */
static const struct passwd *find_user(const struct serve *s, int *status)
{
	const struct passwd *user;

	*status = EXIT_OK;
	if (!s->options.run_as)
		return NULL;
	errno = 0;
	user = getpwnam(s->options.run_as);
	if (!user)
		*status = cannot_be(s, errno ? strerrordesc_np(errno) : "there is no such user");
	else if (user->pw_uid != geteuid() && geteuid() != 0)
		*status = cannot_be(s, "only root can become another user");
	return *status == EXIT_OK ? user : NULL;
}

int serve_check_run_as(const struct serve *s)
{
	int status;

	find_user(s, &status);
	return status;
}

/* A log that was made just now is for whoever writes it. */
static void give_log(const struct serve *s, const struct passwd *user)
{
	if (s->log_made && fchown(s->log_fd, user->pw_uid, user->pw_gid) < 0)
		out_warn(&s->options.out, "option --log: %s: %s", s->options.log,
			 strerrordesc_np(errno));
}

int serve_run_as(struct serve *s)
{
	int status;
	const struct passwd *user = find_user(s, &status);

	if (!user || (user->pw_uid == geteuid() && user->pw_uid == getuid()))
		return status;
	give_log(s, user);
	if (initgroups(user->pw_name, user->pw_gid) < 0 ||
	    setresgid(user->pw_gid, user->pw_gid, user->pw_gid) < 0 ||
	    setresuid(user->pw_uid, user->pw_uid, user->pw_uid) < 0)
		return cannot_be(s, strerrordesc_np(errno));
	return check_files(s);
}

/* --- what it reaches ---------------------------------------------------------------------------- */

#define HOSTS "/etc/hosts"

struct list {
	struct sandbox_file *files;
	size_t n;
};

/* path is copied. Where there is no memory the file stays out of reach. */
static void reach(struct list *list, const char *path, unsigned rights)
{
	struct sandbox_file *files;
	char *copy = path && *path ? strdup(path) : NULL;

	if (!copy)
		return;
	files = reallocarray(list->files, list->n + 1, sizeof(*files));
	if (!files) {
		free(copy);
		return;
	}
	list->files = files;
	files[list->n++] = (struct sandbox_file){ copy, rights };
}

static void list_fini(struct list *list)
{
	while (list->n)
		free((char *)list->files[--list->n].path);
	free(list->files);
}

static void reach_its_folder(struct list *list, const char *file, unsigned rights)
{
	char *copy = *file ? strdup(file) : NULL;

	if (copy)
		reach(list, dirname(copy), rights);
	free(copy);
}

/* A file that is replaced is another one: its folder has to be within reach, and where it is a link
 * that of what it leads to. */
static void reach_folder(struct list *list, const char *file, unsigned rights)
{
	struct stat st;
	char *real;

	/* Of <(...) and a FIFO there is nothing to be read again. */
	if (!file || (stat(file, &st) == 0 && !S_ISREG(st.st_mode)))
		return;
	reach_its_folder(list, file, rights);
	if (lstat(file, &st) < 0 || !S_ISLNK(st.st_mode))
		return;
	real = realpath(file, NULL);
	if (real)
		reach_its_folder(list, real, rights);
	free(real);
}

/* Each of a list in a variable of the environment. */
static void reach_each(struct list *list, const char *paths, unsigned rights)
{
	char *copy = paths ? strdup(paths) : NULL, *rest = copy, *path;

	while ((path = strsep(&rest, ":")))
		reach(list, path, rights);
	free(copy);
}

/* For each name it is opened by its path. */
static void note_hosts(struct stat *st)
{
	if (stat(HOSTS, st) < 0)
		*st = (struct stat){ .st_ino = 0 };
}

void serve_warn_of_hosts(const struct serve *s)
{
	struct stat now;

	note_hosts(&now);
	if (s->sandboxed && (now.st_ino != s->hosts.st_ino || now.st_dev != s->hosts.st_dev))
		out_warn(&s->options.out, HOSTS " is another file than at the start, and out of "
						"reach: restart, or write it in place");
}

static void reach_what_names_need(struct list *list)
{
	static const char *const paths[] = { HOSTS,
					     "/etc/resolv.conf",
					     "/etc/services",
					     "/etc/nsswitch.conf",
					     "/etc/host.conf",
					     "/etc/localtime" };

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths)[0]; i++)
		reach(list, paths[i], SANDBOX_READ);
}

/* The realm, plugins, and the note of tickets that were seen. */
static void reach_what_tickets_need(const struct serve *s, struct list *list)
{
	static const char *const paths[] = { "/etc/krb5.conf", "/etc/krb5.conf.d",
					     "/etc/gss",       "/etc/ld.so.cache",
					     "/usr/lib",       "/usr/lib64",
					     "/lib",	       "/lib64" };
	static const char in_file[] = "file2:";
	const char *cache = getenv("KRB5RCACHENAME"), *folder = getenv("KRB5RCACHEDIR");

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths)[0]; i++)
		reach(list, paths[i], SANDBOX_READ);
	reach_each(list, getenv("KRB5_CONFIG"), SANDBOX_READ);
	reach_folder(list, serve_keytab(&s->options), SANDBOX_READ);
	if (cache && strncmp(cache, in_file, strlen(in_file)) == 0)
		reach_folder(list, cache + strlen(in_file), SANDBOX_READ | SANDBOX_WRITE);
	reach(list, folder ? folder : getenv("TMPDIR"), SANDBOX_READ | SANDBOX_WRITE);
	reach(list, "/var/tmp", SANDBOX_READ | SANDBOX_WRITE);
}

static void reach_all(const struct serve *s, struct list *list)
{
	const struct serve_options *o = &s->options;
	const char *path, *option;

	reach_what_names_need(list);
	if (serve_has_method(s, S5_METHOD_GSSAPI))
		reach_what_tickets_need(s, list);
	for (size_t i = 0; (path = file_of(o, i, &option)); i++)
		reach_folder(list, path, SANDBOX_READ);
	if (is_log_file(s)) {
		reach(list, o->log, SANDBOX_READ | SANDBOX_WRITE); /* a FIFO, a device */
		reach_folder(list, o->log, SANDBOX_WRITE);
	}
	for (size_t i = 0; i < s->nlistening; i++)
		if (strncmp(s->listening[i], "unix:", 5) == 0)
			reach_its_folder(list, s->listening[i] + 5, SANDBOX_REMOVE);
}

static int restrict_files(struct serve *s)
{
	struct list list = { .files = NULL };
	int rc;

	reach_all(s, &list);
	note_hosts(&s->hosts);
	rc = sandbox_files(list.files, list.n);
	s->sandboxed = rc >= 0;
	list_fini(&list);
	return rc;
}

/* May it be used, and cannot be opened for all that? access(2) asks for the right alone. */
static bool is_out_of_reach(const char *path, int mode, int flags)
{
	int fd = access(path, mode) == 0 ? open(path, flags | O_CLOEXEC | O_NONBLOCK) : -1;
	bool out = fd < 0 && errno == EACCES && access(path, mode) == 0;

	if (fd >= 0)
		close(fd);
	return out;
}

void serve_explain_unreachable(const struct serve *s, const struct serve_options *next)
{
	static const char why[] = "out of reach in the sandbox, which left the folders that it was "
				  "started with; a restart reaches it";
	const char *path, *option;

	if (!s->sandboxed)
		return;
	for (size_t i = 0; (path = file_of(next, i, &option)); i++)
		if (is_out_of_reach(path, R_OK, O_RDONLY))
			out_error(&s->options.out, "option %s: %s: %s", option, path, why);
	if (next->log && is_out_of_reach(next->log, W_OK, O_WRONLY | O_APPEND))
		out_error(&s->options.out, "option --log: %s: %s", next->log, why);
}

static unsigned unix_sockets(const struct serve *s)
{
	const struct s5_client_config *up = &s->policy.upstream;

	return (serve_logs_to_system(s) ? SANDBOX_DATAGRAMS : 0u) |
	       (up->nhops && up->hops[0].path ? SANDBOX_STREAMS : 0u);
}

/* --- and what it says of that ------------------------------------------------------------------- */

static const char *why_no_files(int rc)
{
	bool is_old = rc == -ENOSYS || rc == -EOPNOTSUPP;

	return is_old ? "this kernel has no Landlock" : strerrordesc_np(-rc);
}

int serve_enter_sandbox(struct serve *s)
{
	const struct out *out = &s->options.out;
	bool wanted = s->options.sandbox == SERVE_SANDBOX_ON;
	int files, calls;

	if (s->options.run_as)
		out_say(out, "running as %s", s->options.run_as);
	if (s->options.sandbox == SERVE_SANDBOX_OFF)
		return EXIT_OK;
	files = restrict_files(s);
	calls = sandbox_calls(unix_sockets(s));
	s->walled = calls == 0;
	s->unix_upstream = unix_sockets(s) & SANDBOX_STREAMS;
	if (files >= 0 && calls == 0)
		out_say(out, "sandbox: files and system calls it does not need are out of reach");
	else if (files >= 0)
		out_say(out,
			"sandbox: files it does not need are out of reach; system calls are not: "
			"%s",
			strerrordesc_np(-calls));
	else if (calls == 0)
		out_say(out,
			"sandbox: system calls it does not need are out of reach; files are not: "
			"%s",
			why_no_files(files));
	else if (!wanted)
		out_say(out, "no sandbox: %s", strerrordesc_np(-calls));
	if (!wanted || (files >= 0 && calls == 0))
		return EXIT_OK;
	out_error(out, "option --sandbox: on: %s: %s", files < 0 ? "Landlock" : "seccomp",
		  strerrordesc_np(files < 0 ? -files : -calls));
	return EXIT_NETWORK;
}
