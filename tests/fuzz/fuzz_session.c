/* Any octets, cut anywhere, to a session in any role.
 *
 * Input: an octet that chooses the role, watching, who closes at the end and whether the deadline
 * comes, an octet that chooses methods, command and replies, then chunks: an octet with the sender
 * (0x80: the server; only an observer hears both) and how many octets follow.
 *
 * However the octets are cut and however late a server is answered, the session says and sends the
 * same; and where a client or a server reached the stream, an observer of the same octets does so
 * too.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../unit/drive.h"

#define SERVER_CHUNK 0x80

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

struct plan {
	enum s5_role role;
	bool eof[2], expires;
	struct s5_session_config config;
	uint8_t reps[2];
	const uint8_t *chunks;
	size_t n;
};

static void must(bool holds, const struct drive *a, const struct drive *b, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n--\n%s--\n%s", what, a->log, b ? b->log : "");
	abort();
}

static void plan_methods(struct s5_session_config *c, unsigned choice)
{
	static const uint8_t sets[4][3] = { { 0 }, { 2, 0 }, { 0, 2, 0x80 }, { 2 } };
	static const uint8_t sizes[4] = { 1, 2, 3, 1 };

	c->nmethods = sizes[choice];
	memcpy(c->methods, sets[choice], sizes[choice]);
}

static void plan_request(struct s5_session_config *c, unsigned choice)
{
	static const char *const hosts[4] = { "127.0.0.1", "::1", "localhost", "a\nb" };
	const char *host = hosts[choice / 4];

	c->request.cmd = (uint8_t)(choice % 4);
	s5_addr_set_host(&c->request.dst, host, strlen(host), 18000);
}

static void plan(struct plan *p, const uint8_t *octets, size_t n)
{
	static const uint8_t reps[4][2] = { { 0, 0 }, { 5, 0 }, { 0, 2 }, { 0xff, 0xff } };

	*p = (struct plan){ .role = (enum s5_role)(octets[0] % 3),
			    .chunks = octets + 2,
			    .n = n - 2 };
	p->config.watch = octets[0] & 0x10;
	p->eof[S5_CLIENT] = octets[0] & 0x20;
	p->eof[S5_SERVER] = octets[0] & 0x40;
	p->expires = octets[0] & 0x80;
	plan_methods(&p->config, octets[1] & 3);
	plan_request(&p->config, octets[1] >> 2 & 15);
	memcpy(p->reps, reps[octets[1] >> 6], 2);
	p->config.credentials = (struct s5_credentials){ 2, 2, "us", "pw" };
}

static enum s5_role sender(const struct plan *p, uint8_t chunk)
{
	if (p->role == S5_OBSERVER)
		return chunk & SERVER_CHUNK ? S5_SERVER : S5_CLIENT;
	return p->role == S5_CLIENT ? S5_SERVER : S5_CLIENT;
}

static void start(const struct plan *p, struct drive *d)
{
	drive_init(d, p->role, &p->config);
	memcpy(d->reps, p->reps, sizeof d->reps);
}

/* Who is no peer of this role sends nothing, and so does not close either. */
static void finish(const struct plan *p, struct drive *d)
{
	drive_settle(d);
	for (unsigned from = S5_CLIENT; from <= S5_SERVER; from++)
		if (p->eof[from] && from != p->role)
			drive_eof(d, (enum s5_role)from);
	if (p->expires)
		s5_session_expire(&d->s);
	drive_pump(d);
}

/* Only the chunks of `only` (S5_OBSERVER: of both), at most `width` octets at a time. */
static void feed(const struct plan *p, struct drive *d, enum s5_role only, size_t width)
{
	for (size_t at = 0; at < p->n;) {
		enum s5_role from = sender(p, p->chunks[at]);
		size_t end = at + 1 + (p->chunks[at] & 0x7f);

		end = end < p->n ? end : p->n;
		for (at++; at < end; at += width < end - at ? width : end - at)
			if (only == S5_OBSERVER || only == from)
				drive_feed(d, from, p->chunks + at,
					   width < end - at ? width : end - at);
	}
}

