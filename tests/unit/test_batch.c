#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/batch.h"
#include "testlib.h"

static struct s5_inbox in;
static struct s5_outbox out;
static int from, to[2];
static struct s5_route route[2];
static uint8_t octets[S5_DATAGRAM_ROOM];

static int socket_at(struct s5_addr *a)
{
	int fd;

	*a = s5_addr_ip4((const uint8_t[]){ 127, 0, 0, 1 }, 0);
	fd = s5_sock_udp(a);
	assert_true(fd >= 0);
	*a = s5_sock_local(fd);
	return fd;
}

static int set_up(void **state)
{
	struct s5_addr a;

	(void)state;
	from = socket_at(&a);
	for (int i = 0; i < 2; i++) {
		to[i] = socket_at(&a);
		assert_true(s5_route_to(&route[i], &a));
	}
	s5_udp_tune(to[0]);
	s5_outbox_init(&out);
	for (size_t i = 0; i < sizeof octets; i++)
		octets[i] = (uint8_t)(i % 251);
	return s5_inbox_init(&in);
}

static int tear_down(void **state)
{
	(void)state;
	close(from);
	close(to[0]);
	close(to[1]);
	s5_inbox_fini(&in);
	return 0;
}

static void put(unsigned where, size_t len)
{
	s5_outbox_put(&out, from, &route[where], NULL, 0, octets, len);
}

/* The next datagram at to[where], taking another batch when the last one is used up. */
static struct s5_parcel next(unsigned where)
{
	struct s5_parcel parcel = { .data = NULL };

	if (!s5_inbox_next(&in, &parcel)) {
		assert_true(s5_inbox_receive(&in, to[where], S5_BATCH) > 0);
		assert_true(s5_inbox_next(&in, &parcel));
	}
	return parcel;
}

static void gets(unsigned where, size_t len)
{
	struct s5_parcel parcel = next(where);

	assert_int_equal(parcel.len, len);
	assert_memory_equal(parcel.data, octets, len);
}

static void gets_no_more(unsigned where)
{
	struct s5_parcel parcel;

	assert_false(s5_inbox_next(&in, &parcel));
	assert_int_equal(s5_inbox_receive(&in, to[where], S5_BATCH), 0);
	assert_false(s5_inbox_next(&in, &parcel));
}

TEST(equal_datagrams_are_one_message_and_a_shorter_one_ends_it)
{
	for (int i = 0; i < 5; i++)
		put(0, 100);
	assert_int_equal(out.n, 1);
	put(0, 40);
	assert_int_equal(out.n, 1);
	put(0, 40);
	assert_int_equal(out.n, 2);
	put(0, 41);
	assert_int_equal(out.n, 3);
	s5_outbox_flush(&out);
	for (int i = 0; i < 5; i++)
		gets(0, 100);
	gets(0, 40);
	gets(0, 40);
	gets(0, 41);
	gets_no_more(0);
	assert_int_equal(out.lost, 0);
}

TEST(another_place_between_ends_a_run)
{
	put(0, 10);
	put(1, 10);
	put(0, 10);
	assert_int_equal(out.n, 3);
	s5_outbox_flush(&out);
	gets(0, 10);
	gets(0, 10);
	gets_no_more(0);
	gets(1, 10);
	gets_no_more(1);
}

TEST(R1928_U_15_an_empty_datagram_is_one_by_itself)
{
	put(0, 3);
	put(0, 0);
	put(0, 0);
	put(0, 3);
	assert_int_equal(out.n, 4);
	s5_outbox_flush(&out);
	gets(0, 3);
	gets(0, 0);
	gets(0, 0);
	gets(0, 3);
	gets_no_more(0);
}

TEST(a_run_has_an_end_in_number_and_in_octets)
{
	for (int i = 0; i < 65; i++)
		put(0, 8);
	assert_int_equal(out.n, 2);
	s5_outbox_flush(&out);
	for (int i = 0; i < 65; i++)
		gets(0, 8);
	for (int i = 0; i < 3; i++)
		put(0, 30000);
	assert_int_equal(out.n, 2);
	s5_outbox_flush(&out);
	for (int i = 0; i < 3; i++)
		gets(0, 30000);
	assert_int_equal(out.lost, 0);
}

TEST(headers_are_copied_each_with_its_own)
{
	struct s5_parcel parcel;
	uint8_t head[S5_BATCH_HEAD];

	for (uint8_t i = 0; i < 3 * S5_BATCH / 2; i++) {
		memset(head, i, sizeof head);
		s5_outbox_put(&out, from, &route[0], head, 10, octets, 4);
	}
	memset(head, 0xff, sizeof head);
	s5_outbox_flush(&out);
	for (uint8_t i = 0; i < 3 * S5_BATCH / 2; i++) {
		memset(head, i, sizeof head);
		parcel = next(0);
		assert_int_equal(parcel.len, 14);
		assert_memory_equal(parcel.data, head, 10);
		assert_memory_equal(parcel.data + 10, octets, 4);
	}
	gets_no_more(0);
}

