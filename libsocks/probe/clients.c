#include "probe/clients.h"

#include <string.h>

#include "base/names.h"

/* As they stand in the table. */
enum {
	NONE = S5_CLIENT_NONE,
	PLAIN = S5_CLIENT_PLAIN,
	LOGIN = S5_CLIENT_LOGIN,
	GSSAPI = S5_CLIENT_GSSAPI,
	OPEN = S5_CLIENT_OPEN,
	NOT_OPEN = S5_CLIENT_NOT_OPEN,
	NOT_LOGIN = S5_CLIENT_NOT_LOGIN,
	NOT_GSSAPI = S5_CLIENT_NOT_GSSAPI,
	CONNECT = S5_CLIENT_CONNECT,
	BIND = S5_CLIENT_BIND,
	UDP = S5_CLIENT_UDP,
};

#define ENTERS "<hello >05{pick} login "
#define CONNECTS ENTERS "<request=01 "
#define BINDS ENTERS "<request=02 "
#define ASSOCIATES ENTERS "<request=03 "
#define SERVES " <any >{page} fin <end"
#define ANSWERS " u>000000{asked}{page} <end"

const struct s5_case s5_client_cases[] = {
#define S5_CLIENT_CASE(id, section, level, needs, outcome, title, script, why) \
	{ id, section, S5_CASE_##level, needs, title, script, why, S5_CASE_##outcome, false },
#define S5_PLAIN_CASE(id, section, needs, title, script, why) \
	{ id, section, S5_CASE_MUST, needs, title, script, why, S5_CASE_GOES_ON, true },
#include "probe/clients.def"
#undef S5_CLIENT_CASE
#undef S5_PLAIN_CASE
};

const size_t s5_nclient_cases = sizeof s5_client_cases / sizeof s5_client_cases[0];

unsigned s5_client_does(const struct s5_hello *hello, const struct s5_request *request)
{
	static const struct {
		uint8_t method;
		unsigned has, has_not;
	} rows[] = {
		{ S5_METHOD_NONE, S5_CLIENT_OPEN | S5_CLIENT_PLAIN, S5_CLIENT_NOT_OPEN },
		{ S5_METHOD_USERPASS, S5_CLIENT_LOGIN | S5_CLIENT_PLAIN, S5_CLIENT_NOT_LOGIN },
		{ S5_METHOD_GSSAPI, S5_CLIENT_GSSAPI, S5_CLIENT_NOT_GSSAPI },
	};
	unsigned does = 0;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		does |= memchr(hello->methods, rows[i].method, hello->n) ? rows[i].has
									 : rows[i].has_not;
	switch (request->cmd) {
	case S5_CMD_CONNECT:
		return does | S5_CLIENT_CONNECT;
	case S5_CMD_BIND:
		return does | S5_CLIENT_BIND;
	case S5_CMD_UDP:
		return does | S5_CLIENT_UDP;
	default:
		return does;
	}
}
