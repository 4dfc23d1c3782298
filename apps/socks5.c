#include <fcntl.h>
#include <unistd.h>

#include "command.h"
#include "net/work.h"

/* A descriptor 0, 1 or 2 that is closed would be taken by the next one made here. */
static void fill_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	int status;

	if (argc > 0) {
		argc--;
		argv++;
	}
	fill_standard();
	status = command_dispatch(argc, argv);
	if (s5_work_left())
		_exit(status);
	return status;
}
