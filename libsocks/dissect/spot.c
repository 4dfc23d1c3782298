#include "dissect/spot.h"

#include <stdbool.h>
#include <string.h>

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

/* Not all servers keep to what was offered, but what they choose then is one of these. */
static bool goes_with(const struct s5_hello *hello, uint8_t method)
{
	return method == S5_METHOD_NONE || method == S5_METHOD_USERPASS ||
	       method == S5_METHOD_UNACCEPTABLE || memchr(hello->methods, method, hello->n);
}

static enum s5_spot spot5(struct s5_reader client, struct s5_reader server)
{
	struct s5_hello hello;
	struct s5_choice choice;
	enum s5_rc asks = s5_hello_get(&client, &hello);
	enum s5_rc answers = s5_choice_get(&server, &choice);
	bool fits = asks != S5_OK || answers != S5_OK || goes_with(&hello, choice.method);

	return both(verdict(asks, asks == S5_OK && hello.n > 0), verdict(answers, fits));
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

bool s5_spot_is_client(const uint8_t *client, size_t n)
{
	static const uint8_t five[] = { 5, 0xff }, four[] = { 0, S5_CD_GRANTED, 0, 0, 0, 0, 0, 0 };

	return s5_spot(client, n, five, sizeof five) == S5_SPOT_YES ||
	       s5_spot(client, n, four, sizeof four) == S5_SPOT_YES;
}

enum s5_spot s5_spot(const uint8_t *client, size_t nclient, const uint8_t *server, size_t nserver)
{
	struct s5_reader c = s5_reader_over(client, nclient), s = s5_reader_over(server, nserver);
	enum s5_spot as5 = spot5(c, s), as4 = spot4(c, s);

	return as5 > as4 ? as5 : as4;
}
