/* How `socks5 serve` reaches destinations. */
#include <string.h>
#include <unistd.h>

#include "net/sock.h"
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

int serve_set_dial(struct serve *s)
{
	struct s5_dial_options *dial = &s->policy.dial;
	int status;

	dial->timeout = s->options.connect_timeout;
	dial->prefer = preference(s->options.prefer);
	status = s->options.source ? set_source(s, dial) : EXIT_OK;
	s->policy.udp = (struct s5_assoc_options){
		.filter = s->options.udp_filter,
		.idle = s->options.udp_timeout,
		.prefer = dial->prefer,
		.source4 = dial->source4,
		.source6 = dial->source6,
	};
	return status;
}
