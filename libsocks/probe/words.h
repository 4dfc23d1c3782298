/* What a prober says and what has to come back, written as a text: the rows of a table of cases. It is
 * the client of a server that is on trial, or the server of a client.
 *
 * A script is words, done one after the other:
 *
 *   >OCTETS         send them at once; >:OCTETS each octet in a segment of its own
 *   <OCTETS         these come next; .. is any octet
 *   <choice=XX,XX   the answer to a method list, with one of these methods; <choice=!XX with none
 *   <status=XX      the answer to credentials
 *   <reply=XX       a reply with one of these REPs; its form is that of RFC 1928 section 6
 *   <rep=XX         the same, of whatever form
 *   <eof            the connection ends in order, and nothing comes before that
 *   <end            it ends, in order or by a reset, whatever comes before that
 *   <silence        nothing comes for a while, and it does not end
 *   enter           what it takes to be let in: method list, choice, credentials; or a ticket, and
 *                   then what follows is sealed, if it does not say how
 *   fin             half-close: nothing more is sent; #fin by the peer
 *   wait=MS
 *   connect         somebody connects to the bound address of the last reply; #>OCTETS, #<OCTETS,
 *                   #<eof and so on are his
 *   associate       from now on there is a port for datagrams to the relay of the last reply
 *   u>OCTETS        a datagram from there; v> the same from another port, w> from another address
 *   u<OCTETS        a datagram comes back; u<silence none does
 *   <bound          the bound address of the last reply, as the target says it: {who} asks for it
 *   named           the last reply names who did `connect`
 *   refused         whoever else connects to where `connect` did is refused, or let go
 *
 * and where it is the server
 *
 *   <hello          a method list; what is chosen of it becomes {pick}: 00, or else 02 if it is there
 *   <login          credentials, whatever they are; `login` the same and >0100, if {pick} is 02
 *   <request=XX     a request with one of these CMDs, for {asked}
 *   <any            anything: octets, or none for as long as <silence lasts
 *   <gone           the connection ends, in order or by a reset, and nothing comes before that
 *   rst             the connection ends by a reset of ours
 *   relay           from now on there is a port for datagrams: {relay}, and {relayany} with zeros as
 *                   its address
 *   u<datagram      a datagram in the form of RFC 1928 section 7, for {asked}; u> and v> go to who sent
 *                   the first one
 *
 * Of these <hello!, <login!, <request!= and u<datagram! hold what comes to every word of its section.
 *
 * With a security context, RFC 1961:
 *
 *   context         method 01, its choice, and a context by as many tokens as it takes
 *   sealed          the same, and a level of protection: that which is asked for, or another
 *   >token          the context's first token, in a message of type 1
 *   <context        the tokens from there on, until both sides have a context
 *   ~>level=XX      this level is asked for: signed, in a message of type 2
 *   ~>level         the same with the level that the caller wants
 *   ~<level=XX,XX   one of these levels is granted, and counts from here on
 *   ~>OCTETS        these, sealed at the level granted, else at the one asked for, in as many
 *                   messages of type 3 as it takes: {0*00} is an empty one; ~<OCTETS, ~<reply=XX
 *                   and so on: what comes sealed so, which is one stream however it is cut
 *   u~>OCTETS       a datagram that is a sealed message; so with v~> u~< v~<
 *   ~MANNER>        signed, encrypted: protected like this whatever was agreed; damaged: its last
 *                   octet is another; cut: that octet is missing; mtyp=XX: of another type;
 *                   kept: it is made, and not sent
 *   >kept           the last message that was kept; it may be sent again, and as a datagram: u>kept
 *
 * A `+` behind what is sent over a connection holds it back: it goes in one segment with what is sent
 * next. `A|B` is either of words that wait for something of the same connection. OCTETS are hex digits and,
 * in braces, parts that are known when it runs (probe/parts.def), or N*XX for an octet N times over.
 *
 * Pure. A compiled script borrows nothing of the text.
 */
#ifndef S5_PROBE_WORDS_H
#define S5_PROBE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum s5_part {
#define S5_PART(id, name, text) S5_PART_##id,
#include "probe/parts.def"
#undef S5_PART
	S5_PART_COUNT
};

