/* What becomes of answers of the library that no realm gives on demand: its calls are answered here
 * (--wrap). PROTOCOL 7.9. */
#include "testlib.h"

#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>

#include "session/gss.h"
#include "wire/gssframe.h"

#define ALL (GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_INTEG_FLAG | GSS_C_CONF_FLAG)

/* The answer to the next call. */
static struct {
	OM_uint32 major, flags, asked;
	size_t ntoken;
	OM_uint32 minor;
	const char *name;
	const char *minor_means;
	char imported[40];
	bool is_empty; /* a message that is unwrapped */
	void *unwrapped; /* of a datagram, until it is released */
} answer;

static void give_token(gss_buffer_t out)
{
	out->length = answer.ntoken;
	out->value = calloc(1, answer.ntoken + 1);
}

OM_uint32 __wrap_gss_import_name(OM_uint32 *minor, gss_buffer_t text, gss_OID type,
				 gss_name_t *name);
OM_uint32 __wrap_gss_init_sec_context(OM_uint32 *minor, gss_cred_id_t cred, gss_ctx_id_t *ctx,
				      gss_name_t target, gss_OID mech, OM_uint32 flags,
				      OM_uint32 time, gss_channel_bindings_t bindings,
				      gss_buffer_t in, gss_OID *actual, gss_buffer_t out,
				      OM_uint32 *ret_flags, OM_uint32 *ret_time);
OM_uint32 __wrap_gss_accept_sec_context(OM_uint32 *minor, gss_ctx_id_t *ctx, gss_cred_id_t cred,
					gss_buffer_t in, gss_channel_bindings_t bindings,
					gss_name_t *name, gss_OID *mech, gss_buffer_t out,
					OM_uint32 *ret_flags, OM_uint32 *time,
					gss_cred_id_t *delegated);
OM_uint32 __wrap_gss_inquire_context(OM_uint32 *minor, gss_ctx_id_t ctx, gss_name_t *from,
				     gss_name_t *to, OM_uint32 *time, gss_OID *mech,
				     OM_uint32 *flags, int *local, int *open);
OM_uint32 __wrap_gss_display_name(OM_uint32 *minor, gss_name_t name, gss_buffer_t text,
				  gss_OID *type);
OM_uint32 __wrap_gss_unwrap_iov(OM_uint32 *minor, gss_ctx_id_t ctx, int *conf, gss_qop_t *qop,
				gss_iov_buffer_desc *iov, int n);
OM_uint32 __wrap_gss_unwrap(OM_uint32 *minor, gss_ctx_id_t ctx, gss_buffer_t in, gss_buffer_t out,
			    int *conf, gss_qop_t *qop);
OM_uint32 __wrap_gss_release_buffer(OM_uint32 *minor, gss_buffer_t buffer);
OM_uint32 __wrap_gss_display_status(OM_uint32 *minor, OM_uint32 code, int kind, gss_OID mech,
				    OM_uint32 *more, gss_buffer_t text);

OM_uint32 __wrap_gss_import_name(OM_uint32 *minor, gss_buffer_t text, gss_OID type,
				 gss_name_t *name)
{
	(void)type, (void)name;
	*minor = 0;
	snprintf(answer.imported, sizeof answer.imported, "%.*s", (int)text->length,
		 (const char *)text->value);
	return GSS_S_COMPLETE;
}

OM_uint32 __wrap_gss_init_sec_context(OM_uint32 *minor, gss_cred_id_t cred, gss_ctx_id_t *ctx,
				      gss_name_t target, gss_OID mech, OM_uint32 flags,
				      OM_uint32 time, gss_channel_bindings_t bindings,
				      gss_buffer_t in, gss_OID *actual, gss_buffer_t out,
				      OM_uint32 *ret_flags, OM_uint32 *ret_time)
{
	(void)cred, (void)ctx, (void)target, (void)mech, (void)time, (void)bindings, (void)in;
	(void)actual, (void)ret_time;
	*minor = answer.minor;
	answer.asked = flags;
	*ret_flags = answer.flags;
	give_token(out);
	return answer.major;
}

OM_uint32 __wrap_gss_accept_sec_context(OM_uint32 *minor, gss_ctx_id_t *ctx, gss_cred_id_t cred,
					gss_buffer_t in, gss_channel_bindings_t bindings,
					gss_name_t *name, gss_OID *mech, gss_buffer_t out,
					OM_uint32 *ret_flags, OM_uint32 *time,
					gss_cred_id_t *delegated)
{
	(void)ctx, (void)cred, (void)in, (void)bindings, (void)name, (void)mech, (void)time;
	assert_null(delegated); /* a ticket that is handed over is not even looked at */
	*minor = answer.minor;
	*ret_flags = answer.flags;
	give_token(out);
	return answer.major;
}

