/* Drives a session with octets cut anywhere and writes down what it says and sends: one line an
 * event. A server is answered at once, or by drive_settle: us with pw is welcome, and the replies
 * are those set. */
#ifndef DRIVE_H
#define DRIVE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "session/session.h"

#define DRIVE_ROOM 8192

struct drive {
	struct s5_session s;
	struct s5_session_config config;
	uint8_t reps[2]; /* a server's replies; the second is BIND's */
	struct s5_addr bnd;
	bool late; /* the server's answers wait for drive_settle */
	bool verdict; /* the credentials wait for one */
	unsigned answers, owed; /* replies given, and yet to be given */
	struct {
		uint8_t octets[DRIVE_ROOM];
		size_t len, given;
	} in[2]; /* what each side has sent, and how much of it the session took */
	uint8_t out[DRIVE_ROOM];
	size_t outlen;
	char log[4 * DRIVE_ROOM];
	size_t loglen;
};

__attribute__((format(printf, 2, 3))) static inline void drive_say(struct drive *d,
								   const char *format, ...)
{
	size_t room = sizeof d->log - d->loglen;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(d->log + d->loglen, room, format, args);
	va_end(args);
	d->loglen += (size_t)n < room ? (size_t)n : room - 1;
}

static inline void drive_say_hex(struct drive *d, const uint8_t *octets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		drive_say(d, "%02x", octets[i]);
}

static inline const char *drive_cause(enum s5_cause cause)
{
	static const char *const ids[] = {
#define S5_CAUSE(id, text) #id,
#include "session/causes.def"
#undef S5_CAUSE
	};

	return ids[cause];
}

static inline const char *drive_note(unsigned note)
{
	static const char *const ids[] = {
#define S5_NOTE(id, section, text) #id,
#include "base/notes.def"
#undef S5_NOTE
	};

	return ids[note];
}

/* How much of a refusal a client has seen when it knows enough depends on the cut: two octets. */
static inline bool drive_is_refusal(const struct s5_session *s)
{
	return s->role == S5_CLIENT && s->message.sender == S5_SERVER &&
	       (s->message.step == S5_STEP_REPLY || s->message.step == S5_STEP_REPLY2) &&
	       s->reply.rep != S5_REP_SUCCEEDED;
}

/* `client method list 05020001`, and behind it what was noted. */
static inline void drive_say_message(struct drive *d)
{
	const struct s5_session *s = &d->s;
	bool refusal = drive_is_refusal(s);

	drive_say(d, "%s %s ", s->message.sender == S5_CLIENT ? "client" : "server",
		  s5_step_name(s->message.step));
	drive_say_hex(d, s->message.octets, refusal ? 2 : s->message.len);
	for (unsigned i = 0; i < s->trace.nmarks; i++)
		if (!refusal || s->trace.mark[i].off < 2)
			drive_say(d, " %s@%u", drive_note(s->trace.mark[i].note),
				  s->trace.mark[i].off);
	drive_say(d, "\n");
}

static inline void drive_say_failure(struct drive *d)
{
	const struct s5_failure *f = &d->s.failure;

	drive_say(d, "failed %s in %s", drive_cause(f->cause), s5_step_name(f->step));
	if (f->code)
		drive_say(d, " code %02x", f->code);
	if (f->note)
		drive_say(d, " %s", drive_note(f->note));
	drive_say(d, f->partial ? " partial\n" : "\n");
}

static inline void drive_say_credentials(struct drive *d)
{
	const struct s5_credentials *c = &d->s.credentials;
	char user[4 * 255 + 1], password[4 * 255 + 1];

	drive_say(d, "credentials %s %s\n", s5_escape(user, sizeof user, c->user, c->ulen),
		  s5_escape(password, sizeof password, c->password, c->plen));
}

/* us with pw, and any principal but one that begins so: !. */
static inline bool drive_welcomes(const struct s5_session *s)
{
	const struct s5_credentials *c = &s->credentials;

	if (s->method == S5_METHOD_GSSAPI)
		return c->user[0] != '!';
	return c->ulen == 2 && !memcmp(c->user, "us", 2) && c->plen == 2 &&
	       !memcmp(c->password, "pw", 2);
}

/* Gives one answer that is owed; false when there is none. */
static inline bool drive_answer(struct drive *d)
{
	uint8_t rep;

	if (d->verdict) {
		s5_session_judge(&d->s, drive_welcomes(&d->s));
		d->verdict = false;
		return true;
	}
	if (!d->owed)
		return false;
	rep = d->reps[d->answers++];
	d->owed = rep ? 0 : d->owed - 1;
	s5_session_answer(&d->s, rep, rep ? NULL : &d->bnd);
	return true;
}

