/* Inside proxy_fail.c: what went wrong with a call, in words; each writes at most size characters. */
#ifndef APPS_PROXY_FAIL_H
#define APPS_PROXY_FAIL_H

#include "proxy_call.h"

void proxy_put_no_method(const struct proxy_call *call, char *text, size_t size);
void proxy_put_unoffered(const struct proxy_call *call, char *text, size_t size);
void proxy_put_credentials(const struct proxy_call *call, char *text, size_t size);
void proxy_put_context(const struct proxy_call *call, char *text, size_t size);
void proxy_put_aborted(const struct proxy_call *call, char *text, size_t size);
void proxy_put_level(const struct proxy_call *call, char *text, size_t size);

#endif
