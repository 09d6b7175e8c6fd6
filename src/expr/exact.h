/*
 * Integers beyond 2^53 inside libjq 1.6, which has doubles only.
 *
 * Such an integer is a number of libjq that carries, in a field libjq leaves at 0, how far it is from its double.
 * Moving copies the field.  Comparing, printing and parsing go through functions of libjq's that exact.c puts its own
 * in front of; asking for the double, which is what all arithmetic does, is noted, and the evaluation then faults.
 * exact_init proves all of that at start, and a helper that cannot prove it does not start.
 *
 * For a process with one thread: the functions of libjq that are replaced take no context, so what is noted is the
 * process's.
 */
#ifndef CS_EXPR_EXACT_H
#define CS_EXPR_EXACT_H

#include <stdbool.h>
#include <stdint.h>

#include <jv.h>

/* Find libjq's own functions and prove that ours are called.  False: this libjq is another one. */
bool exact_init(void);

/* Forget what was noted. */
void exact_begin(void);

/* Was the double of an integer beyond 2^53 asked for since? */
bool exact_rounded(void);

/* A number of libjq, whole. */
jv exact_number(int64_t integer);

/* Is this number one that only we can read?  Then *integer is it.  `number` is not consumed. */
bool exact_integer(jv number, int64_t *integer);

#endif
