/* Ports out of a range, and the address that leads somewhere. */
#include "testlib.h"

#include <errno.h>
#include <unistd.h>

#include "net/sock.h"

#define PORTS 3

static const uint8_t home[4] = { 127, 0, 0, 1 };

/* A range of free ports, for both TCP and UDP: found by trying. */
static struct s5_port_range free_range(void)
{
	struct s5_addr a = s5_addr_ip4(home, 0);

	for (uint16_t lo = 20000; lo < 60000; lo = (uint16_t)(lo + PORTS)) {
		int fds[2 * PORTS], good = 0;

		for (int i = 0; i < 2 * PORTS; i++) {
			uint16_t port = (uint16_t)(lo + i / 2);

			fds[i] = s5_sock_bind_range(i % 2 ? SOCK_DGRAM : SOCK_STREAM, &a, 0,
						    (struct s5_port_range){ port, port });
			good += fds[i] >= 0;
		}
		for (int i = 0; i < 2 * PORTS; i++)
			if (fds[i] >= 0)
				close(fds[i]);
		if (good == 2 * PORTS)
			return (struct s5_port_range){ lo, (uint16_t)(lo + PORTS - 1) };
	}
	fail_msg("no free ports");
	return (struct s5_port_range){ 0, 0 };
}

static void take_all(int type)
{
	struct s5_port_range range = free_range();
	struct s5_addr a = s5_addr_ip4(home, 0);
	unsigned seen = 0;
	int fds[PORTS];

	for (int i = 0; i < PORTS; i++) {
		fds[i] = s5_sock_bind_range(type, &a, 0, range);
		assert_true(fds[i] >= 0);
		seen |= 1u << (s5_sock_local(fds[i]).port - range.lo);
	}
	assert_int_equal(seen, (1u << PORTS) - 1);
	assert_int_equal(s5_sock_bind_range(type, &a, 0, range), -EADDRINUSE);
	close(fds[1]);
	fds[1] = s5_sock_bind_range(type, &a, 0, range);
	assert_true(fds[1] >= 0);
	for (int i = 0; i < PORTS; i++)
		close(fds[i]);
}

TEST(a_range_gives_each_port_once_for_tcp)
{
	take_all(SOCK_STREAM);
}

TEST(a_range_gives_each_port_once_for_udp)
{
	take_all(SOCK_DGRAM);
}

TEST(without_a_range_the_kernel_picks)
{
	struct s5_addr a = s5_addr_ip4(home, 0);
	int fd = s5_sock_bind_range(SOCK_DGRAM, &a, 0, (struct s5_port_range){ 0, 0 });

	assert_true(fd >= 0);
	assert_int_not_equal(s5_sock_local(fd).port, 0);
	close(fd);
}

TEST(an_address_of_another_machine_is_no_matter_of_ports)
{
	struct s5_addr a = s5_addr_ip4((const uint8_t[]){ 192, 0, 2, 1 }, 0);

	assert_int_equal(
		s5_sock_bind_range(SOCK_STREAM, &a, 0, (struct s5_port_range){ 20000, 60000 }),
		-EADDRNOTAVAIL);
}

TEST(a_route_is_told_by_its_own_end)
{
	struct s5_addr dst = s5_addr_ip4((const uint8_t[]){ 127, 0, 0, 9 }, 0), local, name;

	assert_int_equal(s5_sock_route(&local, &dst), 0);
	assert_int_equal(local.atyp, S5_ATYP_IPV4);
	assert_memory_equal(local.octets, home, 4);
	assert_int_equal(local.port, 0);
	assert_true(s5_addr_set_name(&name, "a", 1, 80));
	assert_int_equal(s5_sock_route(&local, &name), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_gives_each_port_once_for_tcp),
		cmocka_unit_test(a_range_gives_each_port_once_for_udp),
		cmocka_unit_test(without_a_range_the_kernel_picks),
		cmocka_unit_test(an_address_of_another_machine_is_no_matter_of_ports),
		cmocka_unit_test(a_route_is_told_by_its_own_end),
	};

	return RUN(tests);
}
