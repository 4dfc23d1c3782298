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

#define S5_SCRIPT_LINES 200000u /* that say something */

struct s5_script_line {
	uint8_t *octets; /* malloc; NULL: none */
	uint32_t n;
	uint8_t from; /* enum s5_role */
	bool is_datagram : 1;
	bool is_close : 1; /* `from` closed; no octets */
	bool is_fresh : 1; /* the first one of its conversation */
	bool is_next : 1; /* nothing is between it and the line before, which `from` said, too */
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

/* A client begins it, and a server answers. */
bool s5_script_is_conversation(const struct s5_script *s);
/* There is more than one conversation in it, or message by itself. */
bool s5_script_is_many(const struct s5_script *s);
/* Tells what its lines say: as conversations; or, where all are a client's and the first of each
 * conversation, and no other, is a method list, as what that client said in it; or each line by itself,
 * for those are messages of many (dissect/lone.h). The budget is for fragments that wait. False: for
 * lack of memory there is a line that was not told. */
bool s5_script_tell(const struct s5_script *s, struct s5_budget *budget,
		    const struct s5_script_sink *sink);

#endif