static bool same_stream(const struct drive *a, const struct drive *b, enum s5_role from)
{
	static uint8_t one[2 * DRIVE_ROOM], two[2 * DRIVE_ROOM];
	size_t n = drive_stream(a, from, one);

	return n == drive_stream(b, from, two) && !memcmp(one, two, n);
}

static void compare(const struct drive *a, const struct drive *b)
{
	/* How much of a refusal a client has seen when it knows enough depends on the cut; so does
	 * how much of a sealed stream was taken out of its seal. */
	bool refused = a->s.role == S5_CLIENT && a->s.failure.cause == S5_CAUSE_REFUSED;

	must(!strcmp(a->log, b->log), a, b, "what it says depends on the cut");
	must(a->outlen == b->outlen && !memcmp(a->out, b->out, a->outlen), a, b,
	     "what it sends depends on the cut");
	for (unsigned from = S5_CLIENT; from <= S5_SERVER && !refused; from++)
		if (from != a->s.role && !a->s.seals[from])
			must(same_stream(a, b, (enum s5_role)from), a, b,
			     "what is left for the stream depends on the cut");
}

static bool ends_with(const struct drive *d, const char *end)
{
	size_t n = strlen(end);

	return d->loglen >= n && !strcmp(d->log + d->loglen - n, end);
}

/* The line that begins so; what is quoted in others holds no line end. */
static const char *find_line(const char *log, const char *begin)
{
	for (; *log; log = strchr(log, '\n') + 1)
		if (!strncmp(log, begin, strlen(begin)))
			return log;
	return NULL;
}

/* An end is the last thing said, and is said once; nothing is taken behind it. */
static void check_end(const struct drive *d)
{
	const char *open = find_line(d->log, "open\n"), *failed = find_line(d->log, "failed ");

	must(!open || ends_with(d, "\nopen\n"), d, NULL, "it went on behind the stream's begin");
	must(!open || !failed, d, NULL, "it opened and failed");
	must(!failed || !strchr(failed, '\n')[1], d, NULL, "it went on behind its failure");
	for (unsigned from = S5_CLIENT; (open || failed) && from <= S5_SERVER; from++)
		must(s5_session_room(&d->s, (enum s5_role)from) == 0, d, NULL,
		     "it takes octets behind the end");
}

/* Both sides of what passed, seen by an observer. */
static void check_observed(const struct drive *d)
{
	static struct drive observer;
	static const struct s5_session_config config = { .nmethods = 0 };
	enum s5_role peer = d->s.role == S5_CLIENT ? S5_SERVER : S5_CLIENT;

	if (d->s.role == S5_OBSERVER || !ends_with(d, "\nopen\n"))
		return;
	drive_init(&observer, S5_OBSERVER, &config);
	drive_feed(&observer, d->s.role, d->out, d->outlen);
	drive_feed(&observer, peer, d->in[peer].octets, d->in[peer].len);
	must(ends_with(&observer, "\nopen\n"), d, &observer, "an observer did not follow");
	must(same_stream(d, &observer, peer), d, &observer, "an observer leaves another stream");
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	static struct drive chunks, single, whole;
	struct plan p;

	if (n < 2 || n > DRIVE_ROOM)
		return 0;
	plan(&p, octets, n);
	start(&p, &chunks);
	feed(&p, &chunks, S5_OBSERVER, SIZE_MAX);
	finish(&p, &chunks);
	start(&p, &single);
	feed(&p, &single, S5_OBSERVER, 1);
	finish(&p, &single);
	start(&p, &whole);
	whole.late = true;
	feed(&p, &whole, S5_SERVER, SIZE_MAX);
	feed(&p, &whole, S5_CLIENT, SIZE_MAX);
	finish(&p, &whole);
	compare(&chunks, &single);
	compare(&chunks, &whole);
	check_end(&chunks);
	check_observed(&chunks);
	s5_session_fini(&chunks.s);
	return 0;
}
