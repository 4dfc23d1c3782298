/*
 * Hosts and ports as people type them: HOST PORT, HOST:PORT, [v6]:PORT, ports also by the name of
 * their service and, where that makes sense, as a range. Nothing is resolved here but services.
 */
#ifndef APPS_TARGET_H
#define APPS_TARGET_H

#include "base/addr.h"
#include "opt.h"

struct target {
	struct s5_addr addr; /* with the first port */
	uint16_t last; /* the last port of a range, else the same */
};

/*
 * Takes one word or two for a target. 0, or -1 with the cause in *err; *missing is then whether
 * there are too few words or too many, and not a wrong one.
 */
int target_parse(struct target *target, char *const *words, int count, bool *missing,
		 struct opt_error *err);

/* One host and one port, the value of an option, whose name ("--to") the cause begins with. */
int target_parse_option(struct s5_addr *addr, const char *option, char *text,
			struct opt_error *err);

/* The same for a word or two of which the port may be missing, or 0: then that is 0. */
int target_parse_peer(struct s5_addr *peer, char *const *words, int count, struct opt_error *err);

/*
 * A name or an address, an IPv6 address in brackets or not. What no proxy could be asked for is
 * refused: an empty or overlong name, blanks and control characters, an IPv6 zone.
 */
int target_parse_host(struct s5_addr *addr, const char *text, size_t len, struct opt_error *err);

/* A number from 1 to 65535 or the name of a TCP service. */
int target_parse_port(uint16_t *port, const char *text, struct opt_error *err);

/* PORT or PORT-PORT; one port is first and last. */
int target_parse_ports(uint16_t *first, uint16_t *last, const char *text, struct opt_error *err);

/*
 * Where the port begins in HOST:PORT, or NULL if there is none: the length of the host is then
 * that of the text. -1 in *host: colons that only an IPv6 address in brackets may have.
 */
const char *target_split(const char *text, ptrdiff_t *host);

/* Whether colons and brackets of HOST:PORT are right, `host` being what target_split() gave: 0, or
 * -1 with the cause in *err. */
int target_check_shape(const char *text, ptrdiff_t host, struct opt_error *err);
/* Hex digits and colons up to a zone, or to the dots of an IPv4 address at the end. */
bool target_is_ipv6_like(const char *text);

/* Where to listen, [ADDR:]PORT, on 127.0.0.1 if there is no ADDR; port 0 picks one. */
int target_parse_listen(struct s5_addr *addr, const char *text, struct opt_error *err);

/* What may be done about an errno of bind() and listen(): "; ...", or "". */
const char *target_listen_hint(int error);

#endif
