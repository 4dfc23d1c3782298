/* What can be found out of one proxy: facts (probe/facts.def), each by an exchange of its own, one after
 * the other, those that others need first.
 *
 * It is embedded in what it serves and belongs to one loop. Zero it, set the upper part, start it;
 * done() is called once, from the loop; s5_prober_free at any time gives everything back, also in
 * done().
 */
#ifndef S5_PROBE_PROBER_H
#define S5_PROBE_PROBER_H

#include "probe/exchange.h"

enum s5_fact {
#define S5_FACT(id, needs, name, script) S5_FACT_##id,
#include "probe/facts.def"
#undef S5_FACT
	S5_FACT_COUNT,
	S5_FACT_NONE = S5_FACT_COUNT
};

/* What answers in the place of a SOCKS5 server. */
enum s5_answerer {
	S5_ANSWERER_SOCKS5,
	S5_ANSWERER_SOCKS4,
	S5_ANSWERER_HTTP,
	S5_ANSWERER_TLS,
	S5_ANSWERER_OTHER,
	S5_ANSWERER_SILENT,
	S5_ANSWERER_CLOSES,
	S5_ANSWERER_UNREACHABLE,
	S5_ANSWERER_UNTRIED, /* there was trouble on this machine */
};

#define S5_ANSWERS 5

struct s5_found {
	bool is_tried;
	enum s5_fact lacks; /* not tried: the fact that does not hold; or NONE */
	enum s5_part part; /* not tried: what it needs and we have not; or S5_PART_COUNT */
	bool lacks_context; /* not tried: of that there is none; untold says why */
	enum s5_exchange_end end;
	size_t word; /* where it ended, among the words of its script */
	int error;
	const char *why; /* static; or NULL */
	uint8_t method, status, rep; /* the last that came; 0: none */
	bool has_reply;
	struct s5_addr bound;
	/* Microseconds: until it was connected, and of each thing that was said until its answer, in
	 * order; -1: there was none. */
	int64_t connected, answers[S5_ANSWERS];
};

struct s5_prober {
	/* Set by the caller before start. */
	struct s5_loop *loop;
	struct s5_sockaddr proxy;
	/* Targets, and credentials; hello is found out. */
	struct s5_parts parts;
	/* Whose context; its level 0: the best that is found to be granted. target NULL: of nobody's. */
	struct s5_gss_config gss;
	struct s5_work *work; /* as in an exchange */
	struct s5_exchange_times times;
	bool wanted[S5_FACT_COUNT]; /* others are asked for only if one of these needs them */
	/* A fact was found out, and what was said is still there: exchange. NULL: nobody is told */
	void (*told)(struct s5_prober *p, enum s5_fact fact);
	void (*done)(struct s5_prober *p);

	/* The result, from done() on. */
	enum s5_answerer answerer;
	int error; /* UNREACHABLE, UNTRIED: a positive errno */
	struct s5_found found[S5_FACT_COUNT];
	enum s5_gss_trouble trouble; /* there was no context: as in an exchange */
	char untold[S5_GSS_WHY];

	struct s5_exchange exchange; /* in told() */
	/* private */
	enum s5_fact fact;
	struct s5_words words;
	struct s5_task task;
};

void s5_prober_start(struct s5_prober *p);
void s5_prober_free(struct s5_prober *p);

bool s5_found_holds(const struct s5_found *f);
const char *s5_fact_name(enum s5_fact fact);
const char *s5_answerer_text(enum s5_answerer answerer);

#endif
