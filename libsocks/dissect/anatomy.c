#include "dissect/anatomy.h"

#include "base/names.h"
#include "wire/gssframe.h"
#include "wire/gsstoken.h"

#define INITIAL 0x60 /* the first octet of one */

/* One octet, bare or inside the token (R1961-4.1, and the NEC way). */
static void add_level(const uint8_t *octets, const uint8_t *level, struct s5_trace *trace)
{
	struct s5_reader in = s5_reader_over(octets, (size_t)(level - octets) + 1);

	in.trace = trace;
	in.off = (size_t)(level - octets);
	s5_get_u8(&in, S5_F_LEVEL);
}

void s5_anatomy(const uint8_t *octets, size_t n, bool level, struct s5_trace *trace)
{
	struct s5_reader in = s5_reader_over(octets, n);
	struct s5_gssframe frame;
	struct s5_initial_token initial;
	struct s5_wrap_token wrap;

	if (s5_gssframe_get(&in, &frame) != S5_OK || !frame.len)
		return;
	in.off -= frame.len;
	in.trace = trace;
	if (level && frame.len == 1)
		add_level(octets, frame.token, trace);
	else if (frame.token[0] == INITIAL)
		s5_initial_token_get(&in, &initial);
	else if (s5_wrap_token_is(&in) && s5_wrap_token_get(&in, &wrap) == S5_OK && level &&
		 wrap.nplain == 1)
		add_level(octets, wrap.plain, trace);
}
