/* A dialogue told in one row: what a session in some role gets, and what it must say and send,
 * however the octets are cut. */
#ifndef DIALOGUE_H
#define DIALOGUE_H

#include "drive.h"
#include "testlib.h"

struct dialogue {
	enum s5_role role;
	const char *methods; /* hex */
	const char *user, *password; /* a client's */
	uint8_t cmd; /* a client's request */
	const char *host;
	uint16_t port;
	uint8_t reps[2]; /* a server's replies */
	uint8_t levels, level; /* with GSSAPI: a server's set of bits, what a client asks for */
	bool nec;
	bool watch;
	const char *in; /* what the peer sends; hex */
	bool eof; /* and then it closes */
	const char *out; /* what is sent to the peer; hex */
	const char *log; /* the lines of drive.h */
	const char *stream; /* what is left of `in` behind the dialogue; hex, NULL: nothing */
};

#define DIALOGUE_MAX 2048

static inline struct s5_session_config dialogue_config(const struct dialogue *d)
{
	struct s5_session_config c = {
		.watch = d->watch,
		.request = { .cmd = d->cmd },
		.gss = { .levels = d->levels, .level = d->level, .nec = d->nec },
	};

	if (d->methods)
		c.nmethods = (uint8_t)hex(c.methods, sizeof c.methods, d->methods);
	if (d->user) {
		c.credentials.ulen = (uint8_t)strlen(d->user);
		memcpy(c.credentials.user, d->user, c.credentials.ulen);
	}
	if (d->password) {
		c.credentials.plen = (uint8_t)strlen(d->password);
		memcpy(c.credentials.password, d->password, c.credentials.plen);
	}
	if (d->host)
		assert_true(s5_addr_set_host(&c.request.dst, d->host, strlen(d->host), d->port));
	return c;
}

/* What one run must have said; the error names the place in the test and the cut. */
static inline void dialogue_check(const struct dialogue *d, struct drive *run, const char *file,
				  int line, const char *cut, size_t at)
{
	static uint8_t stream[2 * DRIVE_ROOM];
	enum s5_role peer = d->role == S5_CLIENT ? S5_SERVER : S5_CLIENT;
	size_t left = drive_stream(run, peer, stream);

	octets_equal(run->out, run->outlen, d->out, file, line);
	/* How much of what is no good was looked at depends on the cut. */
	if (run->s.failure.cause != S5_CAUSE_SEAL)
		octets_equal(stream, left, d->stream ? d->stream : "", file, line);
	if (!strcmp(run->log, d->log))
		return;
	print_error("cut %s %zu\ngot:\n%swant:\n%s", cut, at, run->log, d->log);
	_fail(file, line);
}

/* Hands in `octets` with cuts before and behind [at, at + width), then again and again so. */
static inline void dialogue_run(const struct dialogue *d, const uint8_t *octets, size_t n,
				size_t at, size_t width, struct drive *run)
{
	struct s5_session_config config = dialogue_config(d);
	enum s5_role peer = d->role == S5_CLIENT ? S5_SERVER : S5_CLIENT;

	drive_init(run, d->role, &config);
	memcpy(run->reps, d->reps, sizeof run->reps);
	drive_feed(run, peer, octets, at);
	for (; at < n; at += width)
		drive_feed(run, peer, octets + at, width < n - at ? width : n - at);
	if (d->eof)
		drive_eof(run, peer);
}

/* All at once, octet by octet, in twos and threes, and in two at every place. */
static inline void dialogue_holds(const struct dialogue *d, const char *file, int line)
{
	static struct drive run;
	uint8_t octets[DIALOGUE_MAX];
	size_t n = hex(octets, sizeof octets, d->in);

	for (size_t width = 1; width <= 3; width++) {
		dialogue_run(d, octets, n, 0, width, &run);
		dialogue_check(d, &run, file, line, "every", width);
	}
	for (size_t at = 0; at <= n; at++) {
		dialogue_run(d, octets, n, at, DIALOGUE_MAX, &run);
		dialogue_check(d, &run, file, line, "at", at);
	}
}

#define HOLDS(...) dialogue_holds(&(struct dialogue){ __VA_ARGS__ }, __FILE__, __LINE__)

#endif