static inline void drive_say_address(struct drive *d, const char *what, uint8_t code,
				     const struct s5_addr *a)
{
	char text[S5_ADDR_TEXT];

	drive_say(d, "%s %02x %s %s\n", what, code, s5_atyp_name(a->atyp),
		  s5_addr_format(a, text, sizeof text));
}

static inline void drive_event(struct drive *d, enum s5_event event)
{
	switch (event) {
	case S5_EV_NONE:
		break;
	case S5_EV_MESSAGE:
		drive_say_message(d);
		break;
	case S5_EV_METHOD:
		drive_say(d, "method %02x\n", d->s.method);
		break;
	case S5_EV_WORK:
		s5_gss_step(d->s.gss);
		s5_session_worked(&d->s);
		break;
	case S5_EV_CREDENTIALS:
		drive_say_credentials(d);
		d->verdict = true;
		break;
	case S5_EV_REQUEST:
		drive_say_address(d, "request", d->s.request.cmd, &d->s.request.dst);
		d->owed = d->s.request.cmd == S5_CMD_BIND ? 2 : 1;
		break;
	case S5_EV_REPLY:
		drive_say_address(d, "reply", d->s.reply.rep, &d->s.reply.bnd);
		break;
	case S5_EV_OPEN:
		drive_say(d, "open\n");
		break;
	case S5_EV_FAILED:
		drive_say_failure(d);
		break;
	}
}

static inline void drive_drain(struct drive *d)
{
	size_t n;
	const uint8_t *octets = s5_session_out(&d->s, &n);

	if (n > sizeof d->out - d->outlen)
		n = sizeof d->out - d->outlen;
	if (n)
		memcpy(d->out + d->outlen, octets, n);
	d->outlen += n;
	s5_session_sent(&d->s, n);
}

static inline void drive_pump(struct drive *d)
{
	enum s5_event event;

	do {
		while ((event = s5_session_next(&d->s)) != S5_EV_NONE)
			drive_event(d, event);
		drive_drain(d);
	} while (!d->late && drive_answer(d));
}

/* Hands in what waits, as long as the session takes any of it. */
static inline void drive_push(struct drive *d)
{
	size_t took;

	do {
		took = 0;
		for (unsigned from = S5_CLIENT; from <= S5_SERVER; from++) {
			size_t n = s5_session_recv(&d->s, (enum s5_role)from,
						   d->in[from].octets + d->in[from].given,
						   d->in[from].len - d->in[from].given);

			d->in[from].given += n;
			took += n;
			drive_pump(d);
		}
	} while (took);
}

static inline void drive_feed(struct drive *d, enum s5_role from, const uint8_t *octets, size_t n)
{
	if (n > DRIVE_ROOM - d->in[from].len)
		n = DRIVE_ROOM - d->in[from].len;
	memcpy(d->in[from].octets + d->in[from].len, octets, n);
	d->in[from].len += n;
	drive_push(d);
}

static inline void drive_settle(struct drive *d)
{
	while (drive_answer(d)) {
		drive_pump(d);
		drive_push(d);
	}
}

static inline void drive_eof(struct drive *d, enum s5_role from)
{
	s5_session_eof(&d->s, from);
	drive_pump(d);
}

/* The octets of `from` that are no part of the dialogue: held by the session, or not taken. */
static inline size_t drive_stream(const struct drive *d, enum s5_role from,
				  uint8_t octets[static 2 * DRIVE_ROOM])
{
	size_t early, late = d->in[from].len - d->in[from].given;
	const uint8_t *held = s5_session_early(&d->s, from, &early);

	memcpy(octets, held, early);
	memcpy(octets + early, d->in[from].octets + d->in[from].given, late);
	return early + late;
}

static inline void drive_init(struct drive *d, enum s5_role role,
			      const struct s5_session_config *config)
{
	static const uint8_t ip[4] = { 127, 0, 0, 1 };

	s5_session_fini(&d->s); /* of the run before: a drive is static, or zeroed */
	memset(d, 0, sizeof *d);
	d->config = *config;
	d->bnd = s5_addr_ip4(ip, 47361);
	switch (role) {
	case S5_CLIENT:
		s5_session_init_client(&d->s, &d->config, 0);
		break;
	case S5_SERVER:
		s5_session_init_server(&d->s, &d->config, 0);
		break;
	case S5_OBSERVER:
		s5_session_init_observer(&d->s, &d->config);
		break;
	}
	drive_pump(d);
}

#endif
