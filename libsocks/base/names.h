/* Codes of the protocol and their names, all from codes.def.
 *
 * The enums hold the octets as they stand on the wire; a field that comes from outside is kept
 * as uint8_t, for any octet may stand there.
 */
#ifndef S5_BASE_NAMES_H
#define S5_BASE_NAMES_H

#include <stdint.h>

enum s5_method {
#define S5_METHOD(code, id, name) S5_METHOD_##id = code,
#include "base/codes.def"
};

enum s5_cmd {
#define S5_CMD(code, id, name) S5_CMD_##id = code,
#include "base/codes.def"
};

enum s5_atyp {
#define S5_ATYP(code, id, name) S5_ATYP_##id = code,
#include "base/codes.def"
};

enum s5_rep {
#define S5_REP(code, id, name) S5_REP_##id = code,
#include "base/codes.def"
};

enum s5_mtyp {
#define S5_MTYP(code, id, name) S5_MTYP_##id = code,
#include "base/codes.def"
};

enum s5_level {
#define S5_LEVEL(code, id, name) S5_LEVEL_##id = code,
#include "base/codes.def"
};

enum s5_cd {
#define S5_CD(code, id, name) S5_CD_##id = code,
#include "base/codes.def"
};

/* The name of a code; "unassigned" (a private method: "private") where it has none. */
const char *s5_method_name(uint8_t code);
const char *s5_cmd_name(uint8_t code);
const char *s5_atyp_name(uint8_t code);
const char *s5_rep_name(uint8_t code);
const char *s5_mtyp_name(uint8_t code);
const char *s5_level_name(uint8_t code);
const char *s5_cd_name(uint8_t code);

#endif
