#include "flow/memory_step.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jw.h"
#include "flow/domain/datum.h"
#include "flow/domain/trouble.h"
#include "flow/memory_parts.h"
#include "flow/memory_request.h"
#include "flow/memory_search.h"
#include "store/store.h"

enum { STEP_ARENA = 64 << 20 };

/* One step on its way. */
struct doing {
	const struct memory_step *step;
	struct arena arena;
	struct faults faults;
	struct memory_request request;
	struct memory_made made;
	struct memory_query query;
	struct memory_list_view list;
	struct memory_row row;
	const char *memory_id;
	bool deduplicated;
};

static struct datum *fault(const struct doing *d, const struct err *err, struct trouble *trouble)
{
	if (d->faults.first != NULL)
		trouble_set(trouble, TROUBLE_VALIDATION, "Invalid memory", "%s %s", d->faults.first->pointer,
					d->faults.first->message);
	else if (err->kind == ERR_INVALID)
		trouble_set(trouble, TROUBLE_VALIDATION, "Invalid memory", "%s", err->message);
	else
		trouble_set(trouble, TROUBLE_RUNTIME, err_title(err->kind), "%s", err->message);
	return NULL;
}

static struct datum *told(const struct field_table *table, const void *view)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	field_write(&jw, table, view, FIELD_RESULT);
	return datum_take_buf(&text);
}

static bool on_reader(struct doing *d, bool (*read)(struct doing *d, struct db *db, struct err *err), struct err *err)
{
	struct db *db = store_read(d->step->store);
	bool done = read(d, db, err);
	store_read_end(d->step->store, db);
	return done;
}

/* --- add --- */

static bool look_around(struct doing *d, struct db *db, struct err *err)
{
	return memory_nearest(db, &d->made.new, &d->arena, err);
}

static bool apply_add(struct db *db, void *self, struct err *err)
{
	struct doing *d = self;
	return memory_made_store(db, d->step->ids, &d->made, d->step->now_us, &d->arena, &d->deduplicated, err);
}

static struct datum *add(struct doing *d, struct datum *with, struct trouble *trouble)
{
	struct err err = {.kind = ERR_LIMIT, .message = "no memory"};
	if (!field_decode(&memory_store_table, datum_tree(with), &d->request, &d->arena, "", &d->faults))
		return fault(d, &err, trouble);
	if (d->request.run_id == NULL && d->request.execution_id == NULL)
		d->request.run_id = d->step->run_id;
	if (!memory_request_make(&d->request, d->step->ids, d->step->account_id, d->step->now_us, &d->arena, &d->made,
							 &d->faults))
		return fault(d, &err, trouble);
	if ((d->made.new.vector != NULL && !on_reader(d, look_around, &err)) ||
		!store_write(d->step->store, apply_add, d, &err))
		return fault(d, &err, trouble);
	struct memory_view view = memory_view_of(&d->arena, &d->made.new.row);
	view.deduplicated = d->deduplicated;
	return told(&memory_stored_table, &view);
}

/* --- search --- */

static bool read_search(struct doing *d, struct db *db, struct err *err)
{
	struct memory_searching searching = {&d->arena, d->step->account_id, d->step->now_us, NULL};
	return memory_search(&searching, &d->query, db, &d->list, err);
}

static struct datum *search(struct doing *d, struct datum *with, struct trouble *trouble)
{
	struct err err = {.kind = ERR_LIMIT, .message = "no memory"};
	if (!field_decode(&memory_search_query_table, datum_tree(with), &d->query, &d->arena, "", &d->faults) ||
		!memory_query_check(&d->query, &d->arena, &d->faults) ||
		!memory_search_prepare(d->step->store, d->step->account_id, &d->query, &err) ||
		!on_reader(d, read_search, &err))
		return fault(d, &err, trouble);
	return told(&memory_search_table, &d->list);
}

/* --- get --- */

struct get_request {
	const char *memory_id;
};
static const struct field get_fields[] = {F_STR(get_request, memory_id, REQUIRED, LENGTH(1, 100))};
static const struct field_table get_table = FIELD_TABLE("memory.get.query", get_request, get_fields);

/* To look at a memory is to use it. */
static bool apply_get(struct db *db, void *self, struct err *err)
{
	struct doing *d = self;
	bool found;
	return memory_find(db, d->step->account_id, d->memory_id, d->step->now_us, &d->arena, &d->row, &found, err) &&
		   (found || err_set(err, ERR_NOT_FOUND, "There is no such memory.")) &&
		   memory_touch(db, &d->row, d->step->now_us, err);
}

static struct datum *get(struct doing *d, struct datum *with, struct trouble *trouble)
{
	struct err err = {.kind = ERR_LIMIT, .message = "no memory"};
	struct get_request request;
	if (!field_decode(&get_table, datum_tree(with), &request, &d->arena, "", &d->faults))
		return fault(d, &err, trouble);
	d->memory_id = request.memory_id;
	if (!store_write(d->step->store, apply_get, d, &err))
		return fault(d, &err, trouble);
	const struct memory_view view = memory_view_of(&d->arena, &d->row);
	return told(&memory_table, &view);
}

struct datum *memory_step_run(const struct memory_step *step, struct datum *with, struct trouble *trouble)
{
	struct doing d = {.step = step};
	arena_init(&d.arena, STEP_ARENA);
	faults_init(&d.faults, &d.arena);
	struct datum *output = strcmp(step->call, "memory.add") == 0      ? add(&d, with, trouble)
						   : strcmp(step->call, "memory.search") == 0 ? search(&d, with, trouble)
																	  : get(&d, with, trouble);
	arena_fini(&d.arena);
	return output;
}
