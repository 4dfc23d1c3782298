/* What a word sends, as octets: in x->out, behind what was held back. Private to exchange.c. */
#ifndef S5_PROBE_OUTGOING_H
#define S5_PROBE_OUTGOING_H

#include "probe/exchange.h"

/* 0 or -errno. A token is there, where the word sends one. */
int s5_outgoing_put(struct s5_exchange *x, const struct s5_word *w);
/* A token of the context, alone. */
void s5_outgoing_put_token(struct s5_exchange *x);
/* Passwords are in it: it is wiped. */
void s5_outgoing_free(struct s5_exchange *x);

#endif
