/*
 * Regular expressions as JSON Schema and the filters of events have them: those of ECMA-262 with the u flag, searched
 * for anywhere in a text.  Behind this door is PCRE2 with bounds, so that no pattern takes more than some milliseconds.
 * Thread: a compiled one may be used by any number at once.
 */
#ifndef CS_FLOW_DOMAIN_REGEX_H
#define CS_FLOW_DOMAIN_REGEX_H

#include <stdbool.h>
#include <stddef.h>

struct regex;

enum { REGEX_SIZE_MAX = 10000, REGEX_MESSAGE_MAX = 160 };

/* NULL with `message` (may be NULL): it is none, or longer than REGEX_SIZE_MAX bytes. */
struct regex *regex_new(const char *text, size_t size, char message[REGEX_MESSAGE_MAX]);
void regex_free(struct regex *regex); /* NULL is fine */

/* Does it occur in the text (UTF-8)?  False also where a bound was met, with *bound (may be NULL) set. */
bool regex_found(const struct regex *regex, const char *text, size_t size, bool *bound);

#endif
