/* UDP ASSOCIATE: a socket for the client's datagrams, told in the reply. */
#include <errno.h>
#include <string.h>

#include "roles/conn.h"
#include "roles/rep.h"

struct s5_addr s5_conn_near(const struct s5_conn *c)
{
	struct s5_addr a = s5_sock_local(c->watch.fd);

	if (!a.atyp)
		a = s5_addr_loopback(S5_ATYP_IPV4, 0);
	a.port = 0;
	return a;
}

/* Where clients are told to send to, if that is ours: behind NAT it is not. */
static int bind_for_client(const struct s5_conn *c, const struct s5_addr *told,
			   const struct s5_addr *near)
{
	struct s5_port_range ports = c->worker->config->udp_ports;
	uint32_t scope = s5_sock_scope(c->watch.fd);
	int fd = told->atyp ? s5_sock_bind_range(SOCK_DGRAM, told, scope, ports) : -EADDRNOTAVAIL;

	return fd == -EADDRNOTAVAIL ? s5_sock_bind_range(SOCK_DGRAM, near, scope, ports) : fd;
}

/* R1928-U.1 */
void s5_conn_associate(struct s5_conn *c)
{
	const struct s5_server_config *config = c->worker->config;
	struct s5_addr bnd = s5_conn_near(c);
	const struct s5_addr *told =
		bnd.atyp == S5_ATYP_IPV6 ? &config->advertise6 : &config->advertise4;
	int fd = bind_for_client(c, told, &bnd);
	uint16_t port;

	if (fd < 0) {
		s5_conn_answer(c, s5_rep_of_errno(-fd), NULL,
			       fd == -EADDRINUSE ? "no port is free for the client's datagrams"
						 : strerrordesc_np(-fd));
		return;
	}
	s5_udp_tune(fd);
	c->target = fd;
	port = s5_sock_local(fd).port;
	if (told->atyp)
		bnd = *told;
	bnd.port = port;
	s5_conn_answer(c, S5_REP_SUCCEEDED, &bnd, "");
}
