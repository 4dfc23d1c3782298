/* Who may reach what: rules in order, the first that matches decides.
 *
 * A rule is words separated by blanks, each at most a list; a rule matches when all its words do:
 *
 *   from=CIDR[,CIDR]           the client's address (a client on a Unix socket has none)
 *   user=NAME[,NAME]           the name it authenticated with
 *   command=connect,bind,udp
 *   to=DESTINATION[:PORTS]     one destination; the word may stand again, any one of them will do
 *
 * DESTINATION is a host name, .suffix (the suffix and all below it), an address, a CIDR or one of
 * the sets any, loopback, private, link-local, multicast, metadata. PORTS is 22 or 80,8000-8099.
 * IPv6 needs brackets before ports: [fd00::/8]:80. Names are compared without case and without
 * one trailing dot; a host that is called like a set is written with that dot.
 *
 * Addresses: ::ffff:0:0/96 is IPv4. NAT64 (64:ff9b::/96) and 6to4 (2002::/16) forms are compared
 * as they stand and as the IPv4 address they carry.
 *
 * The guard: addresses that are loopback, unspecified, link-local, private, metadata, multicast,
 * broadcast or 240/4 are reached by a client elsewhere than on loopback only through an allow
 * whose to= names them as an address, a CIDR or a set. Any other allow passes over them, so that
 * a later rule may still decide. A forwarded form is named by the address that it carries. With
 * command udp multicast, broadcast and 240/4 are guarded from every client.
 *
 * No rule matches: with any allow rule, deny; else whatever the guard leaves open.
 *
 * What a question costs hardly depends on how many rules there are (policy/index.h).
 *
 * The caller owns the struct. Rules are added by one thread; then any number may match. Pure.
 */
#ifndef S5_POLICY_RULES_H
#define S5_POLICY_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/addr.h"
#include "policy/users.h"

struct s5_rule;
struct s5_index;

struct s5_rules {
	struct s5_rule *rows;
	size_t n;
	struct s5_index *index; /* which rules a question may fit; NULL: there are none */
	bool has_allow;
};

/* What is wrong with a rule, for a person: names the word and what is allowed. One line. */
struct s5_rules_error {
	char text[256];
};

/* One question. Everything is borrowed for the call. */
struct s5_query {
	const struct s5_addr *from; /* never NULL; atyp 0: on a Unix socket, as good as loopback */
	const uint8_t *user; /* NULL: it has no name */
	size_t ulen;
	uint8_t cmd; /* enum s5_cmd */
	const struct s5_addr *name; /* what was asked for, an S5_ATYP_NAME; or NULL */
	/* Where it would go; NULL: not resolved yet; atyp 0: not known yet; port 0
	 * then: nor is the port. */
	const struct s5_addr *address;
	/* It goes to a name that is looked up elsewhere: nobody will ask about its address. What a
	 * rule would ask of that is denied. */
	bool elsewhere;
};

enum s5_decision {
	S5_ALLOW,
	S5_DENY,
	S5_UNDECIDED, /* only without an address: ask again for each that turns up */
};

struct s5_verdict {
	enum s5_decision decision;
	int rule; /* which one decided; -1: the default or the guard; undecided: the first unsure */
	bool unsure; /* denied for that the rule asks for an address that nobody here will know */
};

void s5_rules_init(struct s5_rules *r);
void s5_rules_fini(struct s5_rules *r);
/* Parses one rule and puts it last. False: nothing was added and err says why. */
bool s5_rules_add(struct s5_rules *r, bool allow, const char *text, struct s5_rules_error *err);

/* With an address the answer is S5_ALLOW or S5_DENY. With a name alone S5_DENY is final, while
 * S5_ALLOW means that no rule about addresses comes before; the guard has yet to see each address,
 * so ask again for every one before it is used. So it is with an address of atyp 0. A name that is
 * an IP literal is an address. The port is address's, or name's where there is no address. With
 * neither: S5_DENY. */
struct s5_verdict s5_rules_match(const struct s5_rules *r, const struct s5_query *q);
/* Could anything at all be allowed to this client under this name? Looks at nothing else of q. */
bool s5_rules_may_come(const struct s5_rules *r, const struct s5_query *q);
/* A denial in words. */
#define S5_DENIAL_TEXT 80
void s5_verdict_text(struct s5_verdict denial, char text[static S5_DENIAL_TEXT]);

/* Why a rule does or does not decide a question; said of the first word that tells. */
enum s5_reason {
	S5_REASON_MATCH,
	S5_REASON_FROM,
	S5_REASON_USER,
	S5_REASON_COMMAND,
	S5_REASON_TO,
	S5_REASON_GUARD, /* it would allow, but does not name the address that is guarded */
	S5_REASON_ADDRESS, /* it depends on the address, which is not known */
};

enum s5_reason s5_rules_reason(const struct s5_rules *r, int i, const struct s5_query *q);
/* Which set of addresses is guarded from this client and has the address: its name, "" for one that no rule
 * can name; NULL: it is not guarded. */
const char *s5_rules_guard(const struct s5_query *q);
/* Rule i as it was understood, without allow or deny: its words in a fixed order, blocks without the
 * bits that do not count. Returns text. */
const char *s5_rules_render(const struct s5_rules *r, int i, char *text, size_t size);

/* What rule i opens to clients from elsewhere just because it says to=any, as words with commas, into
 * text; NULL: nothing that is guarded. */
const char *s5_rules_opens(const struct s5_rules *r, int i, char *text, size_t size);

/* A question in the words of a rule: from= user= command= to=, one value each. Without from= the
 * client is on this machine, without user= it has no name, without command= it is connect. */
struct s5_rule_question {
	struct s5_query query; /* points into the rest */
	struct s5_addr from, to;
	char user[256];
};

/* False: err says why. The question must not be moved after that. */
bool s5_rule_question_parse(struct s5_rule_question *q, const char *text,
			    struct s5_rules_error *err);

/* There is an allow rule: what no rule matches is denied. */
bool s5_rules_has_allow(const struct s5_rules *r);
/* There are allow rules, and every one says from=: nobody else is let in. */
bool s5_rules_every_allow_has_from(const struct s5_rules *r);
/* The first rule from the ith on that says user= and names none of these; -1: there is none. */
int s5_rules_without_user(const struct s5_rules *r, int i, const struct s5_users *users,
			  bool any_realm);
/* Rule i: its words as typed, good until the next add or fini (NULL: no such rule), and its kind. */
const char *s5_rules_text(const struct s5_rules *r, int i);
bool s5_rules_is_allow(const struct s5_rules *r, int i);

#endif
