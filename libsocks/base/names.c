#include "base/names.h"

#include <stddef.h>

struct name {
	uint8_t code;
	const char *text;
};

static const struct name methods[] = {
#define S5_METHOD(code, id, name) { code, name },
#include "base/codes.def"
};

static const struct name cmds[] = {
#define S5_CMD(code, id, name) { code, name },
#include "base/codes.def"
};

static const struct name atyps[] = {
#define S5_ATYP(code, id, name) { code, name },
#include "base/codes.def"
};

static const struct name reps[] = {
#define S5_REP(code, id, name) { code, name },
#include "base/codes.def"
};

static const struct name mtyps[] = {
#define S5_MTYP(code, id, name) { code, name },
#include "base/codes.def"
};

static const struct name levels[] = {
#define S5_LEVEL(code, id, name) { code, name },
#include "base/codes.def"
};

static const struct name cds[] = {
#define S5_CD(code, id, name) { code, name },
#include "base/codes.def"
};

static const char *find(const struct name *table, size_t n, uint8_t code, const char *otherwise)
{
	for (size_t i = 0; i < n; i++)
		if (table[i].code == code)
			return table[i].text;
	return otherwise;
}

#define FIND(table, code, otherwise) find(table, sizeof(table) / sizeof(table)[0], code, otherwise)

const char *s5_method_name(uint8_t code)
{
	return FIND(methods, code, code >= 0x80 ? "private" : "unassigned");
}

const char *s5_cmd_name(uint8_t code)
{
	return FIND(cmds, code, "unassigned");
}

const char *s5_atyp_name(uint8_t code)
{
	return FIND(atyps, code, "unassigned");
}

const char *s5_rep_name(uint8_t code)
{
	return FIND(reps, code, "unassigned");
}

const char *s5_mtyp_name(uint8_t code)
{
	return FIND(mtyps, code, "unassigned");
}

const char *s5_level_name(uint8_t code)
{
	return FIND(levels, code, "unassigned");
}

const char *s5_cd_name(uint8_t code)
{
	return FIND(cds, code, "unassigned");
}
