#include "testlib.h"

#include "base/names.h"

struct named {
	const char *(*name)(uint8_t code);
	uint8_t code;
	const char *want;
};

/* The registries, said a second time on purpose: a slip in codes.def shows here. */
static const struct named registry[] = {
	{ s5_method_name, 0x00, "none" },
	{ s5_method_name, 0x01, "gssapi" },
	{ s5_method_name, 0x02, "userpass" },
	{ s5_method_name, 0x03, "chap" },
	{ s5_method_name, 0x04, "unassigned" },
	{ s5_method_name, 0x05, "cram" },
	{ s5_method_name, 0x06, "ssl" },
	{ s5_method_name, 0x07, "nds" },
	{ s5_method_name, 0x08, "maf" },
	{ s5_method_name, 0x09, "json" },
	{ s5_method_name, 0x0a, "unassigned" },
	{ s5_method_name, 0x7f, "unassigned" },
	{ s5_method_name, 0x80, "gost tls" },
	{ s5_method_name, 0x81, "private" },
	{ s5_method_name, 0xfe, "private" },
	{ s5_method_name, 0xff, "no acceptable method" },
	{ s5_cmd_name, 0x00, "unassigned" },
	{ s5_cmd_name, 0x01, "connect" },
	{ s5_cmd_name, 0x02, "bind" },
	{ s5_cmd_name, 0x03, "udp associate" },
	{ s5_cmd_name, 0x04, "unassigned" },
	{ s5_cmd_name, 0xf0, "tor resolve" },
	{ s5_cmd_name, 0xf1, "tor resolve ptr" },
	{ s5_atyp_name, 0x00, "unassigned" },
	{ s5_atyp_name, 0x01, "ipv4" },
	{ s5_atyp_name, 0x02, "unassigned" },
	{ s5_atyp_name, 0x03, "name" },
	{ s5_atyp_name, 0x04, "ipv6" },
	{ s5_rep_name, 0x00, "succeeded" },
	{ s5_rep_name, 0x01, "general failure" },
	{ s5_rep_name, 0x02, "not allowed by ruleset" },
	{ s5_rep_name, 0x03, "network unreachable" },
	{ s5_rep_name, 0x04, "host unreachable" },
	{ s5_rep_name, 0x05, "connection refused" },
	{ s5_rep_name, 0x06, "TTL expired" },
	{ s5_rep_name, 0x07, "command not supported" },
	{ s5_rep_name, 0x08, "address type not supported" },
	{ s5_rep_name, 0x09, "unassigned" },
	{ s5_rep_name, 0xff, "unassigned" },
	{ s5_mtyp_name, 0x01, "authentication token" },
	{ s5_mtyp_name, 0x02, "protection level" },
	{ s5_mtyp_name, 0x03, "encapsulated data" },
	{ s5_mtyp_name, 0xff, "abort" },
	{ s5_mtyp_name, 0x04, "unassigned" },
	{ s5_level_name, 0x00, "none" },
	{ s5_level_name, 0x01, "integrity" },
	{ s5_level_name, 0x02, "confidentiality" },
	{ s5_level_name, 0x03, "selective" },
	{ s5_level_name, 0x04, "unassigned" },
	{ s5_cd_name, 0x01, "connect" },
	{ s5_cd_name, 0x02, "bind" },
	{ s5_cd_name, 0x5a, "granted" },
	{ s5_cd_name, 0x5b, "rejected or failed" },
	{ s5_cd_name, 0x5c, "no identd on the client" },
	{ s5_cd_name, 0x5d, "identd names another user" },
	{ s5_cd_name, 0x5e, "unassigned" },
};

TEST(codes_have_the_names_of_the_registries)
{
	for (size_t i = 0; i < LENGTH(registry); i++)
		assert_string_equal(registry[i].name(registry[i].code), registry[i].want);
}

TEST(R1928_6_16_extended_replies_are_named_as_tors)
{
	for (unsigned rep = 0xf0; rep <= 0xf7; rep++)
		assert_memory_equal(s5_rep_name((uint8_t)rep), "tor: ", 5);
	assert_string_equal(s5_rep_name(0xef), "unassigned");
	assert_string_equal(s5_rep_name(0xf8), "unassigned");
}

TEST(every_octet_has_some_name)
{
	static const char *(*const names[])(uint8_t) = {
		s5_method_name, s5_cmd_name,   s5_atyp_name, s5_rep_name,
		s5_mtyp_name,	s5_level_name, s5_cd_name,
	};

	for (size_t i = 0; i < LENGTH(names); i++)
		for (unsigned code = 0; code < 256; code++)
			assert_true(names[i]((uint8_t)code)[0]);
}

TEST(codes_stand_as_on_the_wire)
{
	assert_int_equal(S5_METHOD_USERPASS, 0x02);
	assert_int_equal(S5_METHOD_UNACCEPTABLE, 0xff);
	assert_int_equal(S5_CMD_UDP, 0x03);
	assert_int_equal(S5_ATYP_IPV6, 0x04);
	assert_int_equal(S5_REP_ATYP_UNSUPPORTED, 0x08);
	assert_int_equal(S5_MTYP_ABORT, 0xff);
	assert_int_equal(S5_LEVEL_SELECTIVE, 0x03);
	assert_int_equal(S5_CD_REJECTED, 0x5b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_have_the_names_of_the_registries),
		cmocka_unit_test(R1928_6_16_extended_replies_are_named_as_tors),
		cmocka_unit_test(every_octet_has_some_name),
		cmocka_unit_test(codes_stand_as_on_the_wire),
	};

	return RUN(tests);
}
