#include "dissect/spot.h"

#include <stdbool.h>

#include "base/names.h"
#include "wire/message.h"
#include "wire/socks4.h"

#define TOR_RESOLVE 0xf0
#define TOR_RESOLVE_PTR 0xf1
#define CD_LAST 0x5d /* of the codes that SOCKS4 answers with */

static enum s5_spot verdict(enum s5_rc rc, bool fits)
{
	if (rc == S5_MORE)
		return S5_SPOT_PERHAPS;
	return rc == S5_OK && fits ? S5_SPOT_YES : S5_SPOT_NO;
}

static enum s5_spot both(enum s5_spot a, enum s5_spot b)
{
	return a < b ? a : b;
}

/* A version that is right, or nothing yet. */
static bool may_begin(const uint8_t *octets, size_t n, uint8_t version)
{
	return !n || octets[0] == version;
}

static enum s5_spot spot5(struct s5_reader *client, struct s5_reader *server)
{
	struct s5_hello hello;
	struct s5_choice choice;
	enum s5_rc asks = s5_hello_get(client, &hello);
	enum s5_rc answers = s5_choice_get(server, &choice);

	return both(verdict(asks, asks == S5_OK && hello.n > 0), verdict(answers, true));
}

static bool is_cd(uint8_t cd)
{
	return cd == S5_CD_CONNECT || cd == S5_CD_BIND || cd == TOR_RESOLVE ||
	       cd == TOR_RESOLVE_PTR;
}

static enum s5_spot spot4(struct s5_reader *client, struct s5_reader *server)
{
	struct s5_socks4_request request;
	struct s5_socks4_reply reply = { .cd = 0 };
	bool asks_well = client->len < 2 || is_cd(client->data[1]);
	enum s5_rc asks = s5_socks4_request_get(client, &request);
	enum s5_rc answers = s5_socks4_reply_get(server, &reply);
	bool answers_well = reply.cd >= S5_CD_GRANTED && reply.cd <= CD_LAST;

	if (!asks_well)
		return S5_SPOT_NO;
	return both(verdict(asks, true), verdict(answers, answers_well));
}

enum s5_spot s5_spot(const uint8_t *client, size_t nclient, const uint8_t *server, size_t nserver)
{
	struct s5_reader c = s5_reader_over(client, nclient), s = s5_reader_over(server, nserver);

	if (!nclient)
		return may_begin(server, nserver, 5) || may_begin(server, nserver, 0)
			       ? S5_SPOT_PERHAPS
			       : S5_SPOT_NO;
	if (client[0] == 4)
		return spot4(&c, &s);
	return spot5(&c, &s);
}
