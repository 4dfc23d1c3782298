/* The messages of RFC 1928 and RFC 1929: one get and one put each.
 *
 * get reads one whole message from `in`. S5_OK: `in` stands behind the message. S5_MORE: `in` is
 * untouched but for rc, need and field, which say what is short; call again with more octets.
 * S5_BAD: it is not such a message; in->why says why. Deviations that do not spoil the parse are
 * notes in the reader's trace.
 *
 * put writes one whole message; it fails (sticky, in the writer) when there is no room or a value
 * cannot be expressed, such as an empty name.
 */
#ifndef S5_WIRE_MESSAGE_H
#define S5_WIRE_MESSAGE_H

#include <stdint.h>

#include "base/addr.h"
#include "base/bytes.h"

#define S5_VER 0x05
#define S5_SUBVER 0x01

/* RFC 1928 3: the methods a client offers */
struct s5_hello {
	uint8_t n; /* 1..255; 0 parses and is noted */
	uint8_t methods[255];
};

/* RFC 1928 3: the method the server chooses */
struct s5_choice {
	uint8_t method;
};

/* RFC 1929 2: values are octets with a length, not strings. Wipe after use. */
struct s5_credentials {
	uint8_t ulen, plen;
	uint8_t user[256], password[256];
};

/* RFC 1929 2: 0 is success */
struct s5_status {
	uint8_t ver; /* 01; in the field also 05 */
	uint8_t status;
};

/* RFC 1928 4 */
struct s5_request {
	uint8_t cmd; /* enum s5_cmd, or any octet */
	uint8_t rsv;
	struct s5_addr dst;
};

/* RFC 1928 6 */
struct s5_reply {
	uint8_t rep; /* enum s5_rep, or any octet */
	uint8_t rsv;
	struct s5_addr bnd;
};

enum s5_rc s5_hello_get(struct s5_reader *in, struct s5_hello *m);
enum s5_rc s5_choice_get(struct s5_reader *in, struct s5_choice *m);
enum s5_rc s5_credentials_get(struct s5_reader *in, struct s5_credentials *m);
enum s5_rc s5_status_get(struct s5_reader *in, struct s5_status *m);
enum s5_rc s5_request_get(struct s5_reader *in, struct s5_request *m);
enum s5_rc s5_reply_get(struct s5_reader *in, struct s5_reply *m);

void s5_hello_put(struct s5_writer *out, const struct s5_hello *m);
void s5_choice_put(struct s5_writer *out, const struct s5_choice *m);
void s5_credentials_put(struct s5_writer *out, const struct s5_credentials *m);
void s5_status_put(struct s5_writer *out, const struct s5_status *m);
void s5_request_put(struct s5_writer *out, const struct s5_request *m);
void s5_reply_put(struct s5_writer *out, const struct s5_reply *m);

/* ATYP, address and port (RFC 1928 5), as they stand in requests, replies and datagrams.
 * `field` is S5_F_DST_ADDR or S5_F_BND_ADDR; its port field is the one that follows it. */
void s5_get_addr(struct s5_reader *in, enum s5_field field, struct s5_addr *a);
void s5_put_addr(struct s5_writer *out, const struct s5_addr *a);
/* Why a name can never be looked up: empty, or with an octet <= 20, 7f, or a backslash (resolvers
 * drop it, so rules would see another name); else S5_NOTE_NONE. */
enum s5_note s5_name_fault(const struct s5_addr *a);

#endif
