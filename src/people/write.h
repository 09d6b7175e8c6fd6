/*
 * One write on its way: an op, the answer to it, and with an Idempotency-Key the record of that answer in the same
 * transaction [P-8.5].  Every handler that changes the store goes through here.
 *
 *     struct thing { struct write write; … };
 *     struct thing *thing = write_start(x, sizeof *thing);
 *     thing->write.store = …, .apply = …, .answer = …
 *     write_submit(&thing->write);
 *
 * `apply` changes the store.  It may refuse in two ways: false with err undoes what it did; a refusal noted by
 * write_refuse() keeps it (a failed login is counted) and is answered all the same.
 * `answer` writes the answer, from what apply left in the struct.  With a key, or when the body claims what the server
 * sets (http/claims.h), it runs before the commit, so it must do nothing but answer; what else is to follow goes into
 * `after`, which runs after the commit, answered or refused.
 */
#ifndef CS_PEOPLE_WRITE_H
#define CS_PEOPLE_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "store/store.h"

struct exchange;

struct write {
	struct exchange *x;
	struct store *store;
	bool (*apply)(struct write *w, struct db *db, struct err *err);
	void (*answer)(struct write *w); /* NULL: 204 */
	/*
	 * NULL: nothing; before the answer leaves.  `applied`: what apply() did is in the store, its refusal too.  Not so
	 * when it was undone, even where its refusal was kept for a repetition, nor when a kept answer is given once more:
	 * apply() has filled in nothing then that could be relied on.
	 */
	void (*after)(struct write *w, bool applied);
	void (*fail)(struct write *w, const struct err *err); /* NULL: exchange_fail */
	struct err refused;
	/*
	 * The answer shows a secret this once: with a key or claims, what answer() writes while w->x->drafting is kept (no
	 * secret in it), and after the commit it is called again, with `drafted` set, for what is sent [P-8.5].
	 */
	bool shown_once;

	/*
	 * apply() changes nothing of this process but its own struct, where it points to included, so it can be undone
	 * and called once more (store_op.again).
	 */
	bool repeatable;

	/*
	 * write_ahead() has written the answer before the op; what of it stands only the op knows, and says it by setting
	 * `drafted`.  Else the answer is written anew, after the commit.
	 */
	bool ahead;
	bool drafted;

	/* of write.c */
	struct store_op op;
	struct err failure;
	size_t size;        /* of the struct that begins with this one */
	const void *before; /* a copy of that from before apply(); NULL: there is none */
	bool ran, fresh, misclaimed;
};

/* A struct that begins with a struct write, in the exchange's arena, zeroed but for x.  NULL: no memory; answered. */
void *write_start(struct exchange *x, size_t size);

/*
 * On the worker, where nobody waits for it, before write_submit(): write the answer that the op is expected to have.
 * Does nothing where the answer is written in the op anyway (a key, claims).
 */
void write_ahead(struct write *w);

/* Hold the exchange and submit the op; 503 when the queue is full. */
void write_submit(struct write *w);

/* Note a refusal.  Returns true, as `apply` does then. */
bool write_refuse(struct write *w, enum err_kind kind, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
