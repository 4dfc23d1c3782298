/* A name server on the loop under test. It answers by the first letter of the name:
 *
 *   a  127.0.0.1 (A), ::1 (AAAA)     x  no such name
 *   4  127.0.0.1, no AAAA            n  no data
 *   6  ::1, no A                     f  server failure
 *   m  14 addresses                  s  silence
 *   t  127.0.0.1 with a TTL of 0     l  as a, but the first such question is lost
 */
#ifndef DNSD_H
#define DNSD_H

#include <arpa/inet.h>
#include <unistd.h>

#include "net/resolve.h"
#include "testlib.h"

/* Names that get no address, whatever the family. */
static const struct {
	const char *name;
	enum s5_lookup_result result;
} dnsd_failures[] = {
	{ "x.test", S5_LOOKUP_NO_NAME },
	{ "n.test", S5_LOOKUP_NO_DATA },
	{ "f.test", S5_LOOKUP_FAILED },
};

struct dnsd {
	struct s5_watch watch;
	char text[32]; /* ADDR:PORT */
	char first[64]; /* the name asked for last */
	unsigned asked, asked6;
	unsigned highest; /* number behind the first letter of a name */
	bool lost;
};

static inline size_t dnsd_record(uint8_t *out, bool v6, unsigned last, uint8_t ttl)
{
	const uint8_t head[] = { 0xc0, 12, 0, v6 ? 28 : 1, 0, 1, 0, 0, 0, ttl, 0, v6 ? 16 : 4 };
	size_t len = v6 ? 16 : 4;

	memcpy(out, head, sizeof head);
	memset(out + sizeof head, 0, len);
	if (!v6)
		out[sizeof head] = 127;
	out[sizeof head + len - 1] = (uint8_t)last;
	return sizeof head + len;
}

/* How many records the first letter is worth, or -1: no answer at all. */
static inline int dnsd_count(char what, bool v6, uint8_t *code)
{
	*code = what == 'x' ? 3 : what == 'f' ? 2 : 0;
	if (what == 's')
		return -1;
	if (what == 'm')
		return 14;
	if (what == 'a' || what == 't' || what == 'l')
		return 1;
	return what == '4' ? !v6 : what == '6' ? v6 : 0;
}

static inline void dnsd_note(struct dnsd *d, const uint8_t *m, bool v6)
{
	unsigned number;

	snprintf(d->first, sizeof d->first, "%.*s", m[12], (const char *)m + 13);
	number = (unsigned)strtoul(d->first + 1, NULL, 10);
	if (number > d->highest)
		d->highest = number;
	d->asked++;
	d->asked6 += v6;
}

static inline void dnsd_ready(struct s5_watch *w, uint32_t events)
{
	struct dnsd *d = S5_OUTER(w, struct dnsd, watch);
	uint8_t m[2048];
	struct sockaddr_in from;
	socklen_t len = sizeof from;
	ssize_t n = recvfrom(w->fd, m, 512, 0, (struct sockaddr *)&from, &len);
	size_t end = 12;
	int count;
	bool v6;

	(void)events;
	if (n < 17)
		return;
	while (m[end])
		end += 1u + m[end];
	v6 = m[end + 2] == 28;
	end += 5;
	dnsd_note(d, m, v6);
	count = dnsd_count((char)m[13], v6, &m[3]);
	if (count < 0 || (m[13] == 'l' && !d->lost)) {
		d->lost |= m[13] == 'l';
		return;
	}
	m[2] = 0x85;
	m[7] = (uint8_t)count;
	memset(m + 8, 0, 4);
	for (int i = 0; i < count; i++)
		end += dnsd_record(m + end, v6, 1 + (unsigned)i, m[13] == 't' ? 0 : 60);
	sendto(w->fd, m, end, 0, (struct sockaddr *)&from, len);
}

static inline void dnsd_start(struct dnsd *d, struct s5_loop *loop)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof a;

	*d = (struct dnsd){ .watch = { .ready = dnsd_ready } };
	d->watch.fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_true(d->watch.fd >= 0);
	assert_int_equal(bind(d->watch.fd, (struct sockaddr *)&a, len), 0);
	assert_int_equal(getsockname(d->watch.fd, (struct sockaddr *)&a, &len), 0);
	snprintf(d->text, sizeof d->text, "127.0.0.1:%u", ntohs(a.sin_port));
	assert_int_equal(s5_loop_watch(loop, &d->watch, EPOLLIN), 0);
}

static inline void dnsd_stop(struct dnsd *d, struct s5_loop *loop)
{
	s5_loop_unwatch(loop, &d->watch);
	close(d->watch.fd);
}

#endif
