/*
 * What a person can do about each failure, for the page /docs/errors/CODE [platform.md 16].  Thread: any.
 */
#ifndef CS_HTTP_ERROR_HELP_H
#define CS_HTTP_ERROR_HELP_H

/* One or two sentences; of a code that has none of its own, what its status asks for.  Never NULL. */
const char *error_help(const char *code, int status);

/* Its own, or NULL. */
const char *error_help_own(const char *code);

#endif
