/*
 * Settings that production refuses [P-3.3]: one list for `serve`, which does not start on them, and for `doctor`, which
 * explains them.  Thread: any.  Looks at the mode of the data folder, at nothing else outside the configuration.
 */
#ifndef CS_APP_UNSAFE_H
#define CS_APP_UNSAFE_H

#include <stdbool.h>
#include <stddef.h>

struct config;

enum { UNSAFE_MAX = 16 };

struct unsafe {
	bool refused;     /* else a warning */
	char what[160];   /* what is wrong */
	const char *mend; /* the line to write, or the command */
};

/* Fill `found`; returns how many.  None in development. */
size_t unsafe_settings(const struct config *config, struct unsafe found[UNSAFE_MAX]);

#endif
