#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

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

char *file_read(const char *path, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), error;
	size_t size = 0;
	char *text = fd < 0 ? NULL : grow(NULL, &size);
	ssize_t n = 0;

	*len = 0;
	while (text && (n = read(fd, text + *len, size - *len - 1)) > 0) {
		*len += (size_t)n;
		if (*len + 1 == size)
			text = grow(text, &size);
	}
	error = errno;
	if (fd >= 0)
		close(fd);
	if (text && n < 0) {
		free(text);
		text = NULL;
	}
	if (text)
		text[*len] = 0;
	errno = error;
	return text;
}

bool file_is_open_to(const char *path, mode_t whom)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & whom;
}
