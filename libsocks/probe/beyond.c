#include "probe/beyond.h"

#include <errno.h>
#include <string.h>

#include "probe/course.h"
#include "probe/side.h"
#include "wire/message.h"

/* datagrams of others */

/* Who is not the relay sends to the same as that. */
void s5_beyond_open_stranger(struct s5_exchange *x)
{
	struct s5_side *relay = &x->side[S5_SPEAKER_DATAGRAMS];
	struct s5_side *stranger = &x->side[S5_SPEAKER_OTHER_DATAGRAMS];
	struct s5_sockaddr to = { .len = sizeof to.in6 };

	if (stranger->watch.fd < 0 && relay->watch.fd >= 0 &&
	    getpeername(relay->watch.fd, &to.sa, &to.len) == 0)
		s5_side_open(stranger, &to, true);
}

/* This machine has more than one address of its own only in the loopback net. False: the exchange is over. */
bool s5_beyond_open_foreign(struct s5_exchange *x)
{
	struct s5_side *relay = &x->side[S5_SPEAKER_DATAGRAMS];
	struct s5_side *foreign = &x->side[S5_SPEAKER_FOREIGN_DATAGRAMS];
	struct s5_sockaddr to = { .len = sizeof to.in6 };
	struct s5_addr there, other = s5_addr_loopback(S5_ATYP_IPV4, 0);

	if (foreign->watch.fd >= 0)
		return true;
	other.octets[3] = 77;
	if (relay->watch.fd >= 0 && getpeername(relay->watch.fd, &to.sa, &to.len) == 0) {
		there = s5_sockaddr_to(&to);
		if (there.atyp == S5_ATYP_IPV4 && s5_addr_is_loopback(&there) &&
		    s5_side_open_from(foreign, &other, &to) == 0)
			return true;
	}
	s5_exchange_untried(x, S5_GSS_ABSENT, "this machine has no other address for it");
	return false;
}

/* the bound address */

static struct s5_addr bound_address(const struct s5_exchange *x)
{
	struct s5_addr bound = x->reply.bnd, proxy = s5_sockaddr_to(&x->proxy);

	if (s5_addr_is_ip(&bound) && !s5_addr_is_any(&bound))
		return bound;
	proxy.port = bound.port;
	return proxy;
}

/* A proxy elsewhere may not send us to our own services, nor to everybody. */
static bool is_misleading(const struct s5_exchange *x, const struct s5_addr *bound)
{
	struct s5_addr proxy = s5_sockaddr_to(&x->proxy);
	bool is_here = !proxy.atyp || s5_addr_is_loopback(&proxy);
	bool is_many = bound->octets[0] >= (bound->atyp == S5_ATYP_IPV4 ? 224 : 255);

	return is_many || (!is_here && s5_addr_is_loopback(bound));
}

static bool open_side(struct s5_exchange *x, enum s5_speaker speaker)
{
	struct s5_addr bound = bound_address(x);
	struct s5_sockaddr to;
	int rc;

	if (!bound.port || is_misleading(x, &bound) || !s5_sockaddr_from(&to, &bound)) {
		x->why = "the bound address is none to go to";
		s5_exchange_finish(x, S5_EXCHANGE_OTHER);
		return false;
	}
	x->met = to;
	rc = s5_side_open(&x->side[speaker], &to, speaker >= S5_SPEAKER_DATAGRAMS);
	if (rc < 0)
		s5_exchange_unreachable(x, -rc);
	return rc == 0;
}

bool s5_beyond_connect(struct s5_exchange *x)
{
	struct s5_side *peer = &x->side[S5_SPEAKER_PEER];

	if (!x->is_begun && !open_side(x, S5_SPEAKER_PEER))
		return false;
	s5_exchange_await(x, x->times.answer);
	return peer->connected;
}

bool s5_beyond_named(struct s5_exchange *x)
{
	struct s5_addr peer = s5_sock_local(x->side[S5_SPEAKER_PEER].watch.fd);

	if (s5_addr_equal(&peer, &x->reply.bnd))
		return true;
	x->why = "the reply names another than who connected";
	s5_exchange_finish(x, S5_EXCHANGE_OTHER);
	return false;
}

bool s5_beyond_refused(struct s5_exchange *x, bool is_late)
{
	struct s5_side *other = &x->side[S5_SPEAKER_OTHER_PEER];

	if (!x->is_begun && s5_side_open(other, &x->met, false) < 0)
		return true;
	s5_exchange_await(x, x->times.answer);
	if (other->reset || other->eof || (is_late && !other->connected))
		return true;
	if (is_late) {
		x->why = "another was let in, too";
		s5_exchange_finish(x, S5_EXCHANGE_OTHER);
	}
	return false;
}

bool s5_beyond_associate(struct s5_exchange *x)
{
	return open_side(x, S5_SPEAKER_DATAGRAMS) && open_side(x, S5_SPEAKER_OTHER_DATAGRAMS);
}

/* our own relay */

static void set_part(struct s5_exchange *x, enum s5_part part, const struct s5_addr *a)
{
	struct s5_part_octets *own = &x->heard->part[part];
	struct s5_writer out = s5_writer_over(own->octets, sizeof own->octets);

	s5_put_addr(&out, a);
	own->n = out.len;
}

bool s5_beyond_relay(struct s5_exchange *x)
{
	struct s5_side *side = &x->side[S5_SPEAKER_DATAGRAMS];
	struct s5_addr at = s5_sock_local(x->side[S5_SPEAKER_CLIENT].watch.fd);
	int rc;

	at.port = 0;
	rc = x->heard ? s5_side_bind(side, &at) : -EINVAL;
	if (rc < 0) {
		s5_exchange_fail(x, S5_EXCHANGE_TROUBLE, -rc);
		return false;
	}
	at = s5_sock_local(side->watch.fd);
	set_part(x, S5_PART_RELAY, &at);
	memset(at.octets, 0, sizeof at.octets);
	set_part(x, S5_PART_RELAY_ANY, &at);
	return true;
}
