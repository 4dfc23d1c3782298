#include "dissect/spot.h"

#include <stdbool.h>

#include "base/names.h"
#include "wire/message.h"
#include "wire/socks4.h"

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

static enum s5_spot spot5(struct s5_reader client, struct s5_reader server)
{
	struct s5_hello hello;
	struct s5_choice choice;
	enum s5_rc asks = s5_hello_get(&client, &hello);
	enum s5_rc answers = s5_choice_get(&server, &choice);

	return both(verdict(asks, asks == S5_OK && hello.n > 0), verdict(answers, true));
}

static enum s5_spot spot4(struct s5_reader client, struct s5_reader server)
{
	struct s5_trace trace = { .nspans = 0 };
	struct s5_socks4_request request;
	struct s5_socks4_reply reply = { .cd = 0 };
	enum s5_rc asks, answers;

	client.trace = &trace;
	asks = s5_socks4_request_get(&client, &request);
	answers = s5_socks4_reply_get(&server, &reply);
	if (s5_trace_has(&trace, S5_NOTE_SOCKS4_CMD) && request.cd != S5_CD_TOR_RESOLVE)
		return S5_SPOT_NO;
	return both(
		verdict(asks, true),
		verdict(answers, reply.cd >= S5_CD_GRANTED && reply.cd <= S5_CD_IDENTD_MISMATCH));
}

enum s5_spot s5_spot(const uint8_t *client, size_t nclient, const uint8_t *server, size_t nserver)
{
	struct s5_reader c = s5_reader_over(client, nclient), s = s5_reader_over(server, nserver);
	enum s5_spot as5 = spot5(c, s), as4 = spot4(c, s);

	return as5 > as4 ? as5 : as4;
}
