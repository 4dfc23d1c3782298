/* Why a handshake failed, for the log. */
#include <stdio.h>

#include "roles/conn.h"

/* Why who it is may not come. */
static const char *refusal(const struct s5_conn *c)
{
	const struct s5_record *r = &c->record;

	if (c->barred)
		return "credentials refused: not looked at, too many were wrong";
	if (c->session.method != S5_METHOD_GSSAPI)
		return "credentials refused";
	if (!r->ulen)
		return "principal refused: its name is longer than 255 octets";
	if (!s5_users_admit(&c->policy->users, r->user, r->ulen))
		return "principal refused: it is not among those that are listed";
	return "principal refused: the rules allow it nothing";
}

void s5_conn_explain(struct s5_conn *c)
{
	const struct s5_failure *f = &c->session.failure;
	size_t size = sizeof c->record.why;
	char *why = c->record.why;

	if (f->cause == S5_CAUSE_MALFORMED && f->step == S5_STEP_REQUEST) {
		c->record.replied = true;
		c->record.rep = f->code;
	}
	if (f->cause == S5_CAUSE_REQUEST) {
		s5_conn_note_request(c);
		c->record.replied = true;
		c->record.rep = f->code;
	}
	switch (f->cause) {
	case S5_CAUSE_EOF:
	case S5_CAUSE_TIMEOUT:
		snprintf(why, size, "%s: client %s%s", s5_step_name(f->step),
			 s5_cause_text(f->cause), f->partial ? " in the middle of it" : "");
		break;
	case S5_CAUSE_MALFORMED:
		snprintf(why, size, "%s: %s", s5_step_name(f->step), s5_note_text(f->note));
		break;
	case S5_CAUSE_REQUEST: /* found when it was answered, but it is the request's fault */
		snprintf(why, size, "%s: %s", s5_step_name(S5_STEP_REQUEST), s5_note_text(f->note));
		break;
	case S5_CAUSE_NO_METHOD:
		snprintf(why, size, "no acceptable method");
		break;
	case S5_CAUSE_CREDENTIALS:
		snprintf(why, size, "%s", refusal(c));
		break;
	case S5_CAUSE_CONTEXT:
		snprintf(why, size, "security context: %.140s",
			 c->session.rounds > S5_ROUNDS ? "too many tokens" : c->session.gss->why);
		break;
	case S5_CAUSE_LEVEL:
		if (c->session.bare && !c->session.config->gss.nec)
			snprintf(why, size, "protection level in clear refused");
		else
			snprintf(why, size, "protection level %02x refused", f->code);
		break;
	case S5_CAUSE_SEAL:
		snprintf(why, size, "%s: %s", s5_step_name(f->step),
			 s5_seal_text((enum s5_seal_fault)f->code));
		break;
	case S5_CAUSE_MEMORY:
		snprintf(why, size, "%s: no memory", s5_step_name(f->step));
		break;
	case S5_CAUSE_ABORTED:
	case S5_CAUSE_REFUSED: /* why is known since */
	case S5_CAUSE_NONE:
	case S5_CAUSE_UNOFFERED:
	case S5_CAUSE_UNKNOWN_METHOD:
	case S5_CAUSE_LOCAL:
	case S5_CAUSE_COUNT:
		break;
	}
}
