/* Where a name server is: `ADDR`, `ADDR:PORT`, an IPv6 address in brackets before a port. Strictly:
 * c-ares would take 1.2.3 for an address and 99999 for a port. Pure. */
#ifndef S5_NET_NAMESERVER_H
#define S5_NET_NAMESERVER_H

#include "base/addr.h"

/* False: it is none. Without a port it is 53. */
bool s5_nameserver_parse(struct s5_addr *a, const char *text, size_t len);

#endif
