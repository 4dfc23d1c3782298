/* Any file, through all of `socks5 decode`: what it is is found out, and it is shown in every way.
 *
 * The first octet: the format (3), --summary (4), --secrets (8), in colour (10), a port (20). */
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "../unit/muted.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

/* Nothing that goes to a terminal is a control character, but for colours and newlines. */
static void look_at(const char *text, size_t n, bool colour)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		must((c >= 0x20 && c < 0x7f) || c == '\n' || (colour && c == '\033'),
		     "an octet that harms a terminal");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	struct decode_options o = { .from = S5_OBSERVER, .out = { .quiet = true } };
	struct decode_view view = { .options = &o };
	char *text = NULL;
	size_t len = 0;
	FILE *file;

	if (n < 2)
		return 0;
	o.format = octets[0] & 3;
	o.summary = octets[0] & 4;
	o.secrets = octets[0] & 8;
	o.port = octets[0] & 0x20 ? 1080 : 0;
	view.colour = octets[0] & 0x10;
	view.to = open_memstream(&text, &len);
	file = fmemopen((void *)(octets + 1), n - 1, "r");
	must(view.to && file, "no memory");
	if (decode_is_capture(octets + 1, n - 1)) {
		decode_capture(&view, file, "-");
	} else {
		decode_text(&view, file, "-");
		fclose(file);
	}
	fclose(view.to);
	look_at(text, len, view.colour);
	free(text);
	return 0;
}