OM_uint32 __wrap_gss_display_status(OM_uint32 *minor, OM_uint32 code, int kind, gss_OID mech,
				    OM_uint32 *more, gss_buffer_t text)
{
	(void)code, (void)mech;
	*minor = *more = 0;
	text->value = strdup(kind == GSS_C_MECH_CODE ? answer.minor_means : "the major one");
	text->length = strlen(text->value);
	return GSS_S_COMPLETE;
}

OM_uint32 __wrap_gss_inquire_context(OM_uint32 *minor, gss_ctx_id_t ctx, gss_name_t *from,
				     gss_name_t *to, OM_uint32 *time, gss_OID *mech,
				     OM_uint32 *flags, int *local, int *open)
{
	(void)ctx, (void)from, (void)to, (void)time, (void)mech, (void)flags, (void)local,
		(void)open;
	*minor = 0;
	return GSS_S_COMPLETE;
}

OM_uint32 __wrap_gss_display_name(OM_uint32 *minor, gss_name_t name, gss_buffer_t text,
				  gss_OID *type)
{
	(void)name, (void)type;
	*minor = 0;
	text->length = strlen(answer.name);
	text->value = strdup(answer.name);
	return GSS_S_COMPLETE;
}

OM_uint32 __wrap_gss_unwrap_iov(OM_uint32 *minor, gss_ctx_id_t ctx, int *conf, gss_qop_t *qop,
				gss_iov_buffer_desc *iov, int n)
{
	(void)ctx, (void)conf, (void)qop, (void)iov, (void)n;
	*minor = 0;
	return answer.major;
}

OM_uint32 __wrap_gss_unwrap(OM_uint32 *minor, gss_ctx_id_t ctx, gss_buffer_t in, gss_buffer_t out,
			    int *conf, gss_qop_t *qop)
{
	(void)ctx, (void)in, (void)conf, (void)qop;
	*minor = 0;
	if (!GSS_ERROR(answer.major)) {
		out->length = answer.is_empty ? 0 : 3;
		out->value = answer.unwrapped = strdup("abc");
	}
	return answer.major;
}

OM_uint32 __wrap_gss_release_buffer(OM_uint32 *minor, gss_buffer_t buffer)
{
	*minor = 0;
	if (!buffer->length && buffer->value == answer.unwrapped)
		return GSS_S_COMPLETE; /* as the library does it */
	if (buffer->value == answer.unwrapped)
		answer.unwrapped = NULL;
	free(buffer->value);
	*buffer = (gss_buffer_desc){ 0, NULL };
	return GSS_S_COMPLETE;
}

/* A step of a context with that level; what came of it. */
static struct s5_gss *step(const struct s5_gss_config *config, bool acceptor, OM_uint32 flags)
{
	struct s5_gss *g = s5_gss_new(config, acceptor, true);

	answer.major = GSS_S_COMPLETE;
	answer.flags = flags;
	answer.name = answer.name ? answer.name : "alice@R";
	s5_gss_step(g);
	return g;
}

TEST(R1961_3_6_a_context_that_lacks_what_we_need_is_none)
{
	static const struct {
		uint8_t level;
		OM_uint32 lacks;
		const char *why; /* NULL: it will do */
	} rows[] = {
		{ S5_LEVEL_CONFIDENTIALITY, 0, NULL },
		{ S5_LEVEL_CONFIDENTIALITY, GSS_C_MUTUAL_FLAG,
		  "the proxy did not prove who it is" },
		{ S5_LEVEL_CONFIDENTIALITY, GSS_C_INTEG_FLAG,
		  "the mechanism cannot protect integrity" },
		{ S5_LEVEL_CONFIDENTIALITY, GSS_C_CONF_FLAG, "the mechanism cannot encrypt" },
		{ S5_LEVEL_INTEGRITY, GSS_C_CONF_FLAG, NULL },
		{ S5_LEVEL_INTEGRITY, GSS_C_INTEG_FLAG, "the mechanism cannot protect integrity" },
		{ S5_LEVEL_NONE, GSS_C_MUTUAL_FLAG, "the proxy did not prove who it is" },
		{ S5_LEVEL_NONE, GSS_C_INTEG_FLAG, "the mechanism cannot protect integrity" },
	};

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct s5_gss_config config = { .target = "rcmd@h", .level = rows[i].level };
		struct s5_gss *g = step(&config, false, ALL & ~rows[i].lacks);

		assert_int_equal(g->state, rows[i].why ? S5_GSS_FAILED : S5_GSS_COMPLETE);
		if (rows[i].why) {
			assert_string_equal(g->why, rows[i].why);
			assert_int_equal(g->trouble, S5_GSS_REFUSED);
			assert_null(g->token);
		}
		s5_gss_free(g);
	}
}

