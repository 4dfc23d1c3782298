/* The cases that a SOCKS5 client is held against: what its server says (probe/words.h), and whether the
 * client has to go on with it or to give up.
 *
 * They are static; any thread.
 */
#ifndef S5_PROBE_CLIENTS_H
#define S5_PROBE_CLIENTS_H

#include "probe/cases.h"
#include "wire/message.h"

/* What a client does, found out by the first case; one that needs what it does not do tells nothing of it. */
enum s5_client_needs {
	S5_CLIENT_NONE = 0,
	S5_CLIENT_PLAIN = 1, /* it offers method 00 or 02 */
	S5_CLIENT_LOGIN = 2, /* it offers 02 */
	S5_CLIENT_GSSAPI = 4, /* it offers 01 */
	S5_CLIENT_OPEN = 8, /* it offers 00 */
	S5_CLIENT_NOT_OPEN = 16, /* it does not offer 00, and so on */
	S5_CLIENT_NOT_LOGIN = 32,
	S5_CLIENT_NOT_GSSAPI = 64,
	S5_CLIENT_CONNECT = 128, /* that is what it asks for */
	S5_CLIENT_BIND = 256,
	S5_CLIENT_UDP = 512,
};

/* The first one finds out what the client does: it is for any. */
extern const struct s5_case s5_client_cases[];
extern const size_t s5_nclient_cases;

/* A bit for each thing that a client which said this does. */
unsigned s5_client_does(const struct s5_hello *hello, const struct s5_request *request);

#endif
