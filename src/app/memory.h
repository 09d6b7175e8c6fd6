/*
 * What the process takes of the memory that it may have [flow.md 11].
 *
 * Thread: any.  Cost: some small files of the kernel, about 50 us.
 */
#ifndef CS_APP_MEMORY_H
#define CS_APP_MEMORY_H

#include <stdint.h>

/*
 * Keep no more of what was given back than a server at work needs again: by default glibc keeps up to eight heaps a
 * core, each with whatever the largest requests that passed through it left, which grew to 32 MB over 100,000 random
 * ones.  Call once, before any thread is made.
 */
void memory_keep_little(void);

/* Resident bytes; -1: not known. */
int64_t memory_resident(void);

/* The least of the machine's, the control group's and the process's own limit, in bytes; -1: not known. */
int64_t memory_limit(void);

/* Resident, of the limit; NaN: not known. */
double memory_percent(void);

/* The bytes that a control group's memory.max says; -1: no limit ("max"), or no number. */
int64_t memory_limit_of(const char *text);

#endif
