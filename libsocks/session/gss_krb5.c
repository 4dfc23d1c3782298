/* The context by libgssapi_krb5; any mechanism it has will do for an acceptor (SPNEGO too). */
#include "session/gss.h"

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <krb5/krb5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/gssframe.h"

struct s5_gss_acceptor {
	gss_cred_id_t cred;
};

struct s5_gss_context {
	const struct s5_gss_acceptor *acceptor; /* NULL: an initiator's */
	char *service; /* whose, then */
	OM_uint32 flags; /* asked for */
	gss_name_t target;
	gss_ctx_id_t ctx;
};

/* the library's words */

/* The library quotes what the other side sent. */
static size_t put_plain(char *why, size_t used, const char *text, size_t n)
{
	for (size_t i = 0; i < n && used + 1 < S5_GSS_WHY; i++)
		why[used++] = (char)(text[i] >= ' ' && text[i] < 0x7f ? text[i] : '?');
	why[used] = 0;
	return used;
}

/* Appends what one of the two status codes means. */
static size_t put_status(char *why, size_t used, OM_uint32 code, int kind)
{
	OM_uint32 minor, more = 0;
	gss_buffer_desc text;

	do {
		if (gss_display_status(&minor, code, kind, GSS_C_NO_OID, &more, &text) !=
		    GSS_S_COMPLETE)
			break;
		if (used)
			used = put_plain(why, used, ": ", 2);
		used = put_plain(why, used, text.value, text.length);
		gss_release_buffer(&minor, &text);
	} while (more);
	return used;
}

/* The minor status says it best; the major one where it says nothing. */
static void put_why(char *why, OM_uint32 major, OM_uint32 minor)
{
	size_t used = 0;

	why[0] = 0;
	if (minor)
		used = put_status(why, used, minor, GSS_C_MECH_CODE);
	if (!used || strcmp(why, "Success") == 0)
		put_status(why, 0, major, GSS_C_GSS_CODE);
}

static enum s5_gss_trouble trouble_of(OM_uint32 major, OM_uint32 minor)
{
	static const struct {
		krb5_error_code code;
		enum s5_gss_trouble trouble;
	} known[] = {
		{ KRB5_FCC_NOFILE, S5_GSS_NO_TICKET },
		{ KRB5_CC_NOTFOUND, S5_GSS_NO_TICKET },
		{ KRB5KRB_AP_ERR_TKT_EXPIRED, S5_GSS_EXPIRED },
		{ KRB5KDC_ERR_S_PRINCIPAL_UNKNOWN, S5_GSS_NO_SERVICE },
		{ KRB5_KDC_UNREACH, S5_GSS_NO_KDC },
		{ KRB5_REALM_UNKNOWN, S5_GSS_NO_KDC },
		{ KRB5_REALM_CANT_RESOLVE, S5_GSS_NO_KDC },
		{ KRB5KRB_AP_ERR_SKEW, S5_GSS_CLOCK },
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if ((OM_uint32)known[i].code == minor)
			return known[i].trouble;
	switch (GSS_ROUTINE_ERROR(major)) {
	case GSS_S_NO_CRED:
		return S5_GSS_NO_TICKET;
	case GSS_S_CREDENTIALS_EXPIRED:
		return S5_GSS_EXPIRED;
	default:
		return S5_GSS_OTHER;
	}
}

/* names */

/* A host's service, or with a slash the whole principal (R1961-3.2). */
static OM_uint32 import_name(OM_uint32 *minor, const char *text, gss_name_t *name)
{
	gss_buffer_desc octets = { strlen(text), (void *)(uintptr_t)text };

	return gss_import_name(minor, &octets,
			       strchr(text, '/') ? GSS_C_NO_OID : GSS_C_NT_HOSTBASED_SERVICE, name);
}

const char *s5_gss_library(void)
{
	return "libgssapi_krb5, MIT Kerberos";
}

/* acceptor's credentials */

static OM_uint32 acquire(OM_uint32 *minor, const char *keytab, gss_name_t name, gss_cred_id_t *cred)
{
	gss_key_value_element_desc where = { "keytab", keytab };
	gss_key_value_set_desc store = { 1, &where };

	return gss_acquire_cred_from(minor, name, GSS_C_INDEFINITE, GSS_C_NO_OID_SET, GSS_C_ACCEPT,
				     keytab ? &store : GSS_C_NO_CRED_STORE, cred, NULL, NULL);
}

struct s5_gss_acceptor *s5_gss_acceptor_new(const char *keytab, const char *service,
					    char why[static S5_GSS_WHY])
{
	struct s5_gss_acceptor *a = calloc(1, sizeof *a);
	gss_name_t name = GSS_C_NO_NAME;
	OM_uint32 major = a ? GSS_S_COMPLETE : GSS_S_FAILURE, minor = 0, ignored;

	if (a && service)
		major = import_name(&minor, service, &name);
	if (!GSS_ERROR(major))
		major = acquire(&minor, keytab, name, &a->cred);
	gss_release_name(&ignored, &name);
	if (!GSS_ERROR(major))
		return a;
	put_why(why, major, minor);
	free(a);
	return NULL;
}

void s5_gss_acceptor_free(struct s5_gss_acceptor *a)
{
	OM_uint32 minor;

	if (a)
		gss_release_cred(&minor, &a->cred);
	free(a);
}

/* contexts */

struct s5_gss *s5_gss_new(const struct s5_gss_config *config, bool acceptor, bool ordered)
{
	struct s5_gss *g = calloc(1, sizeof *g);
	struct s5_gss_context *c = calloc(1, sizeof *c);

