#include "testlib.h"

#include <errno.h>

#include "roles/rep.h"

TEST(R1928_6_11_every_cause_has_its_reply)
{
	static const struct {
		int error;
		uint8_t rep;
	} cases[] = {
		{ ENETUNREACH, 0x03 },
		{ ENETDOWN, 0x03 },
		{ EHOSTUNREACH, 0x04 },
		{ EHOSTDOWN, 0x04 },
		{ ECONNREFUSED, 0x05 },
		{ ECONNRESET, 0x05 },
		{ ETIMEDOUT, 0x06 },
		{ EACCES, 0x02 },
		{ EPERM, 0x02 },
		{ EAFNOSUPPORT, 0x08 },
		{ EMFILE, 0x01 },
		{ ENFILE, 0x01 },
		{ ENOMEM, 0x01 },
		{ EADDRNOTAVAIL, 0x01 },
		{ EINVAL, 0x01 },
		{ EIO, 0x01 },
		{ 0, 0x01 },
	};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		assert_int_equal(s5_rep_of_errno(cases[i].error), cases[i].rep);
		assert_int_equal(s5_rep_of_dial(S5_DIAL_FAILED, cases[i].error), cases[i].rep);
	}
}

TEST(R1928_6_11_no_error_is_a_success)
{
	for (int error = -200; error < 200; error++) {
		assert_int_not_equal(s5_rep_of_errno(error), 0x00);
		assert_int_not_equal(s5_rep_of_dial(S5_DIAL_FAILED, error), 0x00);
	}
}

TEST(R1928_6_9_denied_is_02)
{
	assert_int_equal(s5_rep_of_dial(S5_DIAL_DENIED, ECONNREFUSED), 0x02);
}

TEST(R1928_6_10_unresolved_is_04)
{
	assert_int_equal(s5_rep_of_dial(S5_DIAL_UNRESOLVED, 0), 0x04);
}

TEST(R1928_6_11_own_timer_is_06)
{
	assert_int_equal(s5_rep_of_dial(S5_DIAL_TIMEOUT, ENETUNREACH), 0x06);
	assert_int_equal(s5_rep_of_dial(S5_DIAL_CONNECTED, 0), 0x00);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(R1928_6_11_every_cause_has_its_reply),
		cmocka_unit_test(R1928_6_11_no_error_is_a_success),
		cmocka_unit_test(R1928_6_9_denied_is_02),
		cmocka_unit_test(R1928_6_10_unresolved_is_04),
		cmocka_unit_test(R1928_6_11_own_timer_is_06),
	};

	return RUN(tests);
}
