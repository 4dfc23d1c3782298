/* Asking for a peer, and telling both replies. */
#include <errno.h>
#include <string.h>

#include "bind.h"
#include "command.h"
#include "json.h"

static void tell_json(struct bind *b, const char *event, const struct s5_addr *a)
{
	char host[S5_ADDR_TEXT], quoted[2 * S5_ADDR_TEXT + 3];

	s5_addr_host(a, host, sizeof(host));
	fprintf(stdout, "{\"event\":\"%s\",\"address\":%s,\"port\":%u}\n", event,
		json_quote(quoted, sizeof(quoted), host), a->port);
	b->deaf = !out_flush(&b->options.out);
}

static void tell(struct bind *b, const char *event, const struct s5_addr *a)
{
	char text[S5_ADDR_TEXT];

	if (b->options.json)
		tell_json(b, event, a);
	else
		out_say(&b->options.out, "%s%s %s", event,
			strcmp(event, "listening") == 0 ? " on" : "",
			s5_addr_format(a, text, sizeof(text)));
}

static void replied(struct proxy_call *call)
{
	struct bind_call *bc = S5_OUTER(call, struct bind_call, call);
	struct s5_addr at = s5_client_bound(&call->client);

	tell(bc->bind, bc->listening ? "accepted" : "listening", &at);
	bc->listening = true;
}

void bind_ask(struct bind *b, struct bind_call *bc, void (*done)(struct proxy_call *call, bool ok))
{
	struct s5_request request = { .cmd = S5_CMD_BIND, .dst = b->peer };

	*bc = (struct bind_call){ .bind = b, .call = { .done = done, .replied = replied } };
	proxy_call_start(&bc->call, &b->proxy, &b->engine.loop, b->engine.resolver, &request);
}

bool bind_may_retry(const struct bind_call *bc)
{
	const struct s5_client_failure *f = &bc->call.client.failure;

	return bc->listening && !f->error && f->session.cause == S5_CAUSE_REFUSED;
}