	if (c && !acceptor)
		c->service = strdup(config->target);
	if (!g || !c || (!acceptor && !c->service)) {
		free(g);
		free(c ? c->service : NULL);
		free(c);
		return NULL;
	}
	g->context = c;
	c->acceptor = acceptor ? config->acceptor : NULL;
	g->context->flags = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_INTEG_FLAG;
	if (ordered)
		g->context->flags |= GSS_C_SEQUENCE_FLAG;
	if (config->level >= S5_LEVEL_CONFIDENTIALITY)
		g->context->flags |= GSS_C_CONF_FLAG;
	if (config->delegate)
		g->context->flags |= GSS_C_DELEG_FLAG;
	return g;
}

void s5_gss_free(struct s5_gss *g)
{
	OM_uint32 minor;

	if (!g)
		return;
	gss_delete_sec_context(&minor, &g->context->ctx, GSS_C_NO_BUFFER);
	gss_release_name(&minor, &g->context->target);
	free(g->context->service);
	free(g->context);
	free(g->in);
	free(g->token);
	free(g->principal);
	free(g);
}

bool s5_gss_give(struct s5_gss *g, const uint8_t *token, size_t n)
{
	free(g->in);
	g->in = malloc(n ? n : 1);
	g->nin = n;
	if (g->in && n)
		memcpy(g->in, token, n);
	return g->in;
}

static void refuse(struct s5_gss *g, const char *why)
{
	g->state = S5_GSS_FAILED;
	g->trouble = S5_GSS_REFUSED;
	snprintf(g->why, sizeof g->why, "%s", why);
}

static void fail(struct s5_gss *g, OM_uint32 major, OM_uint32 minor)
{
	g->state = S5_GSS_FAILED;
	g->trouble = trouble_of(major, minor);
	put_why(g->why, major, minor);
}

/* The token to be sent; one of a step that failed is no use to anybody (R1961-3.9). */
static void take_token(struct s5_gss *g, gss_buffer_t token)
{
	OM_uint32 minor;

	free(g->token);
	g->ntoken = 0;
	g->token = g->state == S5_GSS_FAILED ? NULL : malloc(token->length + 1);
	if (token->length > S5_TOKEN_MAX) {
		refuse(g, "a token is longer than 65535 octets"); /* R1961-3.12 */
	} else if (g->token) {
		g->ntoken = token->length;
		if (token->length)
			memcpy(g->token, token->value, token->length);
	} else if (g->state != S5_GSS_FAILED) {
		refuse(g, "no memory");
	}
	gss_release_buffer(&minor, token);
}

/* The initiator's name, on both sides. */
static void name_principal(struct s5_gss *g)
{
	gss_buffer_desc text = GSS_C_EMPTY_BUFFER;
	gss_name_t name = GSS_C_NO_NAME;
	OM_uint32 minor;

	if (gss_inquire_context(&minor, g->context->ctx, &name, NULL, NULL, NULL, NULL, NULL,
				NULL) == GSS_S_COMPLETE &&
	    gss_display_name(&minor, name, &text, NULL) == GSS_S_COMPLETE && text.length &&
	    !memchr(text.value, 0, text.length))
		g->principal = strndup(text.value, text.length);
	gss_release_buffer(&minor, &text);
	gss_release_name(&minor, &name);
	if (!g->principal)
		refuse(g, "the client's name cannot be told");
}

/* R1961-3.6; and a name that is nobody's is none. */
static void complete(struct s5_gss *g, OM_uint32 flags)
{
	g->integrity = flags & GSS_C_INTEG_FLAG;
	g->confidentiality = flags & GSS_C_CONF_FLAG;
	if (!g->context->acceptor && !(flags & GSS_C_MUTUAL_FLAG))
		refuse(g, "the proxy did not prove who it is");
	else if (!g->context->acceptor && !g->integrity)
		refuse(g, "the mechanism cannot protect integrity");
	else if (!g->context->acceptor && g->context->flags & GSS_C_CONF_FLAG &&
		 !g->confidentiality)
		refuse(g, "the mechanism cannot encrypt");
	else if (g->context->acceptor && flags & GSS_C_ANON_FLAG)
		refuse(g, "the client is anonymous");
	else
		name_principal(g);
}

static OM_uint32 initiate(struct s5_gss_context *c, OM_uint32 *minor, gss_buffer_t in,
			  gss_buffer_t out, OM_uint32 *flags)
{
	OM_uint32 major = GSS_S_COMPLETE;

	if (!c->target)
		major = import_name(minor, c->service, &c->target);
	if (GSS_ERROR(major))
		return major;
	return gss_init_sec_context(minor, GSS_C_NO_CREDENTIAL, &c->ctx, c->target, GSS_C_NO_OID,
				    c->flags, 0, GSS_C_NO_CHANNEL_BINDINGS, in, NULL, out, flags,
				    NULL);
}

static OM_uint32 accept_token(struct s5_gss_context *c, OM_uint32 *minor, gss_buffer_t in,
			      gss_buffer_t out, OM_uint32 *flags)
{
	return gss_accept_sec_context(minor, &c->ctx, c->acceptor->cred, in,
				      GSS_C_NO_CHANNEL_BINDINGS, NULL, NULL, out, flags, NULL,
				      NULL);
}

void s5_gss_step(struct s5_gss *g)
{
	gss_buffer_desc in = { g->nin, g->in }, out = GSS_C_EMPTY_BUFFER;
	OM_uint32 major, minor = 0, flags = 0;

	major = (g->context->acceptor ? accept_token : initiate)(g->context, &minor, &in, &out,
								 &flags);
	if (GSS_ERROR(major))
		fail(g, major, minor);
	else if (major & GSS_S_CONTINUE_NEEDED)
		g->state = S5_GSS_CONTINUE;
	else
		g->state = S5_GSS_COMPLETE;
	if (g->state == S5_GSS_COMPLETE)
		complete(g, flags);
	take_token(g, &out);
}

/* messages */

size_t s5_gss_limit(const struct s5_gss *g, bool conf, size_t size)
{
	OM_uint32 minor, limit = 0;

	if (gss_wrap_size_limit(&minor, g->context->ctx, conf, GSS_C_QOP_DEFAULT, (OM_uint32)size,
				&limit) != GSS_S_COMPLETE)
		return 0;
	return limit < size ? limit : 0;
}

size_t s5_gss_wrap(struct s5_gss *g, bool conf, const uint8_t *octets, size_t n, uint8_t *token,
		   size_t room)
{
	gss_iov_buffer_desc iov[4] = {
		{ .type = GSS_IOV_BUFFER_TYPE_HEADER },
		{ .type = GSS_IOV_BUFFER_TYPE_DATA, .buffer.length = n },
		{ .type = GSS_IOV_BUFFER_TYPE_PADDING },
		{ .type = GSS_IOV_BUFFER_TYPE_TRAILER },
	};
	OM_uint32 minor;
	size_t length = 0;
	int state = 0;

	if (gss_wrap_iov_length(&minor, g->context->ctx, conf, GSS_C_QOP_DEFAULT, NULL, iov, 4) !=
	    GSS_S_COMPLETE)
		return 0;
	for (int i = 0; i < 4; i++) {
		if (iov[i].buffer.length > room - length)
			return 0;
		iov[i].buffer.value = token + length;
		length += iov[i].buffer.length;
	}
	if (n)
		memcpy(iov[1].buffer.value, octets, n);
	if (gss_wrap_iov(&minor, g->context->ctx, conf, GSS_C_QOP_DEFAULT, &state, iov, 4) !=
		    GSS_S_COMPLETE ||
	    (conf && !state))
		return 0;
	return length;
}

static enum s5_seal_fault fault_of(OM_uint32 major)
{
	if (GSS_ROUTINE_ERROR(major) == GSS_S_BAD_MIC)
		return S5_SEAL_TAMPERED;
	if (GSS_ROUTINE_ERROR(major) == GSS_S_CONTEXT_EXPIRED)
		return S5_SEAL_EXPIRED;
	if (GSS_ROUTINE_ERROR(major) == GSS_S_DEFECTIVE_TOKEN || GSS_CALLING_ERROR(major))
		return S5_SEAL_DEFECTIVE;
	if (GSS_ERROR(major))
		return S5_SEAL_UNSEALABLE;
	if (major & GSS_S_DUPLICATE_TOKEN)
		return S5_SEAL_DUPLICATE;
	if (major & GSS_S_OLD_TOKEN)
		return S5_SEAL_OLD;
	if (major & GSS_S_UNSEQ_TOKEN)
		return S5_SEAL_UNORDERED;
	return major & GSS_S_GAP_TOKEN ? S5_SEAL_GAP : S5_SEAL_GOOD;
}

/* In its place, without a copy; of a message that is not in order nothing is had. */
static enum s5_seal_fault unwrap_ordered(gss_ctx_id_t ctx, gss_buffer_t in, int *state,
					 gss_buffer_t out)
{
	gss_iov_buffer_desc iov[2] = {
		{ .type = GSS_IOV_BUFFER_TYPE_STREAM, .buffer = *in },
		{ .type = GSS_IOV_BUFFER_TYPE_DATA },
	};
	OM_uint32 minor;
	enum s5_seal_fault fault = fault_of(gss_unwrap_iov(&minor, ctx, state, NULL, iov, 2));

	*out = iov[1].buffer;
	return fault;
}

static enum s5_seal_fault unwrap_any(gss_ctx_id_t ctx, gss_buffer_t in, int *state,
				     gss_buffer_t out)
{
	gss_buffer_desc plain = GSS_C_EMPTY_BUFFER;
	OM_uint32 minor;
	enum s5_seal_fault fault = fault_of(gss_unwrap(&minor, ctx, in, &plain, state, NULL));

	*out = (gss_buffer_desc){ plain.length < in->length ? plain.length : 0, in->value };
	if (out->length)
		memcpy(out->value, plain.value, out->length);
	/* The library frees nothing that is empty, but has an octet for it. */
	if (plain.value && !plain.length)
		plain.length = 1;
	gss_release_buffer(&minor, &plain);
	return fault;
}

enum s5_seal_fault s5_gss_unwrap(struct s5_gss *g, bool ordered, uint8_t *token, size_t ntoken,
				 const uint8_t **plain, size_t *n, bool *conf)
{
	gss_buffer_desc in = { ntoken, token }, out;
	int state = 0;
	enum s5_seal_fault fault =
		(ordered ? unwrap_ordered : unwrap_any)(g->context->ctx, &in, &state, &out);

	*plain = out.value;
	*n = out.length;
	*conf = state;
	return fault;
}
