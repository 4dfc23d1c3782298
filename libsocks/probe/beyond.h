/* What an exchange does beyond its dialogue: peers at the bound address, datagrams, a relay of our own.
 * Private to exchange.c. Those that tell by a bool: true when the word is done; false: not yet, or the
 * exchange is over.
 */
#ifndef S5_PROBE_BEYOND_H
#define S5_PROBE_BEYOND_H

#include "probe/exchange.h"

bool s5_beyond_connect(struct s5_exchange *x);
bool s5_beyond_named(struct s5_exchange *x);
bool s5_beyond_refused(struct s5_exchange *x, bool is_late);
bool s5_beyond_associate(struct s5_exchange *x);
bool s5_beyond_relay(struct s5_exchange *x);
/* Whose datagrams are about to be sent: who has another port, or another address. */
void s5_beyond_open_stranger(struct s5_exchange *x);
bool s5_beyond_open_foreign(struct s5_exchange *x);

#endif
