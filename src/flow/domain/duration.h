/*
 * Lengths of time as the workflow language writes them [flow.md 2].
 *
 * Either ISO 8601 text, P[nW][nD][T[nH][nM][nS]] in that order with decimal fractions allowed, or an object of days,
 * hours, minutes, seconds and milliseconds.  Years and months have no fixed length and are refused.
 * Thread: any.
 */
#ifndef CS_FLOW_DOMAIN_DURATION_H
#define CS_FLOW_DOMAIN_DURATION_H

#include <stdbool.h>
#include <stdint.h>

struct json;

#define DURATION_MAX_MS (INT64_C(36525) * 86400 * 1000) /* a hundred years */

/* Milliseconds, at least 0; false: it is no duration. */
bool duration_ms(const struct json *json, double *ms);

/*
 * The same in whole milliseconds, rounded down.  NULL: done.  Else the code of what is wrong (type, format, range,
 * required or unknown_property) with its message, and in *member the member at fault or NULL.
 */
const char *duration_read(const struct json *json, int64_t *ms, const char **member, const char **message);

#endif
