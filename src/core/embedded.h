/*
 * Files that the binary carries (packs, migrations, console): made by tools/embed.py when it is built.
 */
#ifndef CS_CORE_EMBEDDED_H
#define CS_CORE_EMBEDDED_H

#include <stddef.h>

struct embedded {
	const char *name;  /* the file's name without its folder */
	const char *bytes; /* followed by a NUL that does not count */
	size_t size;
};

/* The shipped packs; ends with a NULL name.  Linked where the build names packs_dep. */
extern const struct embedded embedded_packs[];

/* Our own workflows, the files of flows/; the same, with flows_dep. */
extern const struct embedded embedded_flows[];

#endif
