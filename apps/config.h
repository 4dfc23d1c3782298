/*
 * A config file: each line an option of a command's table by its long name, and its value.
 *
 *	# who may come
 *	users /etc/socks5/users
 *	allow from=10.0.0.0/8 to=.example.org:443	# the rest of the line is the value
 *	open
 *	listen 127.0.0.1:1080
 *
 * A name may have its dashes, '=' may stand between name and value. What stands in quotes of either
 * kind is taken as it is; elsewhere a '#' at the beginning or behind a blank begins a comment.
 * "listen" is no option, but an argument of the command.
 */
#ifndef APPS_CONFIG_H
#define APPS_CONFIG_H

#include "opt.h"

/*
 * Sets the target's options as the file says; `arguments` gets the "listen" lines. 0, or -1 with the
 * cause, which names file and line; some options may be set by then.
 */
int config_read(const struct opt *opts, void *target, struct opt_strs *arguments, const char *path,
		struct opt_error *err);

#endif
