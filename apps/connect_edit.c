#include "connect_edit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "visible.h"

#define REMEMBERED 1000 /* lines, until the end */

/* what is typed */

static void end_input(struct edit *e)
{
	s5_loop_unwatch(e->loop, &e->leaving);
	close(e->leaving.fd);
	e->leaving.fd = -1;
	e->queued = 0;
}

/* What a far end that is slow does not take now waits; nothing waits for one that is gone. */
static void send_queue(struct edit *e)
{
	ssize_t n = 0;
	size_t at = 0;

	while (at < e->queued && (n = write(e->leaving.fd, e->queue + at, e->queued - at)) > 0)
		at += (size_t)n;
	e->queued -= at;
	memmove(e->queue, e->queue + at, e->queued);
	s5_loop_rewatch(e->loop, &e->leaving, e->queued ? EPOLLOUT : 0);
	if ((n < 0 && errno != EAGAIN && errno != EINTR) || (e->over && !e->queued))
		end_input(e);
}

static void leaving_ready(struct s5_watch *w, uint32_t events)
{
	struct edit *e = S5_OUTER(w, struct edit, leaving);

	if (events & EPOLLERR) /* the relay reads no more */
		end_input(e);
	else
		send_queue(e);
}

static void queue_line(struct edit *e, const char *line)
{
	size_t len = strlen(line);
	char *queue = realloc(e->queue, e->queued + len + 2);

	if (!queue) {
		e->error = ENOMEM;
		return;
	}
	e->queue = queue;
	memcpy(queue + e->queued, line, len);
	e->queued += len;
	if (e->crlf)
		queue[e->queued++] = '\r';
	queue[e->queued++] = '\n';
}

/* What stood before it has been answered. */
static void take_line(struct edit *e, const char *line)
{
	if (*line)
		add_history(line);
	e->ntail = 0;
	editor_prompt(&e->editor, "");
	if (e->leaving.fd < 0) {
		if (!e->deaf)
			out_warn(e->out, "the far end takes no more: this line is not sent");
		e->deaf = true;
		return;
	}
	queue_line(e, line);
	send_queue(e);
}

static void took(struct editor *editor, char *line)
{
	struct edit *e = S5_OUTER(editor, struct edit, editor);

	if (line) {
		take_line(e, line);
		free(line);
		return;
	}
	editor_hide(editor);
	s5_loop_unwatch(e->loop, &e->keys);
	e->over = true;
	e->midway = e->ntail > 0; /* it stays where it is shown */
	e->ntail = 0;
	if (e->leaving.fd >= 0)
		send_queue(e);
}

static void keys_ready(struct s5_watch *w, uint32_t events)
{
	(void)events;
	editor_key(&S5_OUTER(w, struct edit, keys)->editor);
}

static void signals_ready(struct s5_watch *w, uint32_t events)
{
	(void)events;
	editor_signal(&S5_OUTER(w, struct edit, signals)->editor);
}

/* what arrives */

/* The CR of a CR LF is part of the line's end, which may be still to come. */
static size_t without_cr(const struct edit *e)
{
	return e->ntail - (e->ntail && e->tail[e->ntail - 1] == '\r');
}

static void put_line(struct edit *e, FILE *text)
{
	visible_put(text, e->tail, without_cr(e), false);
	fputc('\n', text);
	e->ntail = 0;
}

/* What there is of a line, up to its last whole letter. */
static void put_rest(struct edit *e, FILE *text)
{
	size_t n = visible_put(text, e->tail, without_cr(e), true);

	e->ntail -= n;
	memmove(e->tail, e->tail + n, e->ntail);
}

/* Puts whole lines, keeps the rest; a line that is too long is broken. */
static void take_octets(struct edit *e, FILE *text, const char *octets, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (octets[i] == '\n') {
			put_line(e, text);
			continue;
		}
		if (e->ntail == sizeof(e->tail)) {
			put_rest(e, text);
			fputc('\n', text);
		}
		e->tail[e->ntail++] = octets[i];
	}
}

/* What there is of a line, on one row with what is typed. */
static void show(struct edit *e, const char *text)
{
	char *prompt = NULL;
	size_t len;
	FILE *to = open_memstream(&prompt, &len);

	if (!to) {
		e->error = ENOMEM;
		return;
	}
	visible_put(to, e->tail, without_cr(e), true);
	if (fclose(to) != 0 || !prompt) {
		e->error = ENOMEM;
	} else {
		for (char *tab = prompt; (tab = strchr(tab, '\t'));)
			*tab = ' ';
		editor_print(&e->editor, text, prompt);
	}
	free(prompt);
}

