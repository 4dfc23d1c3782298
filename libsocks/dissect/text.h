/* Octets as people paste them: hex in all the forms that tools and programs write, base64, or as they
 * are.
 *
 *   050100, 05 01 00, 05:01:00, 0x05, 0x01    digits, with what may stand between
 *   "\x05\1\0GET"                              strings of C, shell and Python
 *   unsigned char a[] = { 0x05, 1, 0 };        arrays; decimal numbers too
 *   00000000: 0501 00            ...           xxd, hexdump -C, od -t x1, tcpdump -X, Wireshark
 *   BQEA                                       base64
 *
 * In a dump the offsets must fit what stands before them; that is how it is known to be one. Pure; the
 * caller frees the octets.
 */
#ifndef S5_DISSECT_TEXT_H
#define S5_DISSECT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define S5_TEXT_MOST (64u << 20) /* octets */

enum s5_text_form {
	S5_TEXT_AUTO,
	S5_TEXT_RAW,
	S5_TEXT_HEX, /* any of those above, but base64 */
	S5_TEXT_BASE64,
};

struct s5_text {
	uint8_t *octets; /* malloc; NULL: none */
	size_t n;
	enum s5_text_form form; /* as it was found */
	/* Where it is none: why, static, and the line that it is about, from 1; 0: all of it. */
	const char *why;
	size_t line;
	size_t room; /* private */
};

/* False: t->why says why; what was good before it is there all the same. */
bool s5_text_read(struct s5_text *t, const char *text, size_t len, enum s5_text_form form);
void s5_text_fini(struct s5_text *t);

#endif
