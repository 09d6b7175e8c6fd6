/*
 * One write of trade on its way: decide and store in one op, then answer; with an Idempotency-Key its answer is kept
 * too (people/write.h).  Every handler's own struct begins with a struct deed.  Private to src/trade.
 *
 * `apply` may refuse and still have its rows kept (a refused signal is remembered) by write_refuse().
 */
#ifndef CS_TRADE_DEED_H
#define CS_TRADE_DEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "people/write.h"
#include "seal/audit.h"
#include "store/store.h"

struct exchange;
struct trade_api;

struct deed {
	struct write write; /* first; write.refused: what was refused so far */
	struct exchange *x;
	struct trade_api *api;
	int64_t now_us;              /* wall time at the start */
	const struct faults *faults; /* with ERR_INVALID */
	const char *signal_id;       /* told with a refusal; NULL: none */
	const char *failed;          /* JSON: names of the rules that refused; NULL: none */

	/* of deed.c */
	bool (*apply)(struct deed *deed, struct db *db, struct err *err);
	void (*answer)(struct deed *deed);
};

/* In the exchange's arena, zeroed.  NULL: there was no memory and the exchange was answered. */
void *deed_start(struct exchange *x, size_t size);

/* Does the JSON body have this member, other than null?  For a change that leaves the rest as it is. */
bool deed_tells(const struct deed *deed, const char *member);

/* One op, then the answer; answer NULL: 204. */
void deed_write(struct deed *deed, bool (*apply)(struct deed *deed, struct db *db, struct err *err),
				void (*answer)(struct deed *deed));

/* The same, with the answer written before it: `apply` sets write.drafted if that one stands (people/write.h). */
void deed_write_ahead(struct deed *deed, bool (*apply)(struct deed *deed, struct db *db, struct err *err),
					  void (*answer)(struct deed *deed));

/* Answer `refused`, or another failure, now. */
void deed_fail(struct deed *deed, const struct err *err);

/* Append an audit row of the principal about `target_id`; up to four pairs of meta. */
bool deed_audit(struct deed *deed, struct db *db, enum audit_action action, const char *target_id,
				const struct audit_pair *meta, size_t meta_count, struct err *err);

/*
 * Take a token of a rate class ("trade.producer") for `key`; a class that is not configured does not limit.  False: 429
 * was answered.
 */
bool deed_rate(struct deed *deed, const char *class_name, const char *key);

#endif
