/* One run of a script (probe/words.h) against a proxy, or against a client of ours: what was said, what
 * came, and how it ended.
 *
 * Whatever the words say is sent as it stands, right or wrong; what comes back is read by the parser
 * that all others use, and its notes count against it. An exchange with a proxy opens its own connection;
 * one with a client is given it.
 *
 * It is embedded in what it serves and belongs to one loop. Zero it, set the upper part, start it;
 * done() is called once, from the loop, never from within start; s5_exchange_free at any time gives
 * everything back, also in done().
 */
#ifndef S5_PROBE_EXCHANGE_H
#define S5_PROBE_EXCHANGE_H

#include "net/loop.h"
#include "net/sock.h"
#include "net/work.h"
#include "probe/words.h"
#include "session/gss.h"
#include "wire/message.h"

struct s5_exchange_times { /* ms */
	int64_t connect; /* until the proxy has accepted */
	int64_t answer; /* until what is waited for has come */
	int64_t end; /* until a connection has ended */
	int64_t silence; /* that has to last */
};

#define S5_EXCHANGE_TIMES                                                     \
	{                                                                     \
		.connect = 5000, .answer = 3000, .end = 12000, .silence = 300 \
	}

enum s5_exchange_end {
	S5_EXCHANGE_PASSED,
	S5_EXCHANGE_OTHER, /* something else came than was waited for */
	S5_EXCHANGE_CLOSED, /* the connection ended instead, */
	S5_EXCHANGE_RESET, /* by a reset, */
	S5_EXCHANGE_SILENT, /* nothing came, or not enough of it, or it did not end */
	S5_EXCHANGE_UNREACHABLE, /* the proxy; or the bound address, for `connect` */
	S5_EXCHANGE_TROUBLE, /* here: error says which */
	S5_EXCHANGE_UNTRIED, /* a part is missing: lack; or a security context, or room: untold */
};

/* Octets that were said; of more than S5_SAID_MOST the rest is only counted. */
#define S5_SAID_MOST 4096

struct s5_piece {
	enum s5_speaker speaker;
	bool is_sent; /* else it was received */
	bool is_plain; /* what is in the sealed message that is sent next, or came last */
	size_t off, len; /* in s5_exchange.said */
	size_t all; /* octets, also those that are not kept there */
	int64_t when; /* as s5_clock_us */
};

struct s5_side {
	struct s5_watch watch; /* fd -1: not there */
	struct s5_exchange *exchange;
	uint8_t *in;
	size_t nin, room;
	bool connected, eof, reset, heard; /* heard: a datagram is in `in`, be it an empty one */
	bool is_open; /* to datagrams of anybody, until the first one came */
};

struct s5_context; /* probe/context.h */

struct s5_exchange {
	/* Set by the caller before start. */
	struct s5_loop *loop;
	struct s5_sockaddr proxy;
	const struct s5_words *words; /* both borrowed until done() */
	const struct s5_parts *parts;
	struct s5_parts *heard; /* with a client: the same parts; what is heard is put there */
	/* For a context: whose, and the level that `~>level` asks for. NULL: none can be had. Borrowed. */
	const struct s5_gss_config *gss;
	struct s5_work *work; /* takes the steps to it; NULL: they are taken at once. Borrowed */
	struct s5_exchange_times times;
	void (*done)(struct s5_exchange *x);

	/* The result, from done() on. */
	enum s5_exchange_end end;
	size_t word; /* at which it ended; words->n: behind the last */
	int error; /* UNREACHABLE, TROUBLE: a positive errno */
	const char *why; /* OTHER: static, what is wrong with its form; or NULL */
	enum s5_part lack; /* UNTRIED; S5_PART_COUNT: it is no part */
	enum s5_gss_trouble trouble; /* UNTRIED: of a context; ABSENT: untold says all */
	char untold[S5_GSS_WHY]; /* UNTRIED: why, of a context in the library's own words */
	struct s5_hello hello; /* the last ones that came */
	struct s5_request request;
	struct s5_choice choice;
	struct s5_status status;
	struct s5_reply reply;
	int64_t began, connected, ended; /* as s5_clock_us; connected 0: it never was */
	uint8_t *said; /* NULL: nothing was */
	size_t nsaid, said_room;
	struct s5_piece *pieces;
	size_t npieces, pieces_room;

	/* private */
	struct s5_side side[S5_SPEAKER_COUNT];
	struct s5_timer timer;
	struct s5_task task;
	struct s5_context *context; /* NULL: not begun */
	uint8_t *out; /* what the word sends, behind what was held back */
	size_t nout, sent;
	bool is_begun; /* the word */
	struct s5_sockaddr met; /* where `connect` went */
	bool is_holding; /* back what is in `out` */
	bool is_over;
};

void s5_exchange_start(struct s5_exchange *x);
/* With who has connected to us: fd is the exchange's own from then on. */
void s5_exchange_serve(struct s5_exchange *x, int fd);
/* Fine at any time once it was started, and of one that is zeroed. */
void s5_exchange_free(struct s5_exchange *x);

const char *s5_exchange_end_text(enum s5_exchange_end end);

#endif