enum s5_word_kind {
	S5_WORD_SEND,
	S5_WORD_SEND_ONE_BY_ONE,
	S5_WORD_OCTETS, /* from here on those that wait */
	S5_WORD_CHOICE,
	S5_WORD_STATUS,
	S5_WORD_REPLY,
	S5_WORD_REP,
	S5_WORD_LEVEL,
	S5_WORD_REQUEST,
	S5_WORD_HELLO,
	S5_WORD_LOGIN,
	S5_WORD_DATAGRAM,
	S5_WORD_ANY,
	S5_WORD_BOUND,
	S5_WORD_EOF,
	S5_WORD_END,
	S5_WORD_GONE,
	S5_WORD_SILENCE,
	S5_WORD_CONTEXT,
	S5_WORD_FIN, /* and from here on those that do neither */
	S5_WORD_WAIT,
	S5_WORD_CONNECT,
	S5_WORD_ASSOCIATE,
	S5_WORD_RST,
	S5_WORD_RELAY,
	S5_WORD_NAMED,
	S5_WORD_REFUSED,
};

/* Whose socket it is about. */
enum s5_speaker {
	S5_SPEAKER_CLIENT,
	S5_SPEAKER_PEER, /* who connects to the bound address */
	S5_SPEAKER_OTHER_PEER,
	S5_SPEAKER_DATAGRAMS,
	S5_SPEAKER_OTHER_DATAGRAMS, /* of another port */
	S5_SPEAKER_FOREIGN_DATAGRAMS, /* of another address */
	S5_SPEAKER_COUNT
};

/* What a word sends. */
enum s5_word_what {
	S5_WHAT_OCTETS,
	S5_WHAT_TOKEN,
	S5_WHAT_LEVEL, /* the octet of the word; where it has none what the caller wants */
	S5_WHAT_KEPT,
};

/* How a sealed message is not as agreed. */
enum s5_manner {
	S5_MANNER_AGREED,
	S5_MANNER_SIGNED,
	S5_MANNER_ENCRYPTED,
	S5_MANNER_DAMAGED,
	S5_MANNER_CUT,
	S5_MANNER_KEPT,
	S5_MANNER_MTYP, /* of another type */
};

struct s5_word {
	enum s5_word_kind kind;
	enum s5_speaker speaker;
	bool is_alternative; /* to the word before it */
	bool if_login; /* left out unless {pick} is 02 */
	bool is_strict; /* a message: what its parser notes counts against it */
	bool is_held; /* until the next that is sent */
	bool is_sealed; /* what is sent, or waited for */
	enum s5_word_what what;
	enum s5_manner manner;
	uint8_t mtyp; /* of a sealed message */
	/* SEND, OCTETS: each 0..255, S5_OCTET_ANY, or S5_OCTET_PART + enum s5_part */
	uint16_t *octets; /* malloc */
	size_t n;
	uint8_t codes[32]; /* CHOICE to REQUEST: a bit for each that will do */
	unsigned ms; /* WAIT */
	/* Where it stands in the text. `enter` and the like stand for several words at the same place. */
	size_t at, len;
};

#define S5_OCTET_ANY 0x100u
#define S5_OCTET_PART 0x200u

/* What `enter` takes. */
enum s5_entry {
	S5_ENTRY_OPEN, /* a method list and no more */
	S5_ENTRY_LOGIN, /* credentials */
	S5_ENTRY_TICKET, /* it is `sealed`, and what follows is sealed, to the end */
};

struct s5_words {
	struct s5_word *words;
	size_t n, room;
	/* What is wrong with the text: static, and the word that it is about; or NULL */
	const char *why;
	size_t at;
	bool is_sealing; /* private: what follows is sealed */
};

#define S5_OCTETS_MOST 70000 /* that a word may send, or wait for */

struct s5_parts {
	struct s5_part_octets {
		uint8_t octets[520];
		size_t n; /* 0: there is none, and what needs it cannot be told */
	} part[S5_PART_COUNT];
	enum s5_entry entry;
};

/* False: s->why says why. Then, too, it is to be given to s5_words_free. */
bool s5_words_compile(struct s5_words *s, const char *text, enum s5_entry entry);
void s5_words_free(struct s5_words *s);
/* The first part that a script needs and that is not there, nor is heard; S5_PART_COUNT: none. */
enum s5_part s5_words_lack(const struct s5_words *s, const struct s5_parts *parts);
/* The octets of a word: how many; *any, if it is not NULL, gets a flag for each, whether any octet will
 * do there. At most S5_OCTETS_MOST. */
size_t s5_word_octets(const struct s5_word *w, const struct s5_parts *parts, uint8_t *octets,
		      bool *any);
bool s5_word_takes(const struct s5_word *w, uint8_t code);

const char *s5_part_name(enum s5_part part);
/* It is known only from what the other side said. */
bool s5_part_is_heard(enum s5_part part);
/* What it is, in words. */
const char *s5_part_text(enum s5_part part);

#endif
