#include "field.h"

#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/names.h"
#include "out.h"
#include "wire/gsstoken.h"

struct value {
	char *text;
	size_t size;
	uint8_t atyp;
	const uint8_t *octets;
	size_t len;
};

struct form {
	void (*put)(const struct value *v, const struct form *form);
	const char *(*name)(uint8_t code);
};

static void put_hex(const struct value *v, const struct form *form)
{
	static const char digits[] = "0123456789abcdef";
	char *text = v->text;

	(void)form;
	for (size_t i = 0; i < v->len && 2 * i + 3 <= v->size; i++) {
		*text++ = digits[v->octets[i] >> 4];
		*text++ = digits[v->octets[i] & 15];
	}
	*text = '\0';
}

#define DATA_SHOWN 32 /* octets */

static void put_data(const struct value *v, const struct form *form)
{
	struct value first = *v;
	size_t used;

	first.len = v->len < DATA_SHOWN ? v->len : DATA_SHOWN;
	put_hex(&first, form);
	used = strlen(v->text);
	snprintf(v->text + used, v->size - used, "%s", v->len > DATA_SHOWN ? "..." : "");
}

/* One code or several, each with its name. */
static void put_codes(const struct value *v, const struct form *form)
{
	size_t used = 0;

	v->text[0] = '\0';
	for (size_t i = 0; i < v->len && used < v->size; i++)
		used += (size_t)snprintf(v->text + used, v->size - used, "%s%02x %s", i ? ", " : "",
					 v->octets[i], form->name(v->octets[i]));
}

static void put_number(const struct value *v, const struct form *form)
{
	unsigned long number = 0;

	(void)form;
	for (size_t i = 0; i < v->len; i++)
		number = number << 8 | v->octets[i];
	snprintf(v->text, v->size, "%lu", number);
}

static void put_text(const struct value *v, const struct form *form)
{
	(void)form;
	out_escape(v->text, v->size, v->octets, v->len);
}

/* One that a NUL ends. */
static void put_string(const struct value *v, const struct form *form)
{
	struct value text = *v;

	text.len -= v->len && !v->octets[v->len - 1];
	put_text(&text, form);
}

static void put_address(const struct value *v, const struct form *form)
{
	struct s5_addr a = { .atyp = v->atyp, .len = (uint8_t)v->len };

	if (!s5_addr_is_ip(&a)) {
		put_text(v, form);
		return;
	}
	memcpy(a.octets, v->octets, a.len);
	s5_addr_host(&a, v->text, v->size);
}

static void put_secret(const struct value *v, const struct form *form)
{
	(void)form;
	snprintf(v->text, v->size, "(hidden)");
}

static void put_mech(const struct value *v, const struct form *form)
{
	const char *name = s5_mech_name(v->octets, v->len);

	put_hex(v, form);
	if (name)
		snprintf(v->text, v->size, "%s", name);
}

/* The numbers of RFC 4121 4.2.6 and RFC 4120 as they stand in front. */
static void put_token_id(const struct value *v, const struct form *form)
{
	static const struct {
		uint8_t octets[2];
		const char *name;
	} ids[] = {
		{ { 0x01, 0x00 }, "AP-REQ" },
		{ { 0x02, 0x00 }, "AP-REP" },
		{ { 0x03, 0x00 }, "KRB-ERROR" },
		{ { 0x05, 0x04 }, "wrap" },
	};
	size_t used;

	put_hex(v, form);
	used = strlen(v->text);
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]) && v->len == 2; i++)
		if (!memcmp(ids[i].octets, v->octets, 2))
			snprintf(v->text + used, v->size - used, " %s", ids[i].name);
}

static void put_token_flags(const struct value *v, const struct form *form)
{
	uint8_t flags = v->len ? v->octets[0] : 0;
	size_t used;

	put_hex(v, form);
	used = strlen(v->text);
	snprintf(v->text + used, v->size - used, " from the %s, %s%s",
		 flags & S5_WRAP_FROM_ACCEPTOR ? "acceptor" : "initiator",
		 flags & S5_WRAP_SEALED ? "sealed" : "signed",
		 flags & S5_WRAP_SUBKEY ? ", with the acceptor's subkey" : "");
}

static const char *status_name(uint8_t code)
{
	return code ? "failure" : "success";
}

/* What is not here is shown in hex. */
static const struct form forms[S5_F_COUNT] = {
	[S5_F_METHODS] = { put_codes, s5_method_name },
	[S5_F_METHOD] = { put_codes, s5_method_name },
	[S5_F_CMD] = { put_codes, s5_cmd_name },
	[S5_F_REP] = { put_codes, s5_rep_name },
	[S5_F_ATYP] = { put_codes, s5_atyp_name },
	[S5_F_MTYP] = { put_codes, s5_mtyp_name },
	[S5_F_STATUS] = { put_codes, status_name },
	[S5_F_NMETHODS] = { put_number, NULL },
	[S5_F_ULEN] = { put_number, NULL },
	[S5_F_PLEN] = { put_number, NULL },
	[S5_F_NAME_LEN] = { put_number, NULL },
	[S5_F_LEN] = { put_number, NULL },
	[S5_F_DST_PORT] = { put_number, NULL },
	[S5_F_BND_PORT] = { put_number, NULL },
	[S5_F_DST_ADDR] = { put_address, NULL },
	[S5_F_BND_ADDR] = { put_address, NULL },
	[S5_F_UNAME] = { put_text, NULL },
	[S5_F_USERID] = { put_string, NULL },
	[S5_F_HOSTNAME] = { put_string, NULL },
	[S5_F_PASSWD] = { put_secret, NULL },
	[S5_F_DATA] = { put_data, NULL },
	[S5_F_TOKEN] = { put_data, NULL },
	[S5_F_TOK_MECH] = { put_mech, NULL },
	[S5_F_TOK_ID] = { put_token_id, NULL },
	[S5_F_TOK_FLAGS] = { put_token_flags, NULL },
	[S5_F_LEVEL] = { put_codes, s5_level_name },
	[S5_F_TOK_EC] = { put_number, NULL },
	[S5_F_TOK_RRC] = { put_number, NULL },
	[S5_F_TOK_SEQ] = { put_number, NULL },
};

const char *field_text(char *text, size_t size, enum s5_field field, uint8_t atyp,
		       const uint8_t *octets, size_t len)
{
	struct value v = { text, size, atyp, octets, len };
	const struct form *form = &forms[field];

	if (form->put)
		form->put(&v, form);
	else
		put_hex(&v, form);
	return text;
}
