/*
 * A line being edited on the terminal, by GNU readline: the keys come one by one, so whoever drives
 * it has a loop of its own. Signals are held back meanwhile and seen on a descriptor, so that the
 * terminal is as it was before they take effect.
 *
 * Readline is one for the whole process, and so is the editor: it is opened once at a time.
 */
#ifndef APPS_EDITOR_H
#define APPS_EDITOR_H

#include <signal.h>
#include <stdbool.h>

struct editor {
	/* A line, to be freed; NULL is Ctrl-D. Set before opening. */
	void (*took)(struct editor *e, char *line);
	bool drops; /* Ctrl-C drops what is typed; otherwise it is the end of the process */
	int signals; /* readable when there is one */
	bool shown;
	sigset_t mask; /* as it was */
};

/* 0 or -errno. Nothing is shown yet. */
int editor_open(struct editor *e);
void editor_close(struct editor *e);

/* Shows the prompt and an empty line; hides it, the terminal being as before then. */
void editor_show(struct editor *e, const char *prompt);
void editor_hide(struct editor *e);

/* Standard input is readable; `signals` is. */
void editor_key(struct editor *e);
void editor_signal(struct editor *e);

/* The same, and leaves what stands in the line on a row of its own. */
void editor_leave(struct editor *e);

/* What stands before the next line; it need not live on. */
void editor_prompt(struct editor *e, const char *prompt);
/* Writes a text of whole lines above the line, whose prompt is this one then. */
void editor_print(struct editor *e, const char *text, const char *prompt);

/* "8.2" */
const char *editor_library(void);

#endif
