/* What stands in the place of the parts of a script when it runs. */
#include <string.h>

#include "probe/words.h"

static const struct {
	const char *name, *text;
} part_names[] = {
#define S5_PART(id, name, text) { name, text },
#include "probe/parts.def"
#undef S5_PART
};

const char *s5_part_name(enum s5_part part)
{
	return part_names[part].name;
}

const char *s5_part_text(enum s5_part part)
{
	return part_names[part].text;
}

bool s5_part_is_heard(enum s5_part part)
{
	return part >= S5_PART_RELAY;
}

enum s5_part s5_words_lack(const struct s5_words *s, const struct s5_parts *parts)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; k < s->words[i].n; k++) {
			unsigned octet = s->words[i].octets[k];

			if (octet >= S5_OCTET_PART &&
			    !s5_part_is_heard((enum s5_part)(octet - S5_OCTET_PART)) &&
			    !parts->part[octet - S5_OCTET_PART].n)
				return (enum s5_part)(octet - S5_OCTET_PART);
		}
	return S5_PART_COUNT;
}

size_t s5_word_octets(const struct s5_word *w, const struct s5_parts *parts, uint8_t *octets,
		      bool *any)
{
	size_t n = 0;

	for (size_t i = 0; i < w->n && n < S5_OCTETS_MOST; i++) {
		unsigned octet = w->octets[i];
		const struct s5_part_octets *part =
			octet >= S5_OCTET_PART ? &parts->part[octet - S5_OCTET_PART] : NULL;
		size_t len = part ? part->n : 1;

		if (len > S5_OCTETS_MOST - n)
			break;
		if (part)
			memcpy(octets + n, part->octets, len);
		else
			octets[n] = (uint8_t)octet;
		for (size_t k = 0; any && k < len; k++)
			any[n + k] = octet == S5_OCTET_ANY;
		n += len;
	}
	return n;
}

bool s5_word_takes(const struct s5_word *w, uint8_t code)
{
	return w->codes[code / 8] >> code % 8 & 1;
}
