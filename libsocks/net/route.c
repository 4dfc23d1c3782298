#include "net/route.h"

#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct question {
	struct nlmsghdr header;
	struct rtmsg route;
	struct rtattr name;
	uint8_t address[16];
};

static struct question question_of(const struct s5_addr *a)
{
	struct question q = {
		.header = { .nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST },
		.route = { .rtm_family = a->len == 4 ? AF_INET : AF_INET6,
			   .rtm_dst_len = (uint8_t)(a->len * 8) },
		.name = { .rta_type = RTA_DST, .rta_len = (uint16_t)RTA_LENGTH(a->len) },
	};

	q.header.nlmsg_len = (uint32_t)(offsetof(struct question, address) + a->len);
	memcpy(q.address, a->octets, a->len);
	return q;
}

bool s5_route_is_local(const struct s5_addr *a)
{
	const struct question q = question_of(a);
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	union {
		struct nlmsghdr header;
		uint8_t octets[4096];
	} answer;
	const struct rtmsg *route = NLMSG_DATA(&answer.header);
	ssize_t n = -1;

	if (fd < 0)
		return true;
	if (send(fd, &q, q.header.nlmsg_len, 0) > 0)
		n = recv(fd, &answer, sizeof answer, MSG_DONTWAIT); /* it is there already */
	close(fd);
	if (n < (ssize_t)NLMSG_LENGTH(sizeof *route))
		return true;
	return answer.header.nlmsg_type == RTM_NEWROUTE && route->rtm_type == RTN_LOCAL;
}
