/* What stands in the braces of a script for a subject: where our targets are, and who we are. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "probe.h"

static void set_part(struct s5_parts *parts, enum s5_part part, const struct s5_addr *a)
{
	struct s5_part_octets *own = &parts->part[part];
	struct s5_writer out = s5_writer_over(own->octets, sizeof(own->octets));

	if (a->atyp)
		s5_put_addr(&out, a);
	own->n = a->atyp && out.rc == S5_OK ? out.len : 0;
}

static void set_login(struct s5_parts *parts, enum s5_part part, const struct s5_credentials *c)
{
	struct s5_part_octets *own = &parts->part[part];
	struct s5_writer out = s5_writer_over(own->octets, sizeof(own->octets));

	s5_credentials_put(&out, c);
	own->n = out.rc == S5_OK ? out.len : 0;
}

static struct s5_addr as_text(const struct s5_addr *a)
{
	struct s5_addr name = { .atyp = 0 };
	char text[S5_ADDR_TEXT];

	if (!a->atyp)
		return name;
	s5_addr_host(a, text, sizeof(text));
	s5_addr_set_name(&name, text, strlen(text), a->port);
	return name;
}

static struct s5_addr as_mapped(const struct s5_addr *a)
{
	uint8_t octets[16] = { [10] = 0xff, [11] = 0xff };

	if (a->atyp != S5_ATYP_IPV4)
		return (struct s5_addr){ .atyp = 0 };
	memcpy(octets + 12, a->octets, 4);
	return s5_addr_ip6(octets, a->port);
}

/* "localhost" is a name of every machine's, but only the proxy's own. */
static struct s5_addr name_of(const struct s5_addr *a)
{
	struct s5_addr name = { .atyp = 0 };

	if (a->atyp && s5_addr_is_loopback(a))
		s5_addr_set_name(&name, "localhost", 9, a->port);
	return name;
}

/* Where nobody listens: the port that nobody may use. */
static struct s5_addr refusing(const struct s5_addr *a)
{
	struct s5_addr refused = *a;

	refused.port = 1;
	return refused;
}

const struct s5_echo *probe_echo(const struct probe_subject *s, enum s5_atyp atyp)
{
	const struct probe *p = s->probe;

	if (!s->addr.atyp || s5_addr_is_loopback(&s->addr))
		return atyp == S5_ATYP_IPV4 ? &p->loop4 : &p->loop6;
	return atyp == S5_ATYP_IPV4 ? &p->echo4 : &p->echo6;
}

/* The connections to our targets are known by it. */
static void set_token(struct probe_subject *s)
{
	struct s5_part_octets *own = &s->prober.parts.part[S5_PART_TOKEN];
	char text[S5_ECHO_FIRST + 1];

	snprintf(text, sizeof(text), "%08" PRIx32, (uint32_t)s->probe->begun++);
	memcpy(own->octets, text, S5_ECHO_FIRST);
	own->n = S5_ECHO_FIRST;
}

void probe_set_targets(struct probe_subject *s)
{
	struct s5_parts *parts = &s->prober.parts;
	const struct probe *p = s->probe;
	const struct s5_echo *e4 = probe_echo(s, S5_ATYP_IPV4), *e6 = probe_echo(s, S5_ATYP_IPV6);
	struct s5_addr tcp_text = as_text(&e4->tcp), mapped = as_mapped(&e4->tcp);
	struct s5_addr tcp_name = name_of(&e4->tcp), udp_name = name_of(&e4->udp);
	struct s5_addr refused = refusing(&e4->tcp), us = e4->tcp;
	struct s5_addr loopback = s5_addr_loopback(s->addr.atyp, s->addr.port);

	us.port = 0;
	set_token(s);
	set_part(parts, S5_PART_TCP4, &e4->tcp);
	set_part(parts, S5_PART_TCP6, &e6->tcp);
	set_part(parts, S5_PART_TCP_NAME, &tcp_name);
	set_part(parts, S5_PART_TCP_TEXT, &tcp_text);
	set_part(parts, S5_PART_TCP_MAPPED, &mapped);
	set_part(parts, S5_PART_UDP4, &e4->udp);
	set_part(parts, S5_PART_UDP6, &e6->udp);
	set_part(parts, S5_PART_UDP_NAME, &udp_name);
	set_part(parts, S5_PART_REFUSED, &refused);
	set_part(parts, S5_PART_US, &us);
	parts->part[S5_PART_WHO].n = S5_ECHO_FIRST;
	memcpy(parts->part[S5_PART_WHO].octets, S5_ECHO_WHO, S5_ECHO_FIRST);
	set_part(parts, S5_PART_TARGET, &p->target);
	if (s->addr.atyp)
		set_part(parts, S5_PART_LOOPBACK, &loopback);
}

void probe_set_credentials(struct probe_subject *s, const struct s5_credentials *own, bool known)
{
	struct s5_credentials wrong = { .ulen = 6, .plen = 5 }, ours = { .ulen = 0 };
	const struct probe *p = s->probe;

	memcpy(wrong.user, "nobody", 6);
	memcpy(wrong.password, "wrong", 5);
	ours.ulen = (uint8_t)p->nuser;
	ours.plen = (uint8_t)p->npassword;
	memcpy(ours.user, p->user, p->nuser);
	memcpy(ours.password, p->password, p->npassword);
	if (known)
		ours = *own;
	if (known || p->nuser)
		set_login(&s->prober.parts, S5_PART_LOGIN, &ours);
	set_login(&s->prober.parts, S5_PART_BAD_LOGIN, &wrong);
	explicit_bzero(&ours, sizeof(ours));
}
