/* A failure in one line: which proxy, which phase, what came, what to do; and its exit status. */
#include <errno.h>
#include <string.h>

#include "base/names.h"
#include "command.h"
#include "proxy_fail.h"

const char *proxy_duration(int64_t ms, char *text, size_t size)
{
	if (ms < 1000)
		snprintf(text, size, "%lld ms", (long long)ms);
	else if (ms % 1000)
		snprintf(text, size, "%lld.%lld s", (long long)(ms / 1000),
			 (long long)(ms % 1000 / 100));
	else
		snprintf(text, size, "%lld s", (long long)(ms / 1000));
	return text;
}

/* before the dialogue */

static void put_late(const struct proxy_call *call, char *text, size_t size)
{
	char duration[32];

	snprintf(text, size, "no answer within %s; -w waits longer",
		 proxy_duration(call->proxy->config.dial.timeout, duration, sizeof(duration)));
}

static const char *lookup_hint(enum s5_lookup_result result)
{
	switch (result) {
	case S5_LOOKUP_FOUND:
		return "";
	case S5_LOOKUP_NO_NAME:
		return "; is it spelled right?";
	case S5_LOOKUP_NO_DATA:
		return " of the kind asked for";
	case S5_LOOKUP_FAILED:
	case S5_LOOKUP_TIMEOUT:
	case S5_LOOKUP_BUSY:
		return "; try again, or give an address";
	}
	return "";
}

static void put_resolve(const struct proxy_call *call, char *text, size_t size)
{
	const struct s5_client_failure *f = &call->client.failure;

	if (f->end == S5_DIAL_TIMEOUT)
		put_late(call, text, size);
	else
		snprintf(text, size, "%s%s", s5_lookup_text(f->resolved), lookup_hint(f->resolved));
}

const char *proxy_connect_hint(int error, bool direct)
{
	switch (error) {
	case ENETUNREACH:
		return "; there is no route from here";
	case ECONNREFUSED:
	case ENOENT:
		return direct ? "; nobody listens there" : "; is a proxy listening there?";
	case EADDRNOTAVAIL:
		return "; is --source an address of this machine?";
	case EADDRINUSE:
		return "; --source-port is in use";
	case EACCES:
	case EPERM:
		return "; a firewall here, or a port or file that takes more rights";
	default:
		return "";
	}
}

static void put_connect(const struct proxy_call *call, char *text, size_t size)
{
	const struct s5_client_failure *f = &call->client.failure;

	if (f->end == S5_DIAL_TIMEOUT)
		put_late(call, text, size);
	else
		snprintf(text, size, "%s%s", strerror(f->error),
			 proxy_connect_hint(f->error, f->hop < 0));
}

/* in the dialogue */

static const char *eof_hint(uint8_t cmd)
{
	if (cmd == S5_CMD_BIND)
		return "does no BIND";
	return cmd == S5_CMD_UDP ? "does no UDP" : "cannot reach the target";
}

static void put_eof(const struct proxy_call *call, char *text, size_t size)
{
	const struct s5_client_failure *f = &call->client.failure;
	const char *middle = f->session.partial ? "in the middle of" : "without";

	if (f->phase == S5_PHASE_METHOD)
		snprintf(text, size,
			 "proxy closed the connection %s an answer; is it a SOCKS5 proxy, or is it "
			 "full?",
			 middle);
	else if (f->phase == S5_PHASE_CREDENTIALS)
		snprintf(text, size, "proxy closed the connection %s an answer; wrong password?",
			 middle);
	else if (f->phase == S5_PHASE_CONTEXT)
		snprintf(text, size,
			 "proxy closed the connection %s an answer; it may not take our ticket",
			 middle);
	else if (f->phase == S5_PHASE_LEVEL)
		snprintf(text, size,
			 "proxy closed the connection %s an answer; it may not grant %s "
			 "(--gssapi-protect)",
			 middle, s5_level_name(call->proxy->hops[f->hop].gss.level));
	else if (f->session.step == S5_STEP_REPLY2)
		snprintf(text, size, "proxy closed the connection before a peer came");
	else
		snprintf(text, size, "proxy closed the connection %s a reply; perhaps it %s",
			 middle, eof_hint(call->client.request.cmd));
}

static void put_timeout(const struct proxy_call *call, char *text, size_t size)
{
	bool second = call->client.failure.session.step == S5_STEP_REPLY2;
	int64_t timeout = second ? call->config->await : call->config->timeout;
	char duration[32];

	snprintf(text, size, "%s within %s; -w waits longer%s",
		 call->client.failure.session.partial ? "no whole answer"
		 : second			      ? "no peer came"
						      : "no answer",
		 proxy_duration(timeout, duration, sizeof(duration)),
		 call->client.failure.phase == S5_PHASE_METHOD ? "; is it a SOCKS5 proxy?"
		 : call->client.failure.phase == S5_PHASE_CONTEXT
			 ? "; was it the proxy, or the KDC?"
			 : "");
}