static void put_plain(struct edit *e, const char *text, size_t len)
{
	if (fputs(text, stdout) == EOF || fflush(stdout) == EOF)
		e->error = errno;
	if (len)
		e->midway = text[len - 1] != '\n';
}

static void write_octets(struct edit *e, const char *octets, size_t n)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	if (!to) {
		e->error = ENOMEM;
		return;
	}
	take_octets(e, to, octets, n);
	if (e->over)
		put_rest(e, to);
	if (fclose(to) != 0 || !text)
		e->error = ENOMEM;
	else if (!e->over)
		show(e, text);
	else
		put_plain(e, text, len);
	free(text);
}

/* False: nothing is there for now, or ever. */
static bool read_some(struct edit *e)
{
	char octets[16384];
	ssize_t n = read(e->arriving.fd, octets, sizeof(octets));

	if (n > 0)
		write_octets(e, octets, (size_t)n);
	else if (n == 0)
		s5_loop_unwatch(e->loop, &e->arriving);
	return n > 0;
}

static void arriving_ready(struct s5_watch *w, uint32_t events)
{
	(void)events;
	read_some(S5_OUTER(w, struct edit, arriving));
}

/* beginning and end */

/* ends[0] is read. */
static int open_pipes(struct edit *e)
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	if (pipe2(out, O_CLOEXEC | O_NONBLOCK) < 0) {
		close(in[0]);
		close(in[1]);
		return -errno;
	}
	e->in = in[0];
	e->out_fd = out[1];
	e->leaving = (struct s5_watch){ .fd = in[1], .ready = leaving_ready };
	e->arriving = (struct s5_watch){ .fd = out[0], .ready = arriving_ready };
	return 0;
}

static int watch_all(struct edit *e)
{
	int rc = s5_loop_watch(e->loop, &e->keys, EPOLLIN);

	if (rc == 0)
		rc = s5_loop_watch(e->loop, &e->signals, EPOLLIN);
	if (rc == 0)
		rc = s5_loop_watch(e->loop, &e->leaving, 0);
	if (rc == 0)
		rc = s5_loop_watch(e->loop, &e->arriving, EPOLLIN);
	return rc;
}

static void close_pipes(struct edit *e)
{
	close(e->in);
	close(e->out_fd);
	close(e->leaving.fd);
	close(e->arriving.fd);
}

static int open_editor(struct edit *e)
{
	int rc;

	e->editor.took = took;
	rc = editor_open(&e->editor);
	if (rc < 0)
		return rc;
	e->keys = (struct s5_watch){ .fd = STDIN_FILENO, .ready = keys_ready };
	e->signals = (struct s5_watch){ .fd = e->editor.signals, .ready = signals_ready };
	rc = watch_all(e);
	if (rc == 0)
		return 0;
	s5_loop_unwatch(e->loop, &e->keys);
	s5_loop_unwatch(e->loop, &e->signals);
	s5_loop_unwatch(e->loop, &e->leaving);
	editor_close(&e->editor);
	return rc;
}

int edit_open(struct edit *e)
{
	int rc = open_pipes(e);

	if (rc < 0)
		return rc;
	rc = open_editor(e);
	if (rc < 0) {
		close_pipes(e);
		return rc;
	}
	rl_bind_key('\t', rl_insert);
	rl_variable_bind("enable-bracketed-paste", "off"); /* what is pasted goes line by line */
	stifle_history(REMEMBERED);
	editor_show(&e->editor, "");
	return 0;
}

int edit_close(struct edit *e)
{
	while (read_some(e))
		;
	if (!e->over) {
		bool is_typed = rl_end > 0;

		s5_loop_unwatch(e->loop, &e->keys);
		editor_leave(&e->editor);
		if (is_typed)
			out_warn(e->out,
				 "the far end closed: the line that was being typed is not sent");
	} else if (e->midway) {
		putchar('\n');
	}
	s5_loop_unwatch(e->loop, &e->signals);
	editor_close(&e->editor);
	if (e->leaving.fd >= 0)
		end_input(e);
	close(e->arriving.fd);
	free(e->queue);
	return e->error;
}
