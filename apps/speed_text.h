/* Figures as people read them: three digits that count, and the unit that fits. All return text. */
#ifndef APPS_SPEED_TEXT_H
#define APPS_SPEED_TEXT_H

#include <stddef.h>
#include <stdint.h>

const char *speed_time(char *text, size_t size, uint64_t ns); /* "31.2 us", "1.20 ms", "3.00 s" */
const char *speed_octets(char *text, size_t size, double octets); /* "2.81 GiB", "512 octets" */
const char *speed_count(char *text, size_t size, uint64_t n); /* "12,345" */

#endif