TEST(R1961_3_4_and_3_5_what_is_asked_for)
{
	struct s5_gss_config config = { .target = "rcmd@h", .level = S5_LEVEL_INTEGRITY };
	const OM_uint32 always = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_INTEG_FLAG;
	struct s5_gss *g;

	s5_gss_free(step(&config, false, ALL));
	assert_int_equal(answer.asked, always | GSS_C_SEQUENCE_FLAG);
	config.level = S5_LEVEL_CONFIDENTIALITY;
	config.delegate = true;
	s5_gss_free(step(&config, false, ALL));
	assert_int_equal(answer.asked,
			 always | GSS_C_SEQUENCE_FLAG | GSS_C_CONF_FLAG | GSS_C_DELEG_FLAG);
	config.delegate = false;
	g = s5_gss_new(&config, false, false); /* for datagrams */
	s5_gss_step(g);
	assert_int_equal(answer.asked, always | GSS_C_CONF_FLAG);
	s5_gss_free(g);
}

/* A client that gives up leaves a step behind on another thread, and takes all of its own with it. */
TEST(a_context_needs_nothing_of_who_made_it)
{
	struct s5_gss_config *config = calloc(1, sizeof *config);
	struct s5_gss *g;

	config->target = strdup("rcmd@proxy.example");
	g = s5_gss_new(config, false, true);
	memset((char *)(uintptr_t)config->target, 'x', strlen(config->target));
	free((char *)(uintptr_t)config->target);
	memset(config, 0xff, sizeof *config);
	free(config);
	answer.flags = ALL;
	answer.name = "alice@R";
	s5_gss_step(g);
	assert_string_equal(answer.imported, "rcmd@proxy.example");
	s5_gss_free(g);
	answer.name = NULL;
}

TEST(R1961_3_12_a_token_that_does_not_fit_is_a_failure)
{
	struct s5_gss_config config = { .target = "rcmd@h" };

	for (size_t n = S5_TOKEN_MAX; n <= S5_TOKEN_MAX + 1; n++)
		for (int acceptor = 0; acceptor < 2; acceptor++) {
			struct s5_gss_acceptor *creds = (struct s5_gss_acceptor *)&(void *){ NULL };
			struct s5_gss *g;

			config.acceptor = creds;
			answer.ntoken = n;
			g = step(&config, acceptor, ALL);
			assert_int_equal(g->state,
					 n > S5_TOKEN_MAX ? S5_GSS_FAILED : S5_GSS_COMPLETE);
			assert_int_equal(g->ntoken, n > S5_TOKEN_MAX ? 0 : n);
			s5_gss_free(g);
		}
	answer.ntoken = 0;
}

/* The library quotes tickets in what it says, and calls a minor status that says nothing success. */
TEST(a_reason_is_plain_text_and_says_something)
{
	static const struct {
		const char *minor_means, *why;
	} rows[] = {
		{ "no key for rcmd/\033]0;x\a\r\n\177\377host", "no key for rcmd/?]0;x?????host" },
		{ "Success", "the major one" },
		{ "", "the major one" },
	};
	struct s5_gss_config config = { .target = "rcmd@h", .level = S5_LEVEL_INTEGRITY };

	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct s5_gss *g = s5_gss_new(&config, false, true);

		answer.major = GSS_S_FAILURE;
		answer.minor = 7;
		answer.minor_means = rows[i].minor_means;
		s5_gss_step(g);
		assert_int_equal(g->state, S5_GSS_FAILED);
		assert_string_equal(g->why, rows[i].why);
		s5_gss_free(g);
	}
	answer.minor = 0;
}

