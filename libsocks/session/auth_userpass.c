/* RFC 1929: credentials, then a status; anything but 0 ends the connection. */
#include "base/names.h"
#include "session/auth.h"
#include "session/step.h"

static const struct s5_step step_status;

static void credentials_encode(const struct s5_session *s, struct s5_writer *out)
{
	s5_credentials_put(out, &s->config->credentials);
}

static enum s5_rc credentials_decode(struct s5_session *s, struct s5_reader *in)
{
	return s5_credentials_get(in, &s->credentials);
}

static const struct s5_step *credentials_next(struct s5_session *s)
{
	if (s->role == S5_SERVER)
		s5_session_tell(s, S5_EV_CREDENTIALS);
	return &step_status;
}

static void credentials_refuse(enum s5_note why, struct s5_writer *out)
{
	(void)why;
	s5_status_put(out, &(struct s5_status){ .ver = S5_SUBVER, .status = 1 });
}

static bool status_ready(const struct s5_session *s)
{
	return s->judged;
}

static void status_encode(const struct s5_session *s, struct s5_writer *out)
{
	s5_status_put(out, &s->status);
}

static enum s5_rc status_decode(struct s5_session *s, struct s5_reader *in)
{
	return s5_status_get(in, &s->status);
}

static const struct s5_step *status_next(struct s5_session *s)
{
	if (s->status.status != 0)
		s5_session_fail(s, S5_CAUSE_CREDENTIALS, s->status.status, S5_NOTE_NONE);
	return NULL;
}

static const struct s5_step step_credentials = {
	.id = S5_STEP_CREDENTIALS,
	.sender = S5_CLIENT,
	.encode = credentials_encode,
	.decode = credentials_decode,
	.next = credentials_next,
	.refuse = credentials_refuse,
};

static const struct s5_step step_status = {
	.id = S5_STEP_STATUS,
	.sender = S5_SERVER,
	.ready = status_ready,
	.encode = status_encode,
	.decode = status_decode,
	.next = status_next,
};

const struct s5_auth s5_auth_userpass = {
	.method = S5_METHOD_USERPASS,
	.first = &step_credentials,
};
