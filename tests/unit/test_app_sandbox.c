/* The sandbox, each time in a process of its own: what is out of reach, and what still works. */
#include "testlib.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox.h"

static char folder[] = "/tmp/sandbox.XXXXXX";
static char inside[sizeof folder + 8], other[sizeof folder + 8];

#define CHILD_GOOD 0
#define CHILD_NONE 77 /* this kernel has no Landlock */

/* What a child found wrong is its exit status: a line of this file. */
#define MUST(condition)                        \
	do {                                   \
		if (!(condition))              \
			_exit(__LINE__ % 256); \
	} while (0)
#define FAILS(call, error) MUST((call) < 0 && errno == (error))

static void in_child(void (*work)(void))
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		work();
		_exit(CHILD_GOOD);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CHILD_NONE)
		skip();
	assert_int_equal(WEXITSTATUS(status), CHILD_GOOD);
}

static void write_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0755);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "#!/bin/true\n", 12), 12);
	close(fd);
}

static int make_files(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(inside, sizeof inside, "%s/in", folder);
	snprintf(other, sizeof other, "%s/out", folder);
	assert_int_equal(mkdir(inside, 0755), 0);
	write_file(other);
	assert_int_equal(chdir(inside), 0);
	write_file("file");
	return 0;
}

static int remove_files(void **state)
{
	(void)state;
	unlink("file");
	unlink("made");
	assert_int_equal(chdir("/"), 0);
	unlink(other);
	rmdir(inside);
	return rmdir(folder);
}

static void give_up_files(unsigned rights)
{
	const struct sandbox_file files[] = { { "/nosuch/file", SANDBOX_READ },
					      { inside, rights } };
	int version = sandbox_files(files, LENGTH(files));

	if (version == -ENOSYS || version == -EOPNOTSUPP)
		_exit(CHILD_NONE);
	MUST(version >= 1);
}

static void read_only(void)
{
	give_up_files(SANDBOX_READ);
	MUST(open("file", O_RDONLY) >= 0);
	FAILS(open("file", O_WRONLY), EACCES);
	FAILS(open("made", O_WRONLY | O_CREAT, 0600), EACCES);
	FAILS(unlink("file"), EACCES);
	FAILS(open(other, O_RDONLY), EACCES);
	FAILS(open("/etc/passwd", O_RDONLY), EACCES);
	FAILS(open("/proc/self/maps", O_RDONLY), EACCES);
	FAILS(mkdir("folder", 0700), EACCES);
	FAILS(symlink(other, "link"), EACCES);
	FAILS(execl("./file", "file", NULL), EACCES);
	FAILS(execl("/bin/true", "true", NULL), EACCES);
}

TEST(SEC_11_files_that_are_not_named_cannot_be_opened)
{
	in_child(read_only);
}

static void write_too(void)
{
	give_up_files(SANDBOX_WRITE | SANDBOX_REMOVE);
	MUST(open("made", O_WRONLY | O_CREAT, 0600) >= 0);
	FAILS(open("made", O_RDONLY), EACCES);
	MUST(unlink("made") == 0);
	FAILS(open(other, O_WRONLY), EACCES);
	FAILS(unlink(other), EACCES);
}

TEST(what_is_to_be_written_can_be_written_and_no_more)
{
	in_child(write_too);
}

static void one_file(void)
{
	const struct sandbox_file files[] = { { "file", SANDBOX_READ | SANDBOX_WRITE } };
	int version = sandbox_files(files, 1);

	if (version < 0)
		_exit(CHILD_NONE);
	MUST(open("file", O_RDWR) >= 0);
	FAILS(open(other, O_RDONLY), EACCES);
	FAILS(open("made", O_WRONLY | O_CREAT, 0600), EACCES);
}

TEST(a_single_file_is_within_reach)
{
	in_child(one_file);
}

