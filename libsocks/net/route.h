/* What the kernel's routing tables say. Any thread. */
#ifndef S5_NET_ROUTE_H
#define S5_NET_ROUTE_H

#include <stdbool.h>

#include "base/addr.h"

/* Does it lead to this machine itself? Also true where the kernel does not tell. Not for 0.0.0.0
 * and ::, which a connect understands and a route does not. */
bool s5_route_is_local(const struct s5_addr *a);

#endif
