/* Inside the client: octets between its socket and its session, through the seals of the hops
 * before; and the steps to a context. Private to roles/. */
#ifndef S5_ROLES_CLIENT_OCTETS_H
#define S5_ROLES_CLIENT_OCTETS_H

#include "roles/client.h"

/* client.c */
void s5_client_go_on(struct s5_client *c);
void s5_client_fail(struct s5_client *c, enum s5_phase phase, int error);
void s5_client_drop(struct s5_client *c);

/* client_octets.c */

/* True when nothing is left to send. */
bool s5_client_send(struct s5_client *c);
/* Reads once. False: it failed. */
bool s5_client_receive(struct s5_client *c);
/* Gives the session of what is there as much as it takes. False: that was nothing. */
bool s5_client_feed(struct s5_client *c);
/* The stream of this hop begins: takes its seal, and keeps what came early in c->in. False: no
 * memory; or the seal has a fault, which is in c->failure. */
bool s5_client_keep_early(struct s5_client *c);
void s5_client_free_octets(struct s5_client *c);

/* client_work.c */

/* S5_EV_WORK. */
void s5_client_work(struct s5_client *c);
/* Nobody waits for it any more. */
void s5_client_abandon_work(struct s5_client *c);

#endif
