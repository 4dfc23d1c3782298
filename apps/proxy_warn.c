/* What is told about passwords: where they go, and who may use them. */
#include <string.h>
#include <strings.h>

#include "base/names.h"
#include "command.h"
#include "proxy.h"

static bool is_near(const struct s5_hop *hop)
{
	return hop->path || s5_addr_is_loopback(&hop->addr) ||
	       (hop->addr.atyp == S5_ATYP_NAME &&
		strcasecmp((const char *)hop->addr.octets, "localhost") == 0);
}

/* A chain beyond the first far hop is far too. */
void proxy_warn_clear_text(struct proxy *p)
{
	char name[PROXY_HOP_TEXT];
	bool far = false;

	for (size_t i = 0; i < p->config.nhops && !p->warned; i++) {
		far |= !is_near(&p->hops[i]);
		if (!far || !p->hops[i].credentials.ulen)
			continue;
		out_warn(p->out, "warning: the password for %s crosses the network in clear text",
			 proxy_hop_name(p, i, name, sizeof(name)));
		p->warned = true;
	}
}

void proxy_warn_lent(const struct proxy *p, const struct s5_addr *listen)
{
	char name[PROXY_HOP_TEXT], where[S5_ADDR_TEXT];

	for (size_t i = 0; i < p->config.nhops && !s5_addr_is_loopback(listen); i++) {
		bool ticket = memchr(p->hops[i].methods, S5_METHOD_GSSAPI, p->hops[i].nmethods);

		if (!p->hops[i].credentials.ulen && !ticket)
			continue;
		out_warn(p->out, "warning: whoever reaches %s goes through %s with our %s",
			 s5_addr_format(listen, where, sizeof(where)),
			 proxy_hop_name(p, i, name, sizeof(name)), ticket ? "ticket" : "login");
		return;
	}
}