TEST(nobody_is_no_principal)
{
	struct s5_gss_config config = { .acceptor = (struct s5_gss_acceptor *)&(void *){ NULL } };
	struct s5_gss *g = step(&config, true, ALL | GSS_C_ANON_FLAG);

	assert_int_equal(g->state, S5_GSS_FAILED);
	assert_string_equal(g->why, "the client is anonymous");
	s5_gss_free(g);
	answer.name = "";
	g = step(&config, true, ALL);
	assert_int_equal(g->state, S5_GSS_FAILED);
	s5_gss_free(g);
	answer.name = NULL;
	g = step(&config, true, ALL | GSS_C_DELEG_FLAG);
	assert_int_equal(g->state, S5_GSS_COMPLETE);
	assert_string_equal(g->principal, "alice@R");
	s5_gss_free(g);
}

/* R1961-5.4, 5.12, 5.15: each answer of unwrap has a fault of its own, in a stream and in a datagram. */
TEST(R1961_5_15_and_5_4_each_status_is_a_fault)
{
	static const struct {
		OM_uint32 major;
		enum s5_seal_fault fault;
	} rows[] = {
		{ GSS_S_COMPLETE, S5_SEAL_GOOD },
		{ GSS_S_CONTEXT_EXPIRED, S5_SEAL_EXPIRED },
		{ GSS_S_BAD_MIC, S5_SEAL_TAMPERED },
		{ GSS_S_DEFECTIVE_TOKEN, S5_SEAL_DEFECTIVE },
		{ GSS_S_CALL_INACCESSIBLE_READ, S5_SEAL_DEFECTIVE },
		{ GSS_S_NO_CONTEXT, S5_SEAL_UNSEALABLE },
		{ GSS_S_FAILURE, S5_SEAL_UNSEALABLE },
		{ GSS_S_DUPLICATE_TOKEN, S5_SEAL_DUPLICATE },
		{ GSS_S_OLD_TOKEN, S5_SEAL_OLD },
		{ GSS_S_UNSEQ_TOKEN, S5_SEAL_UNORDERED },
		{ GSS_S_GAP_TOKEN, S5_SEAL_GAP },
		{ GSS_S_GAP_TOKEN | GSS_S_DUPLICATE_TOKEN, S5_SEAL_DUPLICATE },
		{ GSS_S_UNSEQ_TOKEN | GSS_S_BAD_MIC, S5_SEAL_TAMPERED },
	};
	struct s5_gss_config config = { .target = "rcmd@h" };
	struct s5_gss *g = step(&config, false, ALL);

	for (size_t i = 0; i < LENGTH(rows); i++)
		for (int ordered = 0; ordered < 2; ordered++) {
			uint8_t token[8] = "xxxxxxx";
			const uint8_t *plain;
			size_t n;
			bool conf;

			answer.major = rows[i].major;
			assert_int_equal(s5_gss_unwrap(g, ordered, token, 8, &plain, &n, &conf),
					 rows[i].fault);
			if (ordered || GSS_ERROR(rows[i].major))
				assert_int_equal(n, 0);
			else
				assert_memory_equal(plain, "abc", 3);
		}
	s5_gss_free(g);
}

/* Of an empty message the library gives an octet, and does not take it back as it is. */
TEST(an_empty_datagram_leaves_nothing_behind)
{
	struct s5_gss_config config = { .target = "rcmd@h" };
	struct s5_gss *g = step(&config, false, ALL);
	uint8_t token[8] = "xxxxxxx";
	const uint8_t *plain;
	size_t n;
	bool conf;

	answer.major = GSS_S_COMPLETE;
	answer.is_empty = true;
	assert_int_equal(s5_gss_unwrap(g, false, token, 8, &plain, &n, &conf), S5_SEAL_GOOD);
	assert_int_equal(n, 0);
	assert_null(answer.unwrapped);
	answer.is_empty = false;
	s5_gss_free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R1961_3_6_a_context_that_lacks_what_we_need_is_none),
		cmocka_unit_test(R1961_3_4_and_3_5_what_is_asked_for),
		cmocka_unit_test(a_context_needs_nothing_of_who_made_it),
		cmocka_unit_test(R1961_3_12_a_token_that_does_not_fit_is_a_failure),
		cmocka_unit_test(a_reason_is_plain_text_and_says_something),
		cmocka_unit_test(nobody_is_no_principal),
		cmocka_unit_test(R1961_5_15_and_5_4_each_status_is_a_fault),
		cmocka_unit_test(an_empty_datagram_leaves_nothing_behind),
	};

	return RUN(tests);
}
