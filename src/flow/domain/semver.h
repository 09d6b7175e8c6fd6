/*
 * Semantic versions (semver.org, 2.0.0) as text.  Thread: any.
 */
#ifndef CS_FLOW_DOMAIN_SEMVER_H
#define CS_FLOW_DOMAIN_SEMVER_H

#include <stdbool.h>

/* Is it one?  Numbers have at most nine digits. */
bool semver_valid(const char *text);

/* Has it a part after a hyphen?  `text` is valid. */
bool semver_prerelease(const char *text);

/*
 * Which goes first: less than, equal to or greater than 0.  Both are valid.  What stands after + does not count.
 */
int semver_compare(const char *a, const char *b);

#endif
