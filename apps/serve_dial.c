/* How `socks5 serve` reaches destinations. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "net/sock.h"
#include "proxy.h"
#include "serve_setup.h"

static enum s5_prefer preference(enum serve_prefer prefer)
{
	switch (prefer) {
	case SERVE_PREFER_AUTO:
		break;
	case SERVE_PREFER_IPV4:
		return S5_PREFER_4;
	case SERVE_PREFER_IPV6:
		return S5_PREFER_6;
	}
	return S5_PREFER_AUTO;
}

static int set_source(struct serve *s, struct s5_dial_options *dial)
{
	struct s5_addr a = { .port = 0 };
	int fd;

	if (!s5_addr_set_ip(&a, s->options.source, strlen(s->options.source)))
		return serve_misuse(s, "--source", s->options.source,
				    "not an IPv4 or IPv6 address");
	fd = s5_listen_tcp(&a, false); /* is the address ours? */
	if (fd < 0)
		return serve_misuse(s, "--source", s->options.source,
				    "no interface of this machine has that address");
	close(fd);
	*(a.atyp == S5_ATYP_IPV4 ? &dial->source4 : &dial->source6) = a;
	return EXIT_OK;
}

int serve_check_egress(const struct serve *s, const char *why)
{
	const struct s5_egress *e = &s->policy.dial.egress;
	char mark[16], cause[120];
	int fd, rc;

	if (!e->mark && !*e->interface)
		return EXIT_OK;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	rc = -errno;
	if (fd >= 0) {
		rc = s5_sock_set_egress(fd, e);
		close(fd);
	}
	if (rc == 0)
		return EXIT_OK;
	if (rc == -ENODEV)
		return serve_misuse(s, "--interface", s->options.interface,
				    "this machine has no such interface");
	snprintf(cause, sizeof(cause), "%s%s", strerrordesc_np(-rc), rc == -EPERM ? why : "");
	snprintf(mark, sizeof(mark), "%" PRIu32, e->mark);
	return e->mark ? serve_misuse(s, "--mark", mark, cause)
		       : serve_misuse(s, "--interface", s->options.interface, cause);
}

static int set_egress(struct serve *s, struct s5_egress *egress)
{
	const char *interface = s->options.interface;

	egress->mark = s->options.mark;
	if (interface && (!*interface || strlen(interface) >= sizeof(egress->interface)))
		return serve_misuse(s, "--interface", *interface ? interface : "''",
				    "a name of 1 to 15 octets");
	if (interface)
		strcpy(egress->interface, interface);
	return serve_check_egress(s, "; it takes root (CAP_NET_ADMIN)");
}

/* What was read belongs to the policy from then on. */
static int set_upstream(struct serve *s)
{
	struct proxy_options options = { .chain = s->options.upstream };
	struct proxy proxy = { .hops = NULL };
	int status;

	if (!options.chain.count)
		return EXIT_OK;
	status = proxy_init(&proxy, &options, &s->options.out);
	if (status == EXIT_OK) {
		s->policy.upstream = proxy.config;
		s->policy.upstream.dial = s->policy.dial;
		s->policy.upstream.timeout = s->options.connect_timeout;
		s->policy.upstream.await = s->options.bind_timeout;
		proxy.hops = NULL;
	}
	proxy_fini(&proxy);
	return status;
}

int serve_check_upstream(const struct serve *s, const struct s5_client_config *upstream)
{
	char text[S5_ADDR_TEXT];

	if (!upstream->nhops || upstream->hops[0].path ||
	    !s5_server_listens_at(s->server, &upstream->hops[0].addr))
		return EXIT_OK;
	return serve_misuse(s, "--proxy",
			    s5_addr_format(&upstream->hops[0].addr, text, sizeof(text)),
			    "that is this server itself");
}

int serve_set_dial(struct serve *s)
{
	struct s5_dial_options *dial = &s->policy.dial;
	int status;

	dial->timeout = s->options.connect_timeout;
	dial->prefer = preference(s->options.prefer);
	status = s->options.source ? set_source(s, dial) : EXIT_OK;
	if (status == EXIT_OK)
		status = set_egress(s, &dial->egress);
	s->policy.udp = (struct s5_assoc_options){
		.filter = s->options.udp_filter,
		.idle = s->options.udp_timeout,
		.prefer = dial->prefer,
		.source4 = dial->source4,
		.source6 = dial->source6,
		.egress = dial->egress,
	};
	return status == EXIT_OK ? set_upstream(s) : status;
}
