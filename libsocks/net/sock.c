#include "net/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG 4096
#define BACKLOG_ONE 4 /* for listeners that wait for one peer */
#define DISCARD 9 /* a port for a route: which one does not matter, but some kernels refuse 0 */

bool s5_sockaddr_from(struct s5_sockaddr *sa, const struct s5_addr *a)
{
	memset(sa, 0, sizeof *sa);
	if (a->atyp == S5_ATYP_IPV4) {
		sa->len = sizeof sa->in;
		sa->in.sin_family = AF_INET;
		sa->in.sin_port = htons(a->port);
		memcpy(&sa->in.sin_addr, a->octets, 4);
		return true;
	}
	if (a->atyp == S5_ATYP_IPV6) {
		sa->len = sizeof sa->in6;
		sa->in6.sin6_family = AF_INET6;
		sa->in6.sin6_port = htons(a->port);
		memcpy(&sa->in6.sin6_addr, a->octets, 16);
		return true;
	}
	return false;
}

bool s5_sockaddr_from_path(struct s5_sockaddr *sa, const char *path)
{
	size_t len = strlen(path);

	memset(sa, 0, sizeof *sa);
	if (len == 0 || len >= sizeof sa->un.sun_path)
		return false;
	sa->un.sun_family = AF_UNIX;
	memcpy(sa->un.sun_path, path, len);
	sa->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
	return true;
}

struct s5_addr s5_sockaddr_to(const struct s5_sockaddr *sa)
{
	struct s5_addr a = { .atyp = 0 };

	if (sa->sa.sa_family == AF_INET && sa->len >= sizeof sa->in)
		a = s5_addr_ip4((const uint8_t *)&sa->in.sin_addr, ntohs(sa->in.sin_port));
	if (sa->sa.sa_family == AF_INET6 && sa->len >= sizeof sa->in6)
		a = s5_addr_ip6(sa->in6.sin6_addr.s6_addr, ntohs(sa->in6.sin6_port));
	s5_addr_unmap(&a);
	return a;
}

struct s5_addr s5_sock_local(int fd)
{
	struct s5_sockaddr sa = { .len = sizeof sa.un };

	if (getsockname(fd, &sa.sa, &sa.len) < 0)
		return (struct s5_addr){ .atyp = 0 };
	return s5_sockaddr_to(&sa);
}

uint32_t s5_sock_scope(int fd)
{
	struct s5_sockaddr sa = { .len = sizeof sa.un };

	if (getsockname(fd, &sa.sa, &sa.len) < 0 || sa.sa.sa_family != AF_INET6)
		return 0;
	return sa.in6.sin6_scope_id;
}

bool s5_sock_is_dual(int fd)
{
	int only = 1;
	socklen_t len = sizeof only;

	return getsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, &len) == 0 && !only;
}

void s5_sock_reset_on_close(int fd)
{
	struct linger now = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

void s5_sock_tune(int fd)
{
	static const int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &on, sizeof on);
}

int s5_sock_adopt(int fd)
{
	int listens = 0;
	socklen_t len = sizeof listens;

	if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0)
		return -errno;
	if (!listens)
		return -EINVAL;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ||
	    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) < 0)
		return -errno;
	s5_sock_tune(fd);
	return 0;
}

int s5_sock_route(struct s5_addr *local, const struct s5_addr *dst)
{
	struct s5_addr to = *dst;
	struct s5_sockaddr sa;
	int fd, rc = 0;

	to.port = DISCARD;
	if (!s5_sockaddr_from(&sa, &to))
		return -EINVAL;
	fd = socket(sa.sa.sa_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, &sa.sa, sa.len) < 0)
		rc = -errno;
	*local = s5_sock_local(fd);
	local->port = 0;
	close(fd);
	return rc;
}

static int bound(const struct s5_sockaddr *sa, int type, bool share)
{
	static const int on = 1;
	int fd = socket(sa->sa.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int rc;

	if (fd < 0)
		return -errno;
	if (sa->sa.sa_family != AF_UNIX && type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (sa->sa.sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	if (share)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
	s5_sock_tune(fd);
	if (bind(fd, &sa->sa, sa->len) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

static int listening(int fd, int backlog)
{
	int rc;

	if (fd < 0 || listen(fd, backlog) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

int s5_listen_tcp(const struct s5_addr *a, bool share)
{
	struct s5_sockaddr sa;

	if (!s5_sockaddr_from(&sa, a))
		return -EINVAL;
	return listening(bound(&sa, SOCK_STREAM, share), BACKLOG);
}

static int bind_at(int type, const struct s5_addr *a, uint32_t scope, uint16_t port)
{
	struct s5_addr at = *a;
	struct s5_sockaddr sa;
	int fd;

	at.port = port;
	if (!s5_sockaddr_from(&sa, &at))
		return -EINVAL;
	if (a->atyp == S5_ATYP_IPV6)
		sa.in6.sin6_scope_id = scope;
	fd = bound(&sa, type, false);
	return type == SOCK_STREAM ? listening(fd, BACKLOG_ONE) : fd;
}

int s5_sock_udp(const struct s5_addr *a)
{
	return bind_at(SOCK_DGRAM, a, 0, a->port);
}

int s5_sock_bind_range(int type, const struct s5_addr *a, uint32_t scope,
		       struct s5_port_range ports)
{
	uint32_t n = (uint32_t)(ports.hi - ports.lo) + 1, start;
	int fd = -EADDRINUSE;

	if (getrandom(&start, sizeof start, 0) != sizeof start)
		return -errno;
	start %= n;
	for (uint32_t i = 0; i < n && fd == -EADDRINUSE; i++)
		fd = bind_at(type, a, scope, (uint16_t)(ports.lo + (start + i) % n));
	return fd;
}

int s5_sock_set_egress(int fd, const struct s5_egress *e)
{
	if (e->interface[0] && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, e->interface,
					  (socklen_t)strlen(e->interface)) < 0)
		return -errno;
	if (e->mark && setsockopt(fd, SOL_SOCKET, SO_MARK, &e->mark, sizeof e->mark) < 0)
		return -errno;
	return 0;
}

int s5_listen_probe(const struct s5_addr *a)
{
	int fd;

	if (!a->port)
		return 0;
	fd = s5_listen_tcp(a, false);
	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* True when nobody listens on the socket file behind sa. */
static bool is_stale(const struct s5_sockaddr *sa)
{
	struct stat st;
	int fd, rc;

	if (lstat(sa->un.sun_path, &st) < 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	rc = connect(fd, &sa->sa, sa->len) < 0 ? errno : 0;
	close(fd);
	return rc == ECONNREFUSED;
}

int s5_listen_unix(const char *path)
{
	struct s5_sockaddr sa;
	int fd;

	if (!s5_sockaddr_from_path(&sa, path))
		return -ENAMETOOLONG;
	fd = bound(&sa, SOCK_STREAM, false);
	if (fd == -EADDRINUSE && is_stale(&sa) && unlink(path) == 0)
		fd = bound(&sa, SOCK_STREAM, false);
	return listening(fd, BACKLOG);
}
