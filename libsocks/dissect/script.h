/* A conversation that somebody wrote down: a line for each message, with who said it.
 *
 *   # what stands behind such a mark is a comment, also behind a message
 *   C: 050100              the client; also `client:`, `sent:`, `C->S:`, `>`, `->`, `>>>`
 *   S: 0500                the server; also `server:`, `received:`, `S->C:`, `<`, `<-`, `<<<`
 *   Cu: 00000001...        a datagram from the client to the relay
 *   Su: 00000001...        and one from there to the client
 *   # server closes        a comment that says so is believed; also `# client closes`
 *   # a new connection     and so is this one
 *
 * Or what strace(1) shows of a client's sendto, send, write, recvfrom, recv and read; all other lines
 * are skipped then.
 *
 * The octets may have every form that s5_text_read knows. Pure.
 */
#ifndef S5_DISSECT_SCRIPT_H
#define S5_DISSECT_SCRIPT_H

#include "dissect/talk.h"
#include "dissect/text.h"

struct s5_script_line {
	enum s5_role from;
	bool is_datagram;
	bool is_close; /* `from` closed; no octets */
	bool is_fresh; /* the first one of its conversation */
	bool is_next; /* nothing stands between it and the line before, which `from` said, too */
	struct s5_text text; /* its octets */
};

struct s5_script {
	struct s5_script_line *lines; /* malloc */
	size_t n, room;
	/* What is not there of it: why, static, and the line that it is about, from 1. */
	const char *why;
	size_t line;
};

/* Looks at the first line that is no comment, and for strace's calls. */
bool s5_script_is(const char *text, size_t len);
/* False: s->why says why; the lines before it are there all the same. */
bool s5_script_read(struct s5_script *s, const char *text, size_t len);
void s5_script_fini(struct s5_script *s);

struct s5_script_sink {
	void *arg;
	void (*fresh)(void *arg); /* another conversation begins */
	void (*seen)(void *arg, const struct s5_seen *seen);
};

/* A client begins it, and a server answers; else its lines are told one by one. */
bool s5_script_is_conversation(const struct s5_script *s);
/* There is more than one conversation in it, or message by itself. */
bool s5_script_is_many(const struct s5_script *s);
/* Tells what its lines say: as conversations; or, where no client begins one, each line by itself
 * (dissect/lone.h), for those are messages of many. The budget is for fragments that wait. False: for
 * lack of memory there is a line that was not told. */
bool s5_script_tell(const struct s5_script *s, struct s5_budget *budget,
		    const struct s5_script_sink *sink);

#endif
