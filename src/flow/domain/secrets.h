/*
 * `$secrets`: which of the server's secrets an expression sees [flow.md 2.1, 2.5].  Those that its workflow lists in
 * use.secrets and that are there.  One that is named and is not among them is an error of authorization, not a null.
 * Thread: any.
 */
#ifndef CS_FLOW_DOMAIN_SECRETS_H
#define CS_FLOW_DOMAIN_SECRETS_H

#include <stdbool.h>

struct datum;
struct json;
struct trouble;

/*
 * What `$secrets` is in `value` (as written: any JSON with expressions in it): *seen, a new reference, NULL when it
 * names none.  `listed`: use.secrets, or NULL; `all`: the server's, or NULL; its tree has been made.  False sets
 * *trouble: a name that is written out ($secrets.NAME, $secrets["NAME"]) is not listed, or not there.
 */
bool secrets_of(const struct json *listed, const struct json *value, struct datum *all, struct datum **seen,
				struct trouble *trouble);

#endif
