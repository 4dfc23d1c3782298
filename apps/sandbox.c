#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* --- files: Landlock has no functions in the C library ------------------------------------------ */

/* Younger than some headers. */
#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif

#define OF_FILES \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE)

/* All that this version knows is denied where no rule allows it. */
static uint64_t rights_of(int version)
{
	uint64_t rights = LANDLOCK_ACCESS_FS_REFER - 1;

	if (version >= 2)
		rights |= LANDLOCK_ACCESS_FS_REFER;
	if (version >= 3)
		rights |= LANDLOCK_ACCESS_FS_TRUNCATE;
	if (version >= 5)
		rights |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
	return rights;
}

static uint64_t rights_asked(unsigned rights)
{
	uint64_t asked = 0;

	if (rights & SANDBOX_READ)
		asked |= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
	if (rights & SANDBOX_WRITE)
		asked |= LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE |
			 LANDLOCK_ACCESS_FS_MAKE_REG;
	if (rights & SANDBOX_REMOVE)
		asked |= LANDLOCK_ACCESS_FS_REMOVE_FILE;
	return asked;
}

static int add_file(int ruleset, const struct sandbox_file *file, uint64_t known)
{
	struct landlock_path_beneath_attr rule = { .allowed_access =
							   rights_asked(file->rights) & known };
	struct stat st;
	int rc = 0;

	rule.parent_fd = open(file->path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return 0;
	if (fstat(rule.parent_fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed_access &= OF_FILES;
	if (rule.allowed_access &&
	    syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		rc = -errno;
	close(rule.parent_fd);
	return rc;
}

int sandbox_files(const struct sandbox_file *files, size_t n)
{
	int version =
		(int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct landlock_ruleset_attr attr = { .handled_access_fs = rights_of(version) };
	int ruleset, rc = 0;

	if (version < 0)
		return -errno;
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);
	if (ruleset < 0)
		return -errno;
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = add_file(ruleset, &files[i], attr.handled_access_fs);
	if (rc == 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
			syscall(SYS_landlock_restrict_self, ruleset, 0) < 0))
		rc = -errno;
	close(ruleset);
	return rc < 0 ? rc : version;
}

/* --- system calls ------------------------------------------------------------------------------- */

/* What serving takes: sockets and the loop, threads and their locks, memory and time, the files that
 * Landlock leaves, and what the C library, c-ares and Kerberos do on their way. Some exist on some
 * machines only. */
static const char *const allowed[] = {
	"accept",
	"accept4",
	"bind",
	"connect",
	"getpeername",
	"getsockname",
	"getsockopt",
	"listen",
	"recvfrom",
	"recvmmsg",
	"recvmsg",
	"sendmmsg",
	"sendmsg",
	"sendto",
	"setsockopt",
	"shutdown",

	"epoll_create1",
	"epoll_ctl",
	"epoll_pwait",
	"epoll_wait",
	"eventfd2",
	"pipe2",
	"poll",
	"ppoll",
	"select",
	"pselect6",
	"splice",

	"close",
	"dup",
	"dup2",
	"dup3",
	"fcntl",
	"fdatasync",
	"flock",
	"fstat",
	"fsync",
	"ftruncate",
	"lseek",
	"pread64",
	"pwrite64",
	"read",
	"readv",
	"write",
	"writev",

	"access",
	"faccessat",
	"faccessat2",
	"fchmod",
	"getcwd",
	"getdents64",
	"lstat",
	"newfstatat",
	"open",
	"openat",
	"readlink",
	"readlinkat",
	"stat",
	"statx",
	"umask",
	"unlink",
	"unlinkat",

	"exit",
	"exit_group",
	"futex",
	"get_robust_list",
	"gettid",
	"restart_syscall",
	"rseq",
	"rt_sigaction",
	"rt_sigprocmask",
	"rt_sigreturn",
	"rt_sigtimedwait",
	"sched_getaffinity",
	"sched_yield",
	"set_robust_list",
	"set_tid_address",
	"sigaltstack",

	"brk",
	"madvise",
	"mremap",
	"munmap",

	"clock_getres",
	"clock_gettime",
	"clock_nanosleep",
	"gettimeofday",
	"nanosleep",
	"time",

	"getegid",
	"geteuid",
	"getgid",
	"getpgrp",
	"getpid",
	"getppid",
	"getrandom",
	"getrlimit",
	"getrusage",
	"getuid",
	"prlimit64",
	"sysinfo",
	"uname",
};

/* One argument of a call, of which the bits of the mask count, has this value. */
struct argument {
	unsigned index;
	uint64_t mask, value;
};

#define EXACTLY(index, value)            \
	{                                \
		index, UINT64_MAX, value \
	}
#define TYPE(type) /* whatever flags come with it */ \
	{                                            \
		1, 0xf, type                         \
	}
#define PROTECTION(index, value)                     \
	{                                            \
		index, PROT_WRITE | PROT_EXEC, value \
	}

/* Calls of which only some uses are allowed. No memory is both written and run, nor is any
 * made such that is run once it was written. */
static const struct use {
	const char *name;
	struct argument argument[3]; /* mask 0 ends them */
} narrow[] = {
	{ "socket", { EXACTLY(0, AF_INET), TYPE(SOCK_STREAM) } },
	{ "socket", { EXACTLY(0, AF_INET), TYPE(SOCK_DGRAM) } },
	{ "socket", { EXACTLY(0, AF_INET6), TYPE(SOCK_STREAM) } },
	{ "socket", { EXACTLY(0, AF_INET6), TYPE(SOCK_DGRAM) } },
	{ "socket", { EXACTLY(0, AF_NETLINK), EXACTLY(2, NETLINK_ROUTE) } },
	{ "clone", { { 0, CLONE_THREAD, CLONE_THREAD } } },
	{ "ioctl", { { 1, UINT32_MAX, FIONREAD } } },
	{ "ioctl", { { 1, UINT32_MAX, SIOCOUTQ } } },
	{ "ioctl", { { 1, UINT32_MAX, TCGETS } } },
	{ "ioctl", { { 1, UINT32_MAX, TIOCGWINSZ } } },
	{ "ioctl", { { 1, UINT32_MAX, SIOCGIFINDEX } } },
	{ "ioctl", { { 1, UINT32_MAX, SIOCGIFNAME } } },
	{ "mmap", { PROTECTION(2, 0) } },
	{ "mmap", { PROTECTION(2, PROT_WRITE) } },
	{ "mmap", { PROTECTION(2, PROT_EXEC) } },
	{ "mprotect", { PROTECTION(2, 0) } },
	{ "mprotect", { PROTECTION(2, PROT_WRITE) } },
};

/* By the bits of enum sandbox_unix. */
static const struct use unix_uses[] = {
	{ "socket", { EXACTLY(0, AF_UNIX), TYPE(SOCK_DGRAM) } },
	{ "socket", { EXACTLY(0, AF_UNIX), TYPE(SOCK_STREAM) } },
};

#define LENGTH(array) (sizeof(array) / sizeof(array)[0])

/* A call that this machine does not have needs no rule. */
static int add_rule(scmp_filter_ctx filter, uint32_t action, const char *name, unsigned n,
		    const struct scmp_arg_cmp *compare)
{
	int number = seccomp_syscall_resolve_name(name), rc;

	if (number == __NR_SCMP_ERROR)
		return 0;
	rc = seccomp_rule_add_array(filter, action, number, n, compare);
	return rc == -EDOM || rc == -EFAULT ? 0 : rc;
}

static int allow_use(scmp_filter_ctx filter, const struct use *use)
{
	struct scmp_arg_cmp compare[LENGTH(use->argument)];
	unsigned n = 0;

	for (; n < LENGTH(use->argument) && use->argument[n].mask; n++)
		compare[n] = (struct scmp_arg_cmp){ .arg = use->argument[n].index,
						    .op = SCMP_CMP_MASKED_EQ,
						    .datum_a = use->argument[n].mask,
						    .datum_b = use->argument[n].value };
	return add_rule(filter, SCMP_ACT_ALLOW, use->name, n, compare);
}

static int allow_all(scmp_filter_ctx filter, unsigned unix_sockets)
{
	/* abort(3) and raise(3) */
	const struct use self = { "tgkill", { EXACTLY(0, (uint64_t)getpid()) } };
	int rc = allow_use(filter, &self);

	for (size_t i = 0; i < LENGTH(allowed) && rc == 0; i++)
		rc = add_rule(filter, SCMP_ACT_ALLOW, allowed[i], 0, NULL);
	for (size_t i = 0; i < LENGTH(narrow) && rc == 0; i++)
		rc = allow_use(filter, &narrow[i]);
	for (size_t i = 0; i < LENGTH(unix_uses) && rc == 0; i++)
		if (unix_sockets >> i & 1)
			rc = allow_use(filter, &unix_uses[i]);
	/* Its arguments are out of a filter's sight: without it threads are made by clone. */
	if (rc == 0)
		rc = add_rule(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);
	return rc;
}

int sandbox_calls(unsigned unix_sockets)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int rc = filter ? allow_all(filter, unix_sockets) : -ENOMEM;

	if (rc == 0)
		rc = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	if (rc == 0)
		rc = seccomp_load(filter);
	if (filter)
		seccomp_release(filter);
	return rc;
}

const char *sandbox_library(char *text, size_t size)
{
	const struct scmp_version *v = seccomp_version();

	snprintf(text, size, "%u.%u.%u", v->major, v->minor, v->micro);
	return text;
}