static void no_programs(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	MUST(page != MAP_FAILED);
	MUST(sandbox_calls(0) == 0);
	MUST(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) < 0 && errno == EPERM);
	FAILS(execl("/bin/true", "true", NULL), EPERM);
	FAILS(execl("./file", "file", NULL), EPERM);
	FAILS(fork(), EPERM);
	FAILS(vfork(), EPERM);
	FAILS(socket(AF_PACKET, SOCK_RAW, 0), EPERM);
	FAILS(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), EPERM);
	FAILS(socket(AF_UNIX, SOCK_STREAM, 0), EPERM);
	FAILS(socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER), EPERM);
	MUST(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		  0) == MAP_FAILED &&
	     errno == EPERM);
	FAILS(mprotect(page, 4096, PROT_READ | PROT_EXEC), EPERM);
	FAILS(syscall(SYS_ptrace, 0, 0, 0, 0), EPERM);
	FAILS(syscall(SYS_kill, getppid(), 0), EPERM);
	FAILS(syscall(SYS_tgkill, getppid(), getppid(), 0), EPERM);
	FAILS(syscall(SYS_setuid, 0), EPERM);
	FAILS(syscall(SYS_mount, "a", "b", "c", 0, NULL), EPERM);
	FAILS(syscall(SYS_unshare, 0), EPERM);
	FAILS(syscall(SYS_bpf, 0, NULL, 0), EPERM);
	FAILS(syscall(SYS_io_uring_setup, 1, NULL), EPERM);
	FAILS(chmod("file", 0777), EPERM);
	FAILS(link("file", "made"), EPERM);
}

TEST(SEC_11_no_program_is_run_and_no_right_is_gained)
{
	in_child(no_programs);
}

static void *other_thread(void *arg)
{
	int *fd = arg;

	*fd = open("file", O_RDONLY);
	FAILS(execl("/bin/true", "true", NULL), EPERM);
	return NULL;
}

static void serving(void)
{
	static const int kinds[] = { AF_INET, AF_INET6 };
	pthread_t thread;
	int fd = -1;
	char *memory;

	MUST(sandbox_calls(0) == 0);
	for (size_t i = 0; i < LENGTH(kinds); i++)
		MUST(socket(kinds[i], SOCK_STREAM, 0) >= 0 || errno == EAFNOSUPPORT);
	MUST(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE) >= 0);
	MUST(epoll_create1(EPOLL_CLOEXEC) >= 0);
	MUST(pthread_create(&thread, NULL, other_thread, &fd) == 0);
	MUST(pthread_join(thread, NULL) == 0);
	MUST(fd >= 0);
	memory = malloc(1 << 24);
	MUST(memory);
	memset(memory, 1, 1 << 24);
	memory = realloc(memory, 1 << 25);
	MUST(memory);
	free(memory);
	MUST(poll(NULL, 0, 1) == 0);
	MUST(raise(0) == 0);
}

TEST(serving_goes_on)
{
	in_child(serving);
}

static void logging(void)
{
	MUST(sandbox_calls(SANDBOX_DATAGRAMS) == 0);
	MUST(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0);
	FAILS(socket(AF_UNIX, SOCK_STREAM, 0), EPERM);
}

static void passing_on(void)
{
	MUST(sandbox_calls(SANDBOX_STREAMS) == 0);
	MUST(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) >= 0);
	FAILS(socket(AF_UNIX, SOCK_DGRAM, 0), EPERM);
}

TEST(unix_sockets_for_a_proxy_at_one)
{
	in_child(passing_on);
}

TEST(unix_sockets_for_the_systems_log_alone)
{
	in_child(logging);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(SEC_11_files_that_are_not_named_cannot_be_opened),
		cmocka_unit_test(what_is_to_be_written_can_be_written_and_no_more),
		cmocka_unit_test(a_single_file_is_within_reach),
		cmocka_unit_test(SEC_11_no_program_is_run_and_no_right_is_gained),
		cmocka_unit_test(serving_goes_on),
		cmocka_unit_test(unix_sockets_for_a_proxy_at_one),
		cmocka_unit_test(unix_sockets_for_the_systems_log_alone),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
