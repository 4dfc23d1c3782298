/*
 * Secrets: where a password comes from, and how it disappears again.
 *
 * A source is one of
 *	pass:TEXT	the text itself (the caller masks the command line, secret_mask)
 *	env:VAR		the value of an environment variable
 *	file:PATH	the first line of a file, without its newline
 *	fd:N		the first line of an open descriptor, read octet by octet, so what follows
 *			the newline stays for its next reader
 *	prompt		asked on the terminal (/dev/tty), without echo
 *
 * A secret is at most 255 octets (RFC 1929 section 2: PLEN is one octet) and may hold any octet
 * but a newline (and NUL, from env: and pass:).
 */
#ifndef APPS_SECRET_H
#define APPS_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#define SECRET_MAX 255
#define SECRET_PORT 5 /* digits of a port; more may be a password */

/* Owned by the caller, who wipes it as soon as it has been used. `octets` also ends with NUL. */
struct secret {
	size_t len;
	unsigned char octets[SECRET_MAX + 1];
};

/*
 * Reads a secret from `source`; `question` is what a prompt asks ("password for joe: ").
 * Returns 0, or -1 with a text in `err` that names source and cause and never the secret;
 * *secret is then wiped. Blocks for fd: and prompt. A signal that arrives at the prompt (SIGINT,
 * SIGTERM, SIGHUP, SIGQUIT, SIGTSTP) takes its effect after the terminal's echo is back.
 */
int secret_read(struct secret *secret, const char *source, const char *question, char *err,
		size_t size);

/* Asks on the terminal, without echo. As secret_read() of "prompt". */
int secret_ask(struct secret *secret, const char *question, char *err, size_t size);

/* Reads a line from the terminal with echo, for what is no secret (a name). As secret_ask(). */
int secret_ask_name(struct secret *name, const char *question, char *err, size_t size);

/* Takes len octets for a secret; -1 if there are more than SECRET_MAX. */
int secret_set(struct secret *secret, const void *octets, size_t len);

/* Overwrites the secret in a way that the compiler keeps. */
void secret_wipe(struct secret *secret);

/* How a value on the command line carries a password. */
enum secret_form {
	SECRET_NONE,
	SECRET_USER, /* NAME:PASSWORD, from the first colon on */
	SECRET_PROXY, /* [socks5://]user:password@host:port */
	SECRET_SOURCE, /* pass:PASSWORD */
};

/*
 * Overwrites the password in `value` with 'x', in place: done to argv, ps and /proc/PID/cmdline
 * no longer show it. opt_parse() does this by itself to every option whose row names a form.
 */
void secret_mask(char *value, enum secret_form form);

/* Whether there is a password in it to be masked. */
bool secret_is_in(const char *value, enum secret_form form);

#endif
