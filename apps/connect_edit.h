/*
 * connect --edit: a person on the terminal in the place of standard input and output. What is typed
 * is a line with an editor, and goes when it is finished; what arrives is written above it. A line
 * that arrives without its end (a question, a far prompt) stands before what is typed.
 *
 * The relay has pipes, as inout.h gives it; the editor is at their other ends, on the same loop.
 */
#ifndef APPS_CONNECT_EDIT_H
#define APPS_CONNECT_EDIT_H

#include "editor.h"
#include "net/loop.h"

#define EDIT_TAIL 4096 /* octets of a line that is shown before it has ended */

struct edit {
	struct editor editor;
	struct s5_loop *loop; /* set before opening, as is crlf */
	bool crlf; /* a line is sent with CR LF */
	int in, out; /* for the relay, which closes them */

	/* Private. */
	struct s5_watch keys, signals, leaving, arriving;
	char *queue; /* what the relay has not taken yet */
	size_t queued;
	char tail[EDIT_TAIL]; /* of a line that has not ended */
	size_t ntail;
	bool over; /* nothing more is typed */
	bool midway; /* and the cursor is not at a row's beginning */
};

/* Both standard input and output must be the terminal. 0 or -errno. */
int edit_open(struct edit *e);
/* After the relay: writes what is left, and gives the terminal back. */
void edit_close(struct edit *e);

#endif
