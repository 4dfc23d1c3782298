/* -F: the connected socket goes over standard output, a Unix socket, to whoever started us. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/names.h"
#include "command.h"
#include "connect.h"

/* One octet carries it, as ssh and nc have it. */
static int send_fd(int to, int fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .room = { 0 } };
	struct iovec octet = { .iov_base = (char[]){ "" }, .iov_len = 1 };
	struct msghdr m = { .msg_iov = &octet,
			    .msg_iovlen = 1,
			    .msg_control = control.room,
			    .msg_controllen = sizeof(control.room) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&m);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	while (sendmsg(to, &m, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static bool is_unix_socket(int fd)
{
	int domain = 0;
	socklen_t len = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_UNIX;
}

static int pass(const struct connect *c, struct proxy_call *call)
{
	int fd = call->client.fd, rc;

	if (call->client.seal) {
		close(fd);
		out_error(&c->options.out,
			  "option --pass-fd: the proxy seals the connection, and without the seal "
			  "it is of no use");
		return EXIT_NETWORK;
	}
	/* The next owner finds it as connect(2) leaves a socket: blocking. */
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	rc = send_fd(STDOUT_FILENO, fd);
	close(fd);
	if (rc == 0)
		return EXIT_OK;
	out_error(&c->options.out, "cannot pass the connection over standard output: %s",
		  strerror(-rc));
	return EXIT_NETWORK;
}

int connect_pass(struct connect *c)
{
	struct proxy_call call;
	int status;

	if (!is_unix_socket(STDOUT_FILENO)) {
		out_error(&c->options.out,
			  "option --pass-fd: standard output is no Unix socket; this is for ssh's "
			  "ProxyUseFdpass and the like");
		return EXIT_USAGE;
	}
	if (proxy_protection(&c->proxy) != S5_LEVEL_NONE) {
		out_error(
			&c->options.out,
			"option --pass-fd: a connection that is sealed cannot be passed on; leave "
			"it out, or ask for --gssapi-protect none");
		return EXIT_USAGE;
	}
	connect_call(c, &call, c->target.addr.port, NULL);
	status = proxy_call_wait(&call) ? pass(c, &call) : proxy_call_failed(&call);
	proxy_call_fini(&call);
	return status;
}
