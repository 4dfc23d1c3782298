/* Any text as pasted octets, in every form; and what was read, written as digits, is read again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dissect/text.h"
#include "must.h"

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n);

static void read_again(const struct s5_text *t)
{
	char *digits = malloc(3 * t->n + 1);
	struct s5_text again;

	must(digits, "no memory");
	for (size_t i = 0; i < t->n; i++)
		snprintf(digits + 3 * i, 4, "%02x ", t->octets[i]);
	must(s5_text_read(&again, digits, 3 * t->n, S5_TEXT_HEX), "digits are not read");
	must(again.n == t->n && !memcmp(again.octets, t->octets, t->n), "other octets are read");
	s5_text_fini(&again);
	free(digits);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t n)
{
	for (int form = S5_TEXT_AUTO; form <= S5_TEXT_BASE64; form++) {
		struct s5_text t;
		bool good = s5_text_read(&t, (const char *)octets, n, (enum s5_text_form)form);

		must(good || t.why, "a failure says nothing");
		must(t.n <= S5_TEXT_MOST + n, "more than may be");
		if (good && t.n && t.n < 1000)
			read_again(&t);
		s5_text_fini(&t);
	}
	return 0;
}
