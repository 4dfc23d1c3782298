#include "session/auth.h"

#include <stddef.h>

const struct s5_auth *s5_auth_find(uint8_t method)
{
	static const struct s5_auth *const all[] = { &s5_auth_none, &s5_auth_userpass };

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i]->method == method)
			return all[i];
	return NULL;
}
