#include <stddef.h>

#include "command.h"

const struct command *const commands[] = {
	&serve_command, &connect_command, &bind_command,  &udp_command,
	&probe_command, &decode_command,  &speed_command, &passwd_command,
	&shell_command, &list_command,	  &help_command,  &version_command,
	NULL,
};
