#include "file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

/* Room for more; NULL (and the old text freed) when there is none. */
static char *grow(char *text, size_t *size)
{
	char *more = NULL;

	*size = *size ? *size * 2 : 4096;
	if (*size > FILE_MAX)
		errno = EFBIG;
	else
		more = realloc(text, *size);
	if (!more)
		free(text);
	return more;
}

char *file_read_from(FILE *file, size_t *len)
{
	size_t size = 0, n;
	char *text = grow(NULL, &size);

	*len = 0;
	while (text && (n = fread(text + *len, 1, size - *len - 1, file)) > 0) {
		*len += n;
		if (*len + 1 == size)
			text = grow(text, &size);
	}
	if (text && ferror(file)) {
		free(text);
		text = NULL;
	}
	if (text)
		text[*len] = 0;
	return text;
}

char *file_read(const char *path, size_t *len)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	int error;

	*len = 0;
	if (!file)
		return NULL;
	text = file_read_from(file, len);
	error = errno;
	fclose(file);
	errno = error;
	return text;
}

bool file_is_open_to(const char *path, mode_t whom)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & whom;
}