/* SOCKS4 answers with version 00 and a code from 5a on; some put the 04 of the request. */
static bool is_socks4(const struct s5_client_failure *f)
{
	return (f->ngot > 0 && f->got[0] == 4) ||
	       (f->ngot > 1 && f->got[0] == 0 && f->got[1] >= 0x5a && f->got[1] <= 0x5d);
}

static const char *malformed_hint(const struct s5_client_failure *f)
{
	if (f->phase != S5_PHASE_METHOD)
		return "";
	return is_socks4(f) ? "; perhaps a SOCKS4 proxy" : "; is it a SOCKS5 proxy?";
}

static void put_malformed(const struct proxy_call *call, char *text, size_t size)
{
	const struct s5_client_failure *f = &call->client.failure;
	enum s5_note note = f->session.note;
	char got[S5_CLIENT_GOT * 4 + 1];

	if (note == S5_NOTE_VERSION_SOCKS4) /* its text is about a client */
		note = S5_NOTE_VERSION;
	out_escape(got, sizeof(got), f->got, f->ngot);
	snprintf(text, size, "proxy answered '%s': %s%s", got, s5_note_text(note),
		 malformed_hint(f));
}

/* What may be done about a REP, or what it means to the one who asked for `dst`. */
static const char *refusal_hint(uint8_t rep, const struct s5_addr *dst)
{
	bool name = dst->atyp == S5_ATYP_NAME;

	switch (rep) {
	case S5_REP_FAILURE:
		return "; the proxy's log may say why";
	case S5_REP_NOT_ALLOWED:
		return "; the proxy's rules forbid it, or it is the proxy itself";
	case S5_REP_NET_UNREACHABLE:
		return "; the proxy has no way to that network";
	case S5_REP_HOST_UNREACHABLE:
		return name ? "; is the name spelled right, and can the proxy resolve it?"
			    : "; is the host up?";
	case S5_REP_REFUSED:
		return "; nobody listens there";
	case S5_REP_TTL_EXPIRED:
		return "; it is too far away, or did not answer in time";
	case S5_REP_CMD_UNSUPPORTED:
		return "; the proxy does not do this for anybody";
	case S5_REP_ATYP_UNSUPPORTED:
		return name ? "; try --dns local" : "; try a name, or the other family";
	default:
		return "";
	}
}

/* The same for the one who asked for a BIND or for UDP. */
static const char *service_hint(const struct s5_request *request, uint8_t rep)
{
	bool named = request->dst.atyp == S5_ATYP_NAME;

	switch (rep) {
	case S5_REP_FAILURE:
		return "; the proxy's log may say why";
	case S5_REP_NOT_ALLOWED:
		return "; the proxy's rules forbid it";
	case S5_REP_CMD_UNSUPPORTED:
		return request->cmd == S5_CMD_UDP
			       ? "; UDP cannot ride over a proxy that does TCP only"
			       : "; the proxy does no BIND";
	default:
		return named ? refusal_hint(rep, &request->dst) : "";
	}
}

/* "UDP", "a BIND", "a BIND for ex.test". */
static const char *name_service(const struct s5_request *request, char *text, size_t size)
{
	const struct s5_addr *peer = &request->dst;
	char where[S5_ADDR_TEXT];

	if (request->cmd == S5_CMD_UDP)
		return "UDP";
	if (s5_addr_is_any(peer))
		return "a BIND";
	if (peer->port)
		s5_addr_format(peer, where, sizeof(where));
	else
		s5_addr_host(peer, where, sizeof(where));
	snprintf(text, size, "a BIND for %s", where);
	return text;
}

/* Of a BIND's second reply: what became of the peer. */
static void put_peerless(const struct proxy_call *call, char *text, size_t size)
{
	const struct s5_client *c = &call->client;
	const struct s5_addr *peer = &c->session.reply.bnd;
	uint8_t rep = c->failure.session.code;
	char where[S5_ADDR_TEXT], whom[S5_ADDR_TEXT + 40] = "no peer came";

	if (rep == S5_REP_TTL_EXPIRED)
		snprintf(whom, sizeof(whom), "nobody came in the proxy's time");
	else if (s5_addr_is_ip(peer) && !s5_addr_is_any(peer))
		snprintf(whom, sizeof(whom), "%s came and was turned away",
			 s5_addr_format(peer, where, sizeof(where)));
	snprintf(text, size, "%s: %s (REP %02x)", whom, s5_rep_name(rep), rep);
}

/* "request refused: connection refused (REP 05) for 127.0.0.1:1"; to a hop in the middle, for the
 * next proxy. */
