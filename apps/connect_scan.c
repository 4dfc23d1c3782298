/* -z: one line for each port on standard output, whether it accepts. */
#include <errno.h>
#include <netdb.h>
#include <arpa/inet.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/names.h"
#include "command.h"
#include "connect.h"

/* The failure is about the port, not about the way there. */
static bool is_answer(const struct connect *c, const struct s5_client_failure *f)
{
	size_t nhops = c->proxy.config.nhops;

	if (nhops == 0)
		return f->phase == S5_PHASE_CONNECT;
	return (size_t)f->hop + 1 == nhops && f->phase == S5_PHASE_REPLY &&
	       f->session.cause != S5_CAUSE_MALFORMED;
}

static void put_answer(const struct s5_client_failure *f, char *text, size_t size)
{
	if (f->error)
		snprintf(text, size, "%s", strerror(f->error));
	else if (f->session.cause == S5_CAUSE_REFUSED)
		snprintf(text, size, "%s (REP %02x)", s5_rep_name(f->session.code),
			 f->session.code);
	else if (f->session.cause == S5_CAUSE_EOF)
		snprintf(text, size, "no reply");
	else
		snprintf(text, size, "timeout");
}

static bool print_result(const struct connect *c, uint16_t port, const char *result)
{
	const struct connect_options *o = &c->options;
	const struct servent *service =
		o->out.verbose && !o->numeric ? getservbyport(htons(port), "tcp") : NULL;
	struct s5_addr addr = c->target.addr;
	char text[S5_ADDR_TEXT];

	addr.port = port;
	printf("%s%s%s%s %s\n", s5_addr_format(&addr, text, sizeof(text)), service ? " (" : "",
	       service ? service->s_name : "", service ? ")" : "", result);
	return out_flush(&o->out); /* at once, for somebody may wait for it */
}

/* False: there is no going on; *status says how it ended. */
static bool scan_port(struct connect *c, uint16_t port, int *status)
{
	struct proxy_call call;
	char text[200] = "open";
	bool answered = true;

	connect_call(c, &call, port, NULL);
	*status = EXIT_OK;
	if (proxy_call_wait(&call)) {
		close(call.client.fd);
	} else if (is_answer(c, &call.client.failure)) {
		put_answer(&call.client.failure, text, sizeof(text));
		*status = proxy_failure_status(&call.client.failure);
	} else {
		*status = proxy_call_failed(&call);
		answered = false;
	}
	proxy_call_fini(&call);
	if (!answered || print_result(c, port, text))
		return answered;
	*status = EXIT_NETWORK;
	return false;
}

int connect_scan(struct connect *c)
{
	struct timespec pause = { .tv_sec = c->options.carry.interval / 1000,
				  .tv_nsec = c->options.carry.interval % 1000 * 1000000 };
	int status = EXIT_OK;
	bool any = false, going = true;

	for (unsigned port = c->target.addr.port; port <= c->target.last && going; port++) {
		if (port > c->target.addr.port)
			nanosleep(&pause, NULL);
		going = scan_port(c, (uint16_t)port, &status);
		any |= status == EXIT_OK;
	}
	return any && going ? EXIT_OK : status;
}
