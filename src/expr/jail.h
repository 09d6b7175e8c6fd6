/*
 * What a helper gives away before it looks at anybody's expression: files, network, other processes, and all memory
 * and time beyond its limits.
 *
 * There is no way back.  Every system call but those that memory, one open socket and an orderly end need answers
 * EPERM.  Thread: the only one.
 */
#ifndef CS_EXPR_JAIL_H
#define CS_EXPR_JAIL_H

#include <stdbool.h>
#include <stddef.h>

/* What is needed to know how much memory is taken for granted. */
struct jail {
	size_t base; /* data of the process beside what malloc had, when the jail shut */
};

/* Shut it.  False: this system has no seccomp, or refuses; nothing may be evaluated then. */
bool jail_enter(struct jail *jail);

/* From now on at most `bytes` more of memory than is in use: call it after what is to be kept has grown. */
bool jail_allow(const struct jail *jail, size_t bytes);

/* End the process by SIGPROF after `ms` of its processor time; the last call counts. */
bool jail_hurry(unsigned ms);

#endif