static void put_refused(const struct proxy_call *call, char *text, size_t size)
{
	const struct s5_client *c = &call->client;
	size_t next = (size_t)c->failure.hop + 1;
	bool middle = next < call->config->nhops;
	bool service = !middle && c->request.cmd != S5_CMD_CONNECT;
	const struct s5_addr *dst = middle ? &call->proxy->hops[next].addr : &c->request.dst;
	uint8_t rep = c->failure.session.code;
	char name[PROXY_HOP_TEXT];
	const char *whom = middle    ? proxy_hop_name(call->proxy, next, name, sizeof(name))
			   : service ? name_service(&c->request, name, sizeof(name))
				     : s5_addr_format(dst, name, sizeof(name));

	snprintf(text, size, "request refused: %s (REP %02x) for %s%s%s", s5_rep_name(rep), rep,
		 whom, service ? service_hint(&c->request, rep) : refusal_hint(rep, dst),
		 rep > S5_REP_NOT_ALLOWED		   ? ""
		 : c->session.method == S5_METHOD_USERPASS ? "; the password was accepted"
		 : c->session.method == S5_METHOD_GSSAPI   ? "; the ticket was accepted"
							   : "");
}

static void put_session(const struct proxy_call *call, char *text, size_t size)
{
	const struct s5_failure *f = &call->client.failure.session;

	switch (f->cause) {
	case S5_CAUSE_EOF:
		put_eof(call, text, size);
		break;
	case S5_CAUSE_TIMEOUT:
		put_timeout(call, text, size);
		break;
	case S5_CAUSE_MALFORMED:
		put_malformed(call, text, size);
		break;
	case S5_CAUSE_NO_METHOD:
		proxy_put_no_method(call, text, size);
		break;
	case S5_CAUSE_UNOFFERED:
	case S5_CAUSE_UNKNOWN_METHOD:
		proxy_put_unoffered(call, text, size);
		break;
	case S5_CAUSE_CREDENTIALS:
		proxy_put_credentials(call, text, size);
		break;
	case S5_CAUSE_CONTEXT:
		proxy_put_context(call, text, size);
		break;
	case S5_CAUSE_ABORTED:
		proxy_put_aborted(call, text, size);
		break;
	case S5_CAUSE_LEVEL:
		proxy_put_level(call, text, size);
		break;
	case S5_CAUSE_SEAL:
		snprintf(text, size, "proxy broke the protection: %s",
			 s5_seal_text((enum s5_seal_fault)f->code));
		break;
	case S5_CAUSE_REFUSED:
	case S5_CAUSE_REQUEST:
		if (f->step == S5_STEP_REPLY2)
			put_peerless(call, text, size);
		else
			put_refused(call, text, size);
		break;
	case S5_CAUSE_MEMORY:
		snprintf(text, size, "%s", s5_cause_text(f->cause));
		break;
	case S5_CAUSE_LOCAL:
	case S5_CAUSE_NONE:
	case S5_CAUSE_COUNT:
		snprintf(text, size, "%s: %s", s5_cause_text(f->cause), s5_note_text(f->note));
		break;
	}
}

const char *proxy_failure_text(const struct proxy_call *call, char *text, size_t size)
{
	const struct s5_client_failure *f = &call->client.failure;
	char where[PROXY_HOP_TEXT], what[PROXY_FAILURE_TEXT];
	bool refused = !f->error && f->session.cause == S5_CAUSE_REFUSED;

	if (f->hop < 0)
		s5_addr_format(&call->client.request.dst, where, sizeof(where));
	else if (f->phase <= S5_PHASE_CONNECT)
		proxy_hop_origin(call->proxy, (size_t)f->hop, where, sizeof(where));
	else
		proxy_hop_name(call->proxy, (size_t)f->hop, where, sizeof(where));
	if (f->phase == S5_PHASE_RESOLVE)
		put_resolve(call, what, sizeof(what));
	else if (f->phase == S5_PHASE_CONNECT)
		put_connect(call, what, sizeof(what));
	else if (f->error)
		snprintf(what, sizeof(what), "%s", strerror(f->error));
	else
		put_session(call, what, sizeof(what));
	snprintf(text, size, "%s: %s%s%s", where, refused ? "" : s5_phase_name(f->phase),
		 refused ? "" : ": ", what);
	return text;
}

static int session_status(const struct s5_failure *f)
{
	switch (f->cause) {
	case S5_CAUSE_NO_METHOD:
	case S5_CAUSE_CREDENTIALS:
	case S5_CAUSE_CONTEXT:
	case S5_CAUSE_ABORTED:
	case S5_CAUSE_LEVEL:
		return EXIT_AUTH;
	case S5_CAUSE_REFUSED:
		return exit_status_of_rep(f->code);
	case S5_CAUSE_LOCAL:
		return EXIT_USAGE;
	case S5_CAUSE_NONE:
	case S5_CAUSE_MEMORY:
	case S5_CAUSE_TIMEOUT:
		return EXIT_NETWORK;
	case S5_CAUSE_EOF:
	case S5_CAUSE_MALFORMED:
	case S5_CAUSE_UNOFFERED:
	case S5_CAUSE_UNKNOWN_METHOD:
	case S5_CAUSE_SEAL:
	case S5_CAUSE_REQUEST:
	case S5_CAUSE_COUNT:
		break;
	}
	return EXIT_PROTOCOL;
}

int proxy_failure_status(const struct s5_client_failure *f)
{
	return f->phase <= S5_PHASE_CONNECT || f->error ? EXIT_NETWORK
							: session_status(&f->session);
}
