/* Any octets behind the method 01: to a server, a client and an observer, and to a seal. What comes
 * of them must not depend on how they are cut, and what is sealed must stay so.
 *
 * The first two octets choose the role and the context (fakegss.h); the rest is what the peer says
 * behind its choice of the method. */
#include <stdio.h>

#include "../unit/drive.h"
#include "../unit/fakegss.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

static void must(bool holds, const struct drive *a, const struct drive *b, const char *fault)
{
	if (holds)
		return;
	fprintf(stderr, "%s\n%s---\n%s", fault, a->log, b ? b->log : "");
	abort();
}

static struct s5_session_config plan(const uint8_t *octets, enum s5_role *role)
{
	struct s5_session_config c = { .nmethods = 1, .methods = { S5_METHOD_GSSAPI } };

	*role = (enum s5_role)(octets[0] % 3);
	fake.rounds = 1 + (octets[0] >> 2 & 3) + (octets[0] & 0x80 ? 14 : 0);
	fake.mute = octets[0] & 0x10;
	fake.plain = octets[0] & 0x20;
	fake.principal = octets[0] & 0x40 ? "!eve@R" : "alice@R";
	c.gss.levels = octets[1] & 7;
	c.gss.level = octets[1] >> 3 & 3;
	c.gss.nec = octets[1] & 0x20;
	c.watch = octets[1] & 0x40;
	c.request = (struct s5_request){ .cmd = 1 + octets[1] % 3 };
	c.request.dst = s5_addr_ip4((const uint8_t[4]){ 127, 0, 0, 1 }, 80);
	return c;
}

/* An observer sees the client's octets; the server's answers are the fake acceptor's. */
static void run(struct drive *d, enum s5_role role, const struct s5_session_config *config,
		const uint8_t *octets, size_t n, size_t width)
{
	enum s5_role peer = role == S5_CLIENT ? S5_SERVER : S5_CLIENT;
	static const uint8_t hello[] = { 5, 1, 1 }, choice[] = { 5, 1 };

	drive_init(d, role, config);
	if (role != S5_CLIENT)
		drive_feed(d, S5_CLIENT, hello, sizeof hello);
	if (role != S5_SERVER)
		drive_feed(d, S5_SERVER, choice, sizeof choice);
	if (role == S5_OBSERVER) /* halves, to each side one */
		drive_feed(d, S5_SERVER, octets + n / 2, n - n / 2);
	n = role == S5_OBSERVER ? n / 2 : n;
	for (size_t at = 0; at < n; at += width)
		drive_feed(d, peer, octets + at, width < n - at ? width : n - at);
	drive_eof(d, peer);
}

/* How much of a refusal is seen, and of what is no good, depends on the cut. */
static void compare(const struct drive *a, const struct drive *b)
{
	must(!strcmp(a->log, b->log), a, b, "what it says depends on the cut");
	must(a->outlen == b->outlen && !memcmp(a->out, b->out, a->outlen), a, b,
	     "what it sends depends on the cut");
}

/* Once a level is agreed a server sends nothing but sealed messages. */
static void check_sealed(const struct drive *d)
{
	struct s5_reader in = s5_reader_over(d->out, d->outlen);
	struct s5_gssframe f = { .mtyp = 0 };
	bool level = false;

	if (d->s.role != S5_SERVER || d->s.level == S5_LEVEL_NONE)
		return;
	s5_get_octets(&in, S5_F_VER, 2);
	while (in.off < in.len) {
		must(s5_gssframe_get(&in, &f) == S5_OK, d, NULL, "it sent what is no frame");
		must(!level || f.mtyp == S5_MTYP_DATA, d, NULL, "it sent another frame than data");
		level |= f.mtyp == S5_MTYP_LEVEL;
	}
}

/* The same octets, as a stream and as a datagram of a seal. */
static void unwrap(const uint8_t *octets, size_t n, size_t width)
{
	static const struct s5_gss_config config = { .levels = 6 };
	struct s5_gss *g = s5_gss_new(&config, true, true);
	static uint8_t copy[DRIVE_ROOM], plain[DRIVE_ROOM];
	struct s5_writer out = s5_writer_over(plain, sizeof plain);
	const uint8_t *view;
	struct s5_seal *seal;
	size_t len;

	fake_complete(g);
	seal = s5_seal_new(g, S5_LEVEL_INTEGRITY);
	memcpy(copy, octets, n);
	for (size_t at = 0; at < n; at += width)
		if (s5_seal_unwrap(seal, copy + at, width < n - at ? width : n - at, &out) != S5_OK)
			break;
	s5_seal_end(seal);
	memcpy(copy, octets, n);
	s5_seal_unwrap_datagram(seal, copy, n, &view, &len);
	s5_seal_free(seal);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	static struct drive whole, single, pieces;
	struct s5_session_config config;
	enum s5_role role;

	if (n < 2 || n > DRIVE_ROOM / 2)
		return 0;
	config = plan(octets, &role);
	octets += 2;
	n -= 2;
	run(&whole, role, &config, octets, n, SIZE_MAX);
	run(&single, role, &config, octets, n, 1);
	run(&pieces, role, &config, octets, n, 7);
	compare(&whole, &single);
	compare(&whole, &pieces);
	check_sealed(&whole);
	unwrap(octets, n, 1 + n % 9);
	drive_init(&whole, S5_OBSERVER, &config);
	drive_init(&single, S5_OBSERVER, &config);
	drive_init(&pieces, S5_OBSERVER, &config);
	if (fake.live)
		abort();
	return 0;
}
