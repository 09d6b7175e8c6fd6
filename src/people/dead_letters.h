/*
 * Dead letters: work that is out of tries and waits for a person, of every part of the server in one list [P-10.6].
 *
 * A part says how its own are listed, found and settled; the routes ask each part and put the answers together, newest
 * first.  Ids are UUIDv7 of one maker, so no id is in two parts and their order is that of time.
 * Threads: add before serving; the rest any.
 */
#ifndef CS_PEOPLE_DEAD_LETTERS_H
#define CS_PEOPLE_DEAD_LETTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct dead_letters;
struct db;
struct err;
struct exchange;
struct router;
struct store;

struct dead_letter {
	const char *id, *account_id, *name;
	const char *subject_kind, *subject_id; /* NULL: none */
	const char *error;                     /* why the last try failed; NULL: unknown */
	int64_t attempts, created_us, failed_us;
};

/* What a part does; every function in a read or in the op that is under way.  `account_id` NULL: of any account. */
struct dead_letter_part {
	void *self;
	const char *kind;      /* of the metric: "mail" */
	const char *count_sql; /* SELECT COUNT(*) … of all its letters */
	/* At most `limit` letters, newest first, older than the id `before` (NULL: all), into the arena. */
	bool (*list)(void *self, struct db *db, const char *account_id, const char *before, size_t limit,
				 struct arena *arena, struct dead_letter *letters, size_t *count, struct err *err);
	bool (*find)(void *self, struct db *db, const char *account_id, const char *id, struct arena *arena,
				 struct dead_letter *letter, bool *found, struct err *err);
	/* Give it all its tries again; with a reason give it up for good.  Writes the audit row. */
	bool (*settle)(void *self, struct db *db, struct exchange *x, const struct dead_letter *letter, const char *reason,
				   struct err *err);
	void (*settled)(void *self); /* after the commit */
};

enum { DEAD_LETTER_PARTS = 8 };

/* `page_key`: 32 bytes, not kept: cursors are made with a key derived from it. */
struct dead_letters *dead_letters_new(struct store *store, const unsigned char page_key[32]);
void dead_letters_free(struct dead_letters *letters); /* NULL is fine */

/* Copied; what it points to outlives the letters. */
void dead_letters_add(struct dead_letters *letters, const struct dead_letter_part *part);

/* How many letters the part `i` has, of every account.  False: there are no more parts, or the store said why not. */
bool dead_letters_count(const struct dead_letters *letters, size_t i, const char **kind, int64_t *count,
						struct err *err);

/* GET /api/v1/dead-letters, GET and DELETE …/{id}, POST …/{id}/redeliver. */
void dead_letters_add_routes(struct router *router, struct dead_letters *letters);

#endif
