/* Which level of protection comes of what a client asks for: RFC 1961 4. Pure. */
#ifndef S5_SESSION_LEVEL_H
#define S5_SESSION_LEVEL_H

#include <stdbool.h>

#include "base/names.h"

/* What a server grants of `levels`, 1 << enum s5_level each, where `asked` is asked for: that one,
 * else the next better one, else the best there is. -1: nothing; asked for is no level, or none at
 * all, which is granted only where it is among them. */
int s5_level_grant(unsigned levels, int asked);
/* May a client that asked for that go on with what was granted? Not with less; what is selective
 * may be less than encrypted. */
bool s5_level_will_do(int asked, int granted);

#endif
