/*
 * One request to people/ on its way: decode, perhaps hash a password on a thread of its own, decide and store in one
 * op, answer.  Every handler's own struct begins with a struct act.  Private to src/people.
 *
 *     struct thing { struct act act; ... };
 *     struct thing *t = act_start(x, sizeof *t);      on a worker; NULL: answered
 *     act_hash(&t->act, work);                        work(act) on a hashing thread; it goes on with act_write
 *     act_write(&t->act, apply, answer);              apply(act, db, err) on the writer, then answer(act)
 *
 * `apply` may refuse and still have its rows kept (a failed login is counted) by write_refuse().
 */
#ifndef CS_PEOPLE_ACT_H
#define CS_PEOPLE_ACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"
#include "people/write.h"
#include "seal/audit.h"
#include "store/store.h"

struct exchange;
struct people;
struct user;

struct act {
	struct write write; /* first */
	struct exchange *x;
	struct people *people;
	int64_t now_us;                 /* wall time at the start */
	int64_t retry_after_s;          /* with a refusal: 0 for none */
	void (*ended)(struct act *act); /* called once, before whatever is answered; NULL: nothing to do */
	struct people_letter *letters;  /* mails of this op */
	bool changed;                   /* users or sessions: what is remembered of tokens is stale after the commit */

	/* of act.c */
	void (*work)(struct act *act);
	bool (*apply)(struct act *act, struct db *db, struct err *err);
	void (*answer)(struct act *act);
};

/* In the exchange's arena, zeroed.  NULL: there was no memory and the exchange was answered. */
void *act_start(struct exchange *x, size_t size);

/* Run `work` on a hashing thread.  A full queue answers 503 overloaded, Retry-After 2 [P-4.1]. */
void act_hash(struct act *act, void (*work)(struct act *act));

/* One op (people/write.h), then the answer; answer NULL: 204. */
void act_write(struct act *act, bool (*apply)(struct act *act, struct db *db, struct err *err),
			   void (*answer)(struct act *act));

/* A mail to somebody of the account, as part of the op [P-10.1]; `to` NULL: to nobody, which is fine. */
struct act_mail {
	const char *account_id, *to, *subject;
};
bool act_mail(struct act *act, struct db *db, const struct act_mail *mail, struct err *err, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/* What was refused so far; kind ERR_NONE: nothing. */
const struct err *act_refusal(const struct act *act);

/* Answer a refusal or a failure at once. */
void act_fail(struct act *act, const struct err *err);

/*
 * The start of an audit event: for whom it is about when nobody is logged in (`user` may be NULL), or the principal
 * who acts.
 */
struct audit_event act_event(const struct act *act, enum audit_action action, enum audit_status status,
							 const struct user *user);
bool act_audit(const struct act *act, struct db *db, const struct audit_event *event, struct err *err);

#endif
