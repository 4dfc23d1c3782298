#include "udp_form.h"

#include <stdio.h>
#include <string.h>

/* input */

void *udp_input_space(struct udp_input *in, size_t *room)
{
	in->len -= in->off;
	memmove(in->room, in->room + in->off, in->len);
	in->off = 0;
	*room = UDP_INPUT_ROOM - in->len;
	return in->room + in->len;
}

void udp_input_filled(struct udp_input *in, size_t n)
{
	in->len += n;
	in->full = n > 0;
	in->some |= n > 0;
	in->ended = n == 0;
}

static enum udp_taken take_read(struct udp_input *in, const uint8_t **data, size_t *len)
{
	if (!in->full)
		return UDP_NOTHING;
	*data = in->room + in->off;
	*len = in->len - in->off;
	in->off = in->len;
	in->full = false;
	return UDP_DATAGRAM;
}

static int hex_digit(uint8_t c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Turns a line into its octets where it stands. Blanks may stand between octets. */
static enum udp_taken read_hex(uint8_t *line, size_t *len)
{
	size_t n = 0;

	for (size_t i = 0; i < *len; i++) {
		int high = hex_digit(line[i]), low = i + 1 < *len ? hex_digit(line[i + 1]) : -1;

		if (line[i] == ' ' || line[i] == '\t' || line[i] == '\r')
			continue;
		if (high < 0 || low < 0)
			return UDP_NO_HEX;
		line[n++] = (uint8_t)(high << 4 | low);
		i++;
	}
	*len = n;
	return UDP_DATAGRAM;
}

/* A line that fills all the room: it is left out up to its end. */
static enum udp_taken skip_line(struct udp_input *in)
{
	bool first = !in->skipping;

	in->off = in->len;
	in->skipping = !in->ended;
	in->line += first;
	return first ? UDP_LONG_LINE : UDP_NOTHING;
}

static enum udp_taken take_line(struct udp_input *in, const uint8_t **data, size_t *len)
{
	uint8_t *begin = in->room + in->off;
	size_t left = in->len - in->off;
	const uint8_t *end = memchr(begin, '\n', left);
	bool skipped = in->skipping;

	if (!end && (in->skipping || left == UDP_INPUT_ROOM))
		return skip_line(in);
	if (!end && (!in->ended || !left))
		return UDP_NOTHING;
	left = end ? (size_t)(end - begin) : left;
	in->off += left + (end != NULL);
	in->skipping = false;
	if (skipped)
		return take_line(in, data, len);
	in->line++;
	*data = begin;
	*len = left;
	return in->form == UDP_HEX ? read_hex(begin, len) : UDP_DATAGRAM;
}

enum udp_taken udp_input_take(struct udp_input *in, const uint8_t **data, size_t *len)
{
	return in->form == UDP_RAW ? take_read(in, data, len) : take_line(in, data, len);
}

/* output */

size_t udp_answer_room(size_t len)
{
	return 2 * len + S5_ADDR_TEXT + 4;
}

static size_t put_hex(char *text, const uint8_t *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		text[2 * i] = digits[data[i] >> 4];
		text[2 * i + 1] = digits[data[i] & 15];
	}
	return 2 * len;
}

size_t udp_answer_put(char *text, enum udp_form form, const struct s5_addr *from,
		      const uint8_t *data, size_t len)
{
	size_t n = 0;

	if (from) {
		s5_addr_format(from, text, S5_ADDR_TEXT);
		n = strlen(text);
		n += (size_t)sprintf(text + n, "%s", form == UDP_RAW ? ": " : " ");
	}
	if (form == UDP_HEX) {
		n += put_hex(text + n, data, len);
	} else {
		memcpy(text + n, data, len);
		n += len;
	}
	if (form != UDP_RAW)
		text[n++] = '\n';
	return n;
}
