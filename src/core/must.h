/*
 * Assertions that stay on in release builds.
 *
 * must(x) states what the code around it takes for granted.  When it does not hold, going on would risk a wrong
 * record, so the process ends: it prints the expression and its place on stderr and aborts.  Never use it for what
 * a peer, a user or the disk can bring about; those are errors (core/err.h).
 */
#ifndef CS_CORE_MUST_H
#define CS_CORE_MUST_H

_Noreturn void must_fail(const char *expression, const char *file, int line);

#define must(x) ((x) ? (void)0 : must_fail(#x, __FILE__, __LINE__))

#endif
