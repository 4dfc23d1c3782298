/* Reads the recorded dialogues of tests/golden/vectors; its README describes the files. */
#ifndef VECTORS_H
#define VECTORS_H

#include "session/session.h"
#include "testlib.h"

#define VECTOR_DIR "tests/golden/vectors/"
#define VECTOR_LINES 32
#define VECTOR_TEXT 4096

struct vector {
	struct {
		enum s5_role from;
		unsigned dialogue; /* 0, 1 ...: a file may hold several */
		char hex[VECTOR_TEXT];
	} lines[VECTOR_LINES];
	size_t n;
};

static inline FILE *vector_open(const char *name, const char *suffix)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof path, VECTOR_DIR "%s.%s", name, suffix);
	file = fopen(path, "r");
	if (!file)
		fail_msg("cannot read %s from here: run it from the top of the sources", path);
	return file;
}

static inline void vector_load(struct vector *v, const char *name)
{
	static const char fresh[] = "# a new connection";
	FILE *file = vector_open(name, "hex");
	char line[VECTOR_TEXT + 4];
	unsigned dialogue = 0;

	v->n = 0;
	while (fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = 0;
		dialogue += !strncmp(line, fresh, strlen(fresh));
		if ((line[0] != 'C' && line[0] != 'S') || line[1] != ':')
			continue;
		assert_true(v->n < VECTOR_LINES);
		v->lines[v->n].from = line[0] == 'C' ? S5_CLIENT : S5_SERVER;
		v->lines[v->n].dialogue = dialogue;
		strcpy(v->lines[v->n].hex, line + 3);
		v->n++;
	}
	fclose(file);
	assert_true(v->n > 0);
}

#endif
