#include "people/dead_letters.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/must.h"
#include "crypt/aead.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/page.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/roles.h"
#include "people/view.h"
#include "people/write.h"
#include "store/store.h"

struct dead_letters {
	struct store *store;
	unsigned char page_key[PAGE_KEY];
	struct dead_letter_part parts[DEAD_LETTER_PARTS];
	size_t count;
};

struct dead_letters *dead_letters_new(struct store *store, const unsigned char page_key[32])
{
	static const char label[] = "countersign/dead-letters/v1";
	struct dead_letters *letters = calloc(1, sizeof *letters);
	must(letters != NULL);
	letters->store = store;
	hkdf_sha256(page_key, PAGE_KEY, NULL, 0, label, sizeof label - 1, letters->page_key, PAGE_KEY);
	return letters;
}

void dead_letters_free(struct dead_letters *letters)
{
	free(letters);
}

void dead_letters_add(struct dead_letters *letters, const struct dead_letter_part *part)
{
	must(letters->count < DEAD_LETTER_PARTS);
	letters->parts[letters->count++] = *part;
}

static void take_count(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

bool dead_letters_count(const struct dead_letters *letters, size_t i, const char **kind, int64_t *count,
						struct err *err)
{
	if (i >= letters->count)
		return err_set(err, ERR_NOT_FOUND, "there are no more parts");
	*kind = letters->parts[i].kind;
	struct db *db = store_read(letters->store);
	bool read = db_one(db, err, NULL, take_count, count, letters->parts[i].count_sql);
	store_read_end(letters->store, db);
	return read;
}

/* An admin settles those of every account, anybody else those of their own [P-5.3]. */
static const char *account_of(const struct exchange *x)
{
	const struct principal *principal = principal_of(x);
	return (principal->roles & ROLE_ADMIN) != 0 ? NULL : principal->account_id;
}

/* --- as it is shown --- */

struct letter_view {
	const char *dead_letter_id, *account_id, *name, *subject_kind, *subject_id, *error;
	int64_t attempts;
	const char *created_at, *failed_at;
};
static const struct field letter_fields[] = {
	F_STR(letter_view, dead_letter_id, DOC("The id of the work")),
	F_STR(letter_view, name),
	F_STR(letter_view, subject_kind, NULLABLE),
	F_STR(letter_view, subject_id, NULLABLE),
	F_INT(letter_view, attempts),
	F_STR(letter_view, error, NULLABLE, DOC("Why the last try failed")),
	F_STR(letter_view, created_at, FORMAT("date-time")),
	F_STR(letter_view, failed_at, FORMAT("date-time")),
	F_STR(letter_view, account_id, NULLABLE),
};
static const struct field_table letter_table = FIELD_TABLE("dead_letter", letter_view, letter_fields);

static struct letter_view view_of(const struct dead_letter *letter, struct arena *arena)
{
	return (struct letter_view){
		.dead_letter_id = letter->id,
		.account_id = letter->account_id,
		.name = letter->name,
		.subject_kind = letter->subject_kind,
		.subject_id = letter->subject_id,
		.error = letter->error,
		.attempts = letter->attempts,
		.created_at = view_time(arena, letter->created_us),
		.failed_at = view_time(arena, letter->failed_us),
	};
}

/* --- one --- */

static bool find(const struct dead_letters *letters, struct exchange *x, struct db *db, struct dead_letter *letter,
				 const struct dead_letter_part **part, struct err *err)
{
	bool found = false;
	for (size_t i = 0; i < letters->count && !found; i++) {
		*part = &letters->parts[i];
		if (!(*part)->find((*part)->self, db, account_of(x), exchange_param(x, "id"), &x->arena, letter, &found, err))
			return false;
	}
	return found || err_set(err, ERR_NOT_FOUND, "There is no such dead letter.");
}

static void handle_get(struct exchange *x)
{
	const struct dead_letters *letters = x->owner;
	const struct dead_letter_part *part;
	struct dead_letter letter;
	struct err err;
	struct db *db = store_read(letters->store);
	bool read = find(letters, x, db, &letter, &part, &err);
	store_read_end(letters->store, db);
	if (!read) {
		exchange_fail(x, &err);
		return;
	}
	const struct letter_view view = view_of(&letter, &x->arena);
	reply_fact(x, 200, &letter_table, &view);
}

/* --- list --- */

struct list_query {
	int64_t limit;
	const char *cursor, *account_id;
};
static const struct field query_fields[] = {
	F_INT(list_query, limit, RANGE(1, 500), DEFAULT(50)),
	F_STR(list_query, cursor, LENGTH(1, 400)),
	F_STR(list_query, account_id, LENGTH(1, 64), DOC("Another account's, for an admin; * for every account's")),
};
static const struct field_table query_table = FIELD_TABLE("dead_letters.query", list_query, query_fields);

struct letter_list {
	struct {
		size_t count;
		struct letter_view *items;
	} items;
	const char *next_cursor;
};
static const struct field list_fields[] = {
	F_OBJECTS(letter_list, items, &letter_table),
	F_STR(letter_list, next_cursor, NULLABLE),
};
static const struct field_table list_table = FIELD_TABLE("dead_letters", letter_list, list_fields);

struct listing {
	struct list_query query;
	struct paging paging;
	struct letter_list list;
	struct dead_letter *found; /* of all parts */
	size_t count;
};

static int compare_newest(const void *a, const void *b)
{
	const struct dead_letter *one = a, *other = b;
	return strcmp(other->id, one->id);
}

/* Each part gives a whole page, since all of the page may be its own. */
static bool ask_parts(const struct dead_letters *letters, struct exchange *x, const char *account_id, struct listing *l,
					  struct err *err)
{
	size_t limit = (size_t)l->query.limit + 1;
	const char *before = l->paging.after[0] != '\0' ? l->paging.after : NULL;
	l->found = arena_array(&x->arena, limit * letters->count, sizeof *l->found);
	if (l->found == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	struct db *db = store_read(letters->store);
	bool read = true;
	for (size_t i = 0; i < letters->count && read; i++) {
		const struct dead_letter_part *part = &letters->parts[i];
		size_t count = 0;
		read = part->list(part->self, db, account_id, before, limit, &x->arena, &l->found[l->count], &count, err);
		l->count += count;
	}
	store_read_end(letters->store, db);
	qsort(l->found, l->count, sizeof *l->found, compare_newest);
	return read;
}

static bool read_list(const struct dead_letters *letters, struct exchange *x, struct listing *l, struct err *err)
{
	const struct principal *principal = principal_of(x);
	const char *asked = l->query.account_id != NULL ? l->query.account_id : principal->account_id;
	if ((principal->roles & ROLE_ADMIN) == 0 && strcmp(asked, principal->account_id) != 0)
		asked = ""; /* nobody's: what another account has is not told */
	const char *filter = arena_printf(&x->arena, "dead_letters:%s", asked);
	if (!paging_begin(&l->paging, x, letters->page_key, filter, l->query.limit, l->query.cursor, err) ||
		!ask_parts(letters, x, strcmp(asked, "*") == 0 ? NULL : asked, l, err))
		return false;
	l->list.items.items = arena_array(&x->arena, l->count + 1, sizeof *l->list.items.items);
	if (l->list.items.items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	for (size_t i = 0; i < l->count && paging_takes(&l->paging); i++)
		l->list.items.items[l->list.items.count++] = view_of(&l->found[i], &x->arena);
	if (l->paging.more)
		l->list.next_cursor = paging_end(&l->paging, l->found[l->list.items.count - 1].id);
	return true;
}

static void handle_list(struct exchange *x)
{
	struct listing *l = arena_new(&x->arena, struct listing);
	struct err err;
	if (l == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	if (!exchange_decode_query(x, &l->query))
		return;
	if (read_list(x->owner, x, l, &err))
		reply_fact(x, 200, &list_table, &l->list);
	else
		exchange_fail(x, &err);
}

/* --- another try, or none --- */

struct settling {
	struct write write; /* first */
	const struct dead_letter_part *part;
	struct dead_letter letter;
	const char *reason; /* NULL: another try */
};

static bool apply(struct write *w, struct db *db, struct err *err)
{
	struct settling *s = (struct settling *)w;
	return find(w->x->owner, w->x, db, &s->letter, &s->part, err) &&
		   s->part->settle(s->part->self, db, w->x, &s->letter, s->reason, err);
}

static void after(struct write *w, bool applied)
{
	const struct settling *s = (const struct settling *)w;
	if (applied && s->part != NULL && s->part->settled != NULL)
		s->part->settled(s->part->self);
}

struct redelivered_view {
	const char *run_id, *state;
};
static const struct field redelivered_fields[] = {
	F_STR(redelivered_view, run_id, DOC("How far a task is: GET /api/v1/tasks/{run_id}")),
	F_STR(redelivered_view, state),
};
static const struct field_table redelivered_table =
	FIELD_TABLE("dead_letter.redelivered", redelivered_view, redelivered_fields);

static void answer_redeliver(struct write *w)
{
	const struct redelivered_view view = {.run_id = ((const struct settling *)w)->letter.id, .state = "RETRY"};
	reply_fact(w->x, 202, &redelivered_table, &view);
}

static struct settling *start(struct exchange *x, void (*answer)(struct write *w))
{
	const struct dead_letters *letters = x->owner;
	struct settling *s = arena_new(&x->arena, struct settling);
	if (s == NULL)
		exchange_failf(x, ERR_LIMIT, "no memory");
	else
		s->write = (struct write){.x = x, .store = letters->store, .apply = apply, .answer = answer, .after = after};
	return s;
}

static void handle_redeliver(struct exchange *x)
{
	struct settling *s = start(x, answer_redeliver);
	if (s != NULL)
		write_submit(&s->write);
}

struct drop_body {
	const char *reason;
};
static const struct field drop_fields[] = {F_STR(drop_body, reason, REQUIRED, LENGTH(1, 500))};
static const struct field_table drop_table = FIELD_TABLE("dead_letter.drop", drop_body, drop_fields);

static void handle_drop(struct exchange *x)
{
	struct drop_body body;
	struct settling *s = start(x, NULL);
	if (s == NULL || !exchange_decode(x, &body))
		return;
	s->reason = body.reason;
	write_submit(&s->write);
}

static const enum err_kind list_errors[] = {ERR_CURSOR_INVALID, ERR_NONE};

static const struct route routes[] = {
	ROUTE(GET, "/api/v1/dead-letters", "deadletter.manage", EFFECT_READ, handle_list, .slash = true,
		  .operation = "deadletters.list", .summary = "Work that is out of tries, newest first", .query = &query_table,
		  .result = &list_table, .errors = list_errors),
	ROUTE(GET, "/api/v1/dead-letters/{id}", "deadletter.manage", EFFECT_READ, handle_get, .slash = true,
		  .operation = "deadletters.get", .summary = "One dead letter", .result = &letter_table),
	ROUTE(POST, "/api/v1/dead-letters/{id}/redeliver", "deadletter.manage", EFFECT_WRITE, handle_redeliver,
		  .slash = true, .operation = "deadletters.redeliver", .summary = "Give it all its tries again",
		  .result = &redelivered_table, .status = 202),
	ROUTE(DELETE, "/api/v1/dead-letters/{id}", "deadletter.manage", EFFECT_WRITE, handle_drop, .slash = true,
		  .operation = "deadletters.delete", .summary = "Give it up, with a reason", .body = &drop_table, .status = 204,
		  .example = "{\"reason\":\"sent by hand\"}"),
};

void dead_letters_add_routes(struct router *router, struct dead_letters *letters)
{
	router_add(router, routes, sizeof routes / sizeof *routes, letters);
}
