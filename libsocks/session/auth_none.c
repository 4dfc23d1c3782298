#include "base/names.h"
#include "session/auth.h"

#include <stddef.h>

const struct s5_auth s5_auth_none = { .method = S5_METHOD_NONE, .first = NULL };
