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
#include "out.h"

#define EDIT_TAIL 512 /* octets of a line that is shown before it has ended; it is broken there */

struct edit {
	struct editor editor;
	struct s5_loop *loop; /* set before opening, as are out and crlf */
	const struct out *out;
	bool crlf; /* a line is sent with CR LF */
	int in, out_fd; /* for the relay, which closes them */

	/* Private. */
	struct s5_watch keys, signals, leaving, arriving;
	char *queue; /* what the relay has not taken yet */
	size_t queued;
	char tail[EDIT_TAIL]; /* of a line that has not ended */
	size_t ntail;
	bool over; /* nothing more is typed */
	bool midway; /* and the cursor is not at a row's beginning */
	bool deaf; /* the far end reads no more, which was said */
	int error; /* what was lost on the way, a positive errno; or 0 */
};

/* Both standard input and output must be the terminal. 0 or -errno. */
int edit_open(struct edit *e);
/* After the relay: writes what is left, and gives the terminal back. 0 or a positive errno: something that
 * was typed or arrived is lost. */
int edit_close(struct edit *e);

#endif
