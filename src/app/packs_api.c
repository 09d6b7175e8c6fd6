#include <string.h>

#include "app/app.h"
#include "app/routes.h"
#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/reply.h"
#include "seal/pack.h"
#include "store/store.h"

/* GET /api/v1/packs: the constants that results are made from. */

struct pack_row {
	const char *name, *version, *sha256, *effective_from, *source;
	bool used;
};

static const struct field row_fields[] = {
	F_STR(pack_row, name),
	F_STR(pack_row, version),
	F_STR(pack_row, sha256, DOC("Of the file's bytes")),
	F_STR(pack_row, effective_from, NULLABLE, FORMAT("date")),
	F_BOOL(pack_row, used, DOC("A sealed result names it, so it is kept for ever")),
	F_STR(pack_row, source, NULLABLE, DOC("Where the figures are from")),
};
static const struct field_table row_table = FIELD_TABLE("packs.row", pack_row, row_fields);

struct pack_list {
	struct {
		size_t count;
		struct pack_row *items;
	} items;
	const char *next_cursor;
};

static const struct field list_fields[] = {
	F_OBJECTS(pack_list, items, &row_table),
	F_STR(pack_list, next_cursor, NULLABLE),
};
static const struct field_table list_table = FIELD_TABLE("packs.list", pack_list, list_fields);

static struct pack_row row_of(const struct pack *pack)
{
	return (struct pack_row){pack->name, pack->version, pack->sha256, pack->effective_from, pack->source, false};
}

static bool mark_used(const struct app *app, struct pack_list *list, struct err *err)
{
	struct db_rows rows;
	struct db *db = store_read(app->store);
	bool read = db_query(db, &rows, err, "SELECT sha256 FROM packs_used");
	while (read && db_next(&rows))
		for (size_t i = 0; i < list->items.count; i++)
			if (strcmp(list->items.items[i].sha256, db_text(&rows, 0)) == 0)
				list->items.items[i].used = true;
	read = read && db_end(&rows, err);
	store_read_end(app->store, db);
	return read;
}

/* All packs, or those of one name. */
static void list(struct exchange *x, const char *name)
{
	const struct app *app = x->owner;
	struct pack_list list = {.next_cursor = NULL};
	const struct pack *pack;
	size_t all = 0;
	while (packs_at(app->packs, all) != NULL)
		all++;
	list.items.items = arena_array(&x->arena, all, sizeof *list.items.items);
	for (size_t i = 0; list.items.items != NULL && (pack = packs_at(app->packs, i)) != NULL; i++)
		if (name == NULL || strcmp(pack->name, name) == 0)
			list.items.items[list.items.count++] = row_of(pack);
	struct err err;
	if (name != NULL && list.items.count == 0)
		exchange_failf(x, ERR_NOT_FOUND, "There is no such pack.");
	else if (!mark_used(app, &list, &err))
		exchange_fail(x, &err);
	else
		reply_fact(x, 200, &list_table, &list);
}

static void handle_list(struct exchange *x)
{
	list(x, NULL);
}

static void handle_name(struct exchange *x)
{
	list(x, exchange_param(x, "name"));
}

/* The bytes as they were hashed. */
static void handle_bytes(struct exchange *x)
{
	const struct app *app = x->owner;
	const struct pack *pack = packs_find(app->packs, exchange_param(x, "name"), exchange_param(x, "version"), NULL);
	if (pack == NULL) {
		exchange_failf(x, ERR_NOT_FOUND, "There is no such pack.");
		return;
	}
	exchange_setf(x, "ETag", "\"%.32s\"", pack->sha256);
	exchange_set(x, "Cache-Control", "private, immutable, max-age=31536000");
	exchange_answer(x, 200, "application/yaml", pack->bytes, pack->size);
}

static const char *const yaml[] = {"application/yaml", NULL};

static const struct route routes[] = {
	ROUTE(GET, "/api/v1/packs", "pack.read", EFFECT_READ, handle_list, .operation = "packs.list",
		  .summary = "Every pack of constants, with its SHA-256", .result = &list_table),
	ROUTE(GET, "/api/v1/packs/{name}", "pack.read", EFFECT_READ, handle_name, .operation = "packs.versions",
		  .summary = "The versions of one pack", .result = &list_table),
	ROUTE(GET, "/api/v1/packs/{name}/{version}", "pack.read", EFFECT_READ, handle_bytes, .operation = "packs.get",
		  .summary = "The bytes of one pack", .produces = yaml, .bare = true),
};

void packs_api_add(struct app *app)
{
	router_add(app->router, routes, sizeof routes / sizeof *routes, app);
}
