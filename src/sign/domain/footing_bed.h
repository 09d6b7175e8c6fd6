/*
 * For tests of foundations: numbers of an answer by name.  Not linked into the product.
 */
#ifndef CS_SIGN_DOMAIN_FOOTING_BED_H
#define CS_SIGN_DOMAIN_FOOTING_BED_H

#include <math.h>
#include <stdio.h>

#include "seal/harness.h"

/* A member of the result; NaN when it is null or not there. */
static inline double bed_result(const struct harness *harness, const char *member)
{
	char pointer[96];
	snprintf(pointer, sizeof pointer, "/result/%s", member);
	return harness_number(harness, pointer);
}

/* A member of the check row of that name; NaN when there is no such row. */
static inline double bed_row(const struct harness *harness, const char *name, const char *member)
{
	int at = harness_find(harness, "/result/checks", "name", name);
	char pointer[96];
	snprintf(pointer, sizeof pointer, "/result/checks/%d/%s", at, member);
	return at < 0 ? (double)NAN : harness_number(harness, pointer);
}

/* Does the row of that name pass? */
static inline bool bed_passes(const struct harness *harness, const char *name)
{
	char pointer[96];
	snprintf(pointer, sizeof pointer, "/result/checks/%d/pass", harness_find(harness, "/result/checks", "name", name));
	return harness_bool(harness, pointer);
}

#endif
