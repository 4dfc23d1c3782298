/* Socket addresses and the options every socket here gets. All sockets are non-blocking and
 * close-on-exec. 0 or a descriptor, else -errno. Any thread. */
#ifndef S5_NET_SOCK_H
#define S5_NET_SOCK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/addr.h"

struct s5_sockaddr {
	socklen_t len;
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	};
};

/* Ports lo to hi; 0, 0: any, as the kernel picks. */
struct s5_port_range {
	uint16_t lo, hi;
};

/* How packets leave this machine. */
struct s5_egress {
	char interface[16]; /* through that one; empty: any */
	uint32_t mark; /* for the kernel's routing rules; 0: none */
};

/* False for a name. */
bool s5_sockaddr_from(struct s5_sockaddr *sa, const struct s5_addr *a);
/* False when the path does not fit. */
bool s5_sockaddr_from_path(struct s5_sockaddr *sa, const char *path);
/* A Unix address becomes atyp 0. IPv4-mapped addresses become IPv4. */
struct s5_addr s5_sockaddr_to(const struct s5_sockaddr *sa);

/* The address of this end; atyp 0 when there is none. Whose the other end is says accept4(): a peer
 * that is gone has no getpeername(). */
struct s5_addr s5_sock_local(int fd);

/* The address from which this machine would reach dst, port 0. No packet is sent. 0 or -errno. */
int s5_sock_route(struct s5_addr *local, const struct s5_addr *dst);
/* The interface of the link-local IPv6 address of this end; 0: it is no such address. */
uint32_t s5_sock_scope(int fd);
/* A socket of `type` on that address (of that interface, should it be link-local), on a port of the
 * range that is chosen at random; one of SOCK_STREAM listens. -EADDRINUSE: all are taken. */
int s5_sock_bind_range(int type, const struct s5_addr *a, uint32_t scope,
		       struct s5_port_range ports);

/* Of a socket that is not connected yet. -EPERM: a mark takes CAP_NET_ADMIN; -ENODEV. */
int s5_sock_set_egress(int fd, const struct s5_egress *egress);
/* A listening TCP socket. share: others may listen on the same port too (SO_REUSEPORT). */
int s5_listen_tcp(const struct s5_addr *a, bool share);
/* A UDP socket of this address, which may be a wildcard with port 0. */
int s5_sock_udp(const struct s5_addr *a);
/* A listening Unix socket; a socket file that nobody serves any more is replaced. */
int s5_listen_unix(const char *path);
/* Is the port taken by somebody already? 0 or -errno. SO_REUSEPORT alone would hide it. */
int s5_listen_probe(const struct s5_addr *a);

/* Makes a listening socket made elsewhere one of ours: non-blocking, close-on-exec. 0 or -errno;
 * -ENOTSOCK, -EINVAL: it does not listen. */
int s5_sock_adopt(int fd);

/* An IPv6 socket that takes IPv4 clients too. */
bool s5_sock_is_dual(int fd);
/* Closing it sends a reset. */
void s5_sock_reset_on_close(int fd);
/* TCP_NODELAY, SO_KEEPALIVE, SO_OOBINLINE (urgent data is not lost); accepted sockets inherit
 * them. No effect on other sockets. */
void s5_sock_tune(int fd);

#endif
