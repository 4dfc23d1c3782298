/* Any octets as one side of a conversation, as the beginnings of both, and as datagrams that pass by.
 *
 * Input: an octet that says as what (0 the client's, 1 the server's, 2 it finds out; 3 both beginnings;
 * 4 and 5 datagrams in clear and sealed), then the octets. Of beginnings and datagrams the first octet
 * says how long the first one is, and so on.
 */
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "dissect/lone.h"
#include "dissect/relayed.h"
#include "dissect/spot.h"
#include "../unit/seen.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

struct told {
	const uint8_t *octets; /* what was given */
	size_t n, at;
	uint64_t sealed;
};

static void on_side(void *arg, const struct s5_seen *seen)
{
	struct told *t = arg;

	must(seen_fits(seen), "a field beyond its message");
	must(seen->off == (seen->sealed ? t->sealed : t->at), "octets out of their order");
	if (seen->sealed) {
		t->sealed += seen->len;
		return;
	}
	must(seen->len <= t->n - t->at, "more than was given");
	must(!seen->len || !memcmp(seen->octets, t->octets + t->at, seen->len), "other octets");
	t->at += seen->len;
}

static void read_side(const uint8_t *octets, size_t n, enum s5_role from)
{
	struct told t = { .octets = octets, .n = n };
	enum s5_role found = s5_lone_read(octets, n, from, on_side, &t);

	must(from == S5_OBSERVER ? found != S5_OBSERVER : found == from, "somebody else's");
	must(t.at == n, "octets that are not told");
}

static void spot(const uint8_t *octets, size_t n)
{
	size_t first = n ? octets[0] : 0;
	enum s5_spot whole, part;

	if (n <= first)
		return;
	octets++;
	n -= first + 1;
	whole = s5_spot(octets, first, octets + first, n);
	for (size_t i = 0; i < first; i++) {
		part = s5_spot(octets, i, octets + first, n);
		must(whole == S5_SPOT_NO || part != S5_SPOT_NO, "less of it is taken for another");
	}
}

static void on_datagram(void *arg, const struct s5_seen *seen)
{
	must(seen_fits(seen), "a field beyond its message");
	must(!arg && (seen->kind != S5_SEEN_FAULT || seen->why), "a fault without a cause");
}

static void read_datagrams(const uint8_t *octets, size_t n, uint8_t level)
{
	struct s5_budget budget = { .limit = 65536 };
	struct s5_relayed r;

	s5_relayed_init(&r, level, &budget, on_datagram, NULL);
	for (size_t at = 0, len; at < n; at += len) {
		len = octets[at++];
		len = len < n - at ? len : n - at;
		s5_relayed_recv(&r, at & 1 ? S5_CLIENT : S5_SERVER, octets + at, len, (int64_t)at);
	}
	s5_relayed_fini(&r);
	must(!budget.used, "memory that is not given back");
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	if (!n)
		return 0;
	if (octets[0] % 6 < 3)
		read_side(octets + 1, n - 1, (enum s5_role)(octets[0] % 6));
	else if (octets[0] % 6 == 3)
		spot(octets + 1, n - 1);
	else
		read_datagrams(octets + 1, n - 1,
			       octets[0] % 6 == 4 ? S5_LEVEL_NONE : S5_LEVEL_INTEGRITY);
	return 0;
}
