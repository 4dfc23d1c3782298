/* A SOCKS address: IPv4, IPv6 or a name, with a port; its text form; address blocks.
 *
 * A name is octets with a length, never trusted as a C string (a NUL inside would cut it), though
 * one NUL always follows it. Everything here is pure: nothing is looked up.
 */
#ifndef S5_BASE_ADDR_H
#define S5_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/names.h"

#define S5_NAME_MAX 255 /* octets that fit ATYP 03 */
#define S5_DNS_NAME_MAX 253 /* octets of the longest name that DNS knows */
/* Room for the text of any address: an escaped name is four characters an octet. */
#define S5_ADDR_TEXT (S5_NAME_MAX * 4 + 16)

struct s5_addr {
	uint8_t atyp; /* enum s5_atyp; 0: no address */
	uint8_t len; /* octets used of `octets`: 4, 16 or the name's length */
	uint16_t port; /* host order */
	uint8_t octets[S5_NAME_MAX + 1];
};

/* An address block: the first `bits` bits count. Only IPv4 and IPv6. */
struct s5_cidr {
	struct s5_addr base;
	uint8_t bits;
};

struct s5_addr s5_addr_ip4(const uint8_t ip[static 4], uint16_t port);
struct s5_addr s5_addr_ip6(const uint8_t ip[static 16], uint16_t port);
/* False when the name is empty or longer than 255 octets. */
bool s5_addr_set_name(struct s5_addr *a, const void *name, size_t len, uint16_t port);
/* A dotted quad or an RFC 4291 text (no brackets, no zone), strictly; the port is kept. */
bool s5_addr_set_ip(struct s5_addr *a, const char *text, size_t len);
/* A literal where there is one, else the name. */
bool s5_addr_set_host(struct s5_addr *a, const char *text, size_t len, uint16_t port);
/* A name that is an IP literal becomes that IP address; anything else stays. */
void s5_addr_literal(struct s5_addr *a);
/* ::ffff:a.b.c.d becomes a.b.c.d; anything else stays. */
void s5_addr_unmap(struct s5_addr *a);

bool s5_addr_is_ip(const struct s5_addr *a);
bool s5_addr_is_any(const struct s5_addr *a); /* 0.0.0.0 or :: */
bool s5_addr_is_loopback(const struct s5_addr *a); /* 127/8, ::1, and mapped forms */
/* True for a name whose last label is a number (127.1, 0x7f000001): no DNS name ends so, and
 * resolvers read such names as addresses of the inet_aton kind. */
bool s5_addr_is_numeric_name(const struct s5_addr *a);
/* 127.0.0.1, and ::1 with ATYP IPv6. */
struct s5_addr s5_addr_loopback(uint8_t atyp, uint16_t port);
/* Equal for equal addresses (s5_addr_equal). Not keyed: for a table whose user can harm nobody but
 * himself. */
uint64_t s5_addr_hash(const struct s5_addr *a);
/* One number for all the addresses that one host may come from: an IPv4 address, an IPv6 /64.
 * 0: no IP address. */
uint64_t s5_addr_source(const struct s5_addr *a);
/* Host and port equal; names without regard to case. */
bool s5_addr_equal(const struct s5_addr *a, const struct s5_addr *b);

/* `host:port`, `[v6]:port`, the name escaped; returns text. */
const char *s5_addr_format(const struct s5_addr *a, char *text, size_t size);
/* The host alone, v6 without brackets. */
const char *s5_addr_host(const struct s5_addr *a, char *text, size_t size);
/* Writes the octets with everything outside 0x21..0x7e and the backslash as \xNN (a blank too),
 * cut to fit; returns text. One event stays one line and one word, whatever a name holds. */
const char *s5_escape(char *text, size_t size, const void *octets, size_t len);

/* `1.2.3.0/24`, `::1`, `fd00::/8`; false when it is none of these. */
bool s5_cidr_parse(struct s5_cidr *c, const char *text, size_t len);
bool s5_cidr_has(const struct s5_cidr *c, const struct s5_addr *a);

#endif
