#include "session/auth.h"

#include <stddef.h>

#include "base/names.h"
#include "session/gss.h"

const struct s5_auth *s5_auth_find(uint8_t method)
{
	static const struct s5_auth *const all[] = { &s5_auth_none, &s5_auth_userpass,
						     &s5_auth_gssapi };

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (all[i]->method == method)
			return all[i];
	return NULL;
}

bool s5_auth_is_built(uint8_t method)
{
	return s5_auth_find(method) && (method != S5_METHOD_GSSAPI || s5_gss_library());
}