TEST(a_full_batch_leaves_and_so_does_that_of_another_socket)
{
	for (unsigned i = 0; i < S5_BATCH + 1; i++)
		put(i % 2, 10);
	assert_int_equal(out.n, 1);
	s5_outbox_put(&out, to[0], &route[1], NULL, 0, octets, 20);
	assert_int_equal(out.n, 1);
	for (unsigned i = 0; i < S5_BATCH / 2; i++) {
		gets(1, 10);
	}
	gets_no_more(1);
	s5_outbox_flush(&out);
	gets(1, 20);
	for (unsigned i = 0; i < S5_BATCH / 2 + 1; i++)
		gets(0, 10);
	gets_no_more(0);
}

/* Without a checksum the kernel refuses to cut: EIO, or EINVAL in later ones. */
TEST(where_the_kernel_refuses_to_cut_each_goes_by_itself_from_then_on)
{
	assert_int_equal(setsockopt(from, SOL_SOCKET, SO_NO_CHECK, &(int){ 1 }, sizeof(int)), 0);
	for (int i = 0; i < 4; i++)
		put(0, 50);
	put(0, 9);
	put(1, 50);
	assert_int_equal(out.n, 2);
	s5_outbox_flush(&out);
	assert_true(route[0].plain);
	assert_false(route[1].plain);
	for (int i = 0; i < 4; i++)
		gets(0, 50);
	gets(0, 9);
	gets(1, 50);
	put(0, 50);
	put(0, 50);
	assert_int_equal(out.n, 2);
	s5_outbox_flush(&out);
	gets(0, 50);
	gets(0, 50);
	gets_no_more(0);
	assert_int_equal(out.lost, 0);
}

TEST(R1928_U_22_what_is_too_large_is_lost_and_the_others_go_on)
{
	put(0, 65507);
	put(0, 65508);
	put(0, 65535);
	put(0, 65536);
	put(0, 7);
	s5_outbox_flush(&out);
	assert_int_equal(out.lost, 3);
	gets(0, 65507);
	gets(0, 7);
	gets_no_more(0);
}

TEST(R1928_U_18_a_refusal_is_told_once_and_costs_no_datagram)
{
	struct s5_route connected = { .len = 0 };
	struct s5_addr gone;
	int fd = socket_at(&gone);
	struct s5_sockaddr sa;

	s5_sockaddr_from(&sa, &gone);
	assert_int_equal(connect(from, &sa.sa, sa.len), 0);
	close(fd);
	s5_outbox_put(&out, from, &connected, NULL, 0, octets, 5);
	s5_outbox_flush(&out);
	assert_int_equal(s5_inbox_receive(&in, from, S5_BATCH), -ECONNREFUSED);
	assert_int_equal(s5_inbox_receive(&in, from, S5_BATCH), 0);
	s5_outbox_put(&out, from, &connected, NULL, 0, octets, 5);
	s5_outbox_flush(&out);
	fd = s5_sock_udp(&gone);
	assert_true(fd >= 0);
	s5_outbox_put(&out, from, &connected, NULL, 0, octets, 6);
	s5_outbox_flush(&out);
	assert_int_equal(recv(fd, octets, sizeof octets, MSG_DONTWAIT), 6);
	assert_int_equal(out.lost, 0);
	close(fd);
}

TEST(truncated_ones_are_left_out)
{
	for (unsigned i = 0; i < S5_BATCH; i++)
		in.iov[i].iov_len = 20;
	put(1, 21);
	put(1, 20);
	put(1, 50);
	put(1, 1);
	put(1, 22);
	s5_outbox_flush(&out);
	assert_int_equal(s5_inbox_receive(&in, to[1], S5_BATCH), 5);
	gets(1, 20);
	gets(1, 1);
	gets_no_more(1);
}

/* What the kernel put together is handed out as it was sent, with its sender. */
TEST(coalesced_ones_are_parted)
{
	struct s5_addr sender;
	struct s5_parcel parcel;

	for (int i = 0; i < 9; i++)
		put(0, 1200);
	put(0, 7);
	s5_outbox_flush(&out);
	assert_int_equal(s5_inbox_receive(&in, to[0], S5_BATCH), 1);
	for (int i = 0; i < 10; i++) {
		assert_true(s5_inbox_next(&in, &parcel));
		assert_int_equal(parcel.len, i < 9 ? 1200 : 7);
		assert_memory_equal(parcel.data, octets, parcel.len);
		sender = s5_sockaddr_to(parcel.from);
		assert_int_equal(sender.port, s5_sock_local(from).port);
	}
	gets_no_more(0);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(equal_datagrams_are_one_message_and_a_shorter_one_ends_it),
		CASE(another_place_between_ends_a_run),
		CASE(R1928_U_15_an_empty_datagram_is_one_by_itself),
		CASE(a_run_has_an_end_in_number_and_in_octets),
		CASE(headers_are_copied_each_with_its_own),
		CASE(a_full_batch_leaves_and_so_does_that_of_another_socket),
		CASE(where_the_kernel_refuses_to_cut_each_goes_by_itself_from_then_on),
		CASE(R1928_U_22_what_is_too_large_is_lost_and_the_others_go_on),
		CASE(R1928_U_18_a_refusal_is_told_once_and_costs_no_datagram),
		CASE(truncated_ones_are_left_out),
		CASE(coalesced_ones_are_parted),
	};

	return RUN(tests);
}
