#include "flow/replay.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "flow/definition.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/steps.h"
#include "flow/journal.h"
#include "flow/runner_internal.h"
#include "flow/story.h"

struct replaying {
	struct live *live; /* never driven: what expressions are evaluated by hangs from it */
	struct world world;
	struct drive drive;
	const struct row *row; /* the journal's, at hand */
	struct datum *before;  /* what it says no more than: its output is what came in */
	bool met;              /* the decision was the same, and its row was applied */
	struct map in_hand;    /* step path -> how often people will take it in hand: it may be of another body before */
	char *patched;         /* a step whose output a person has given; or NULL */
	struct jw jw;
	int64_t total, matching, told;
};

/* --- differences --- */

struct difference {
	struct buf pointer;
	const struct json *expected, *got; /* NULL: not there */
};

static void add_token(struct buf *pointer, const char *name)
{
	buf_addc(pointer, '/');
	for (; *name != '\0'; name++)
		if (*name == '~')
			buf_adds(pointer, "~0");
		else if (*name == '/')
			buf_adds(pointer, "~1");
		else
			buf_addc(pointer, *name);
}

/* One step towards the first difference: the members that differ; false: it is here. */
static bool descend(struct difference *d)
{
	const struct json *a = d->expected, *b = d->got;
	if (a == NULL || b == NULL || a->kind != b->kind)
		return false;
	if (a->kind == JS_ARRAY) {
		uint32_t i = 0;
		while (i < a->count && i < b->count && json_same(&a->items[i], &b->items[i]))
			i++;
		d->expected = i < a->count ? &a->items[i] : NULL;
		d->got = i < b->count ? &b->items[i] : NULL;
		buf_addf(&d->pointer, "/%u", i);
		return true;
	}
	if (a->kind != JS_OBJECT)
		return false;
	for (int turn = 0; turn < 2; turn++) { /* members of the one, then those that only the other has */
		const struct json *from = turn == 0 ? a : b;
		for (uint32_t i = 0; i < from->count; i++) {
			const char *name = from->members[i].name;
			const struct json *expected = json_get(a, name), *got = json_get(b, name);
			if (expected != NULL && got != NULL && json_same(expected, got))
				continue;
			d->expected = expected;
			d->got = got;
			add_token(&d->pointer, name);
			return true;
		}
	}
	return false;
}

static void add_json(struct jw *jw, const char *name, const struct json *json)
{
	jw_key(jw, name);
	if (json == NULL)
		jw_null(jw);
	else
		jw_json(jw, json);
}

static void write_difference(struct jw *jw, struct datum *expected, struct datum *got)
{
	struct difference d = {.expected = expected == NULL ? NULL : datum_tree(expected),
						   .got = got == NULL ? NULL : datum_tree(got)};
	buf_init(&d.pointer, 0);
	while (descend(&d))
		;
	jw_key(jw, "first_difference");
	jw_object(jw);
	jw_member_str(jw, "pointer", buf_text(&d.pointer));
	add_json(jw, "expected", d.expected);
	add_json(jw, "got", d.got);
	jw_object_end(jw);
	buf_fini(&d.pointer);
}

static void add_hash(struct jw *jw, const char *name, const struct datum *datum)
{
	char sha256[65];
	if (datum != NULL)
		datum_sha256(datum, sha256);
	jw_member_str(jw, name, datum == NULL ? NULL : sha256);
}

static void tell(struct replaying *r, const char *path, struct datum *expected, struct datum *got)
{
	if (r->told++ >= REPLAY_TOLD_MAX)
		return;
	jw_object(&r->jw);
	jw_member_str(&r->jw, "path", path);
	add_hash(&r->jw, "expected_sha256", expected);
	add_hash(&r->jw, "got_sha256", got);
	write_difference(&r->jw, expected, got);
	jw_object_end(&r->jw);
}

/* --- comparing --- */

static bool same(struct datum *a, struct datum *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return datum_same_text(a, b) || json_same(datum_tree(a), datum_tree(b));
}

/* What a row gives: its error, or its output, which is what came in where it says none. */
static struct datum *given(const struct replaying *r, const struct row *row)
{
	return row->error != NULL ? row->error : row->output != NULL ? row->output : r->before;
}

static bool agrees(const struct replaying *r, const struct row *was, const struct row *is)
{
	return was->kind == is->kind && same(given(r, was), given(r, is)) && same(was->context, is->context) &&
		   same(was->items, is->items) && was->then == is->then && was->index == is->index && was->due_us == is->due_us;
}

static bool ends_step(const struct row *row)
{
	return row->path != NULL && row->path[0] != '\0' &&
		   (row->kind == ROW_COMPLETED || row->kind == ROW_FAULTED || row->kind == ROW_SKIPPED);
}

/* In place of what was decided now, what was decided then: where both are of the same kind and place. */
static const struct row *compare(void *self, const struct row *is)
{
	struct replaying *r = self;
	const struct row *was = r->row;
	bool here = is->frame == was->frame && (is->path == NULL) == (was->path == NULL) &&
				(is->path == NULL || strcmp(is->path, was->path) == 0);
	if (is->kind == ROW_INTENT || is->kind == ROW_SUSPENDED) /* money, or a document that was not to be had */
		return NULL;
	bool good = here && agrees(r, was, is);
	if (!good)
		tell(r, was->path == NULL ? "" : was->path, given(r, was), here ? given(r, is) : NULL);
	else
		r->matching += ends_step(was);
	r->met = here && was->kind == is->kind;
	return r->met ? was : NULL;
}

/* --- what decisions ask --- */

static struct datum *ask_eval(void *self, const struct ir_value *value, const struct scope *scope,
							  struct trouble *trouble)
{
	struct runner *runner = ((struct replaying *)self)->live->runner;
	return runner->world.eval(runner, value, scope, trouble);
}

static bool ask_valid(void *self, const struct json *schema, struct datum *value, struct trouble *trouble)
{
	struct runner *runner = ((struct replaying *)self)->live->runner;
	return runner->world.valid(runner, schema, value, trouble);
}

/* When an operation was computed is no part of what it gives. */
static struct datum *as_then(struct datum *now, const struct json *then)
{
	const struct json *json = datum_tree(now), *at = json_get(then, "timestamp");
	struct buf text;
	struct jw jw;
	if (json->kind != JS_OBJECT || at == NULL || json_get(json, "timestamp") == NULL)
		return now;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	for (uint32_t i = 0; i < json->count; i++) {
		jw_key(&jw, json->members[i].name);
		jw_json(&jw, strcmp(json->members[i].name, "timestamp") == 0 ? at : &json->members[i].value);
	}
	jw_object_end(&jw);
	datum_unref(now);
	return datum_take_buf(&text);
}

static struct datum *ask_op(void *self, const char *name, struct datum *body, struct trouble *trouble)
{
	const struct replaying *r = self;
	struct runner *runner = r->live->runner;
	struct datum *answer = runner->world.op(runner, name, body, trouble);
	return answer == NULL || r->row->output == NULL ? answer : as_then(answer, datum_tree(r->row->output));
}

/* The id that was made then: an event's. */
static void ask_id(void *self, char id[37])
{
	const struct replaying *r = self;
	struct datum *event = r->row->event != NULL ? r->row->event : r->row->output;
	const char *made = event == NULL ? NULL : json_text(datum_tree(event), "id");
	strcpy(id, "00000000-0000-0000-0000-000000000000");
	if (made != NULL && strlen(made) == 36)
		strcpy(id, made);
}

static void open_world(struct replaying *r)
{
	r->world = r->live->runner->world;
	r->world.self = r;
	r->world.eval = ask_eval;
	r->world.valid = ask_valid;
	r->world.op = ask_op;
	r->world.id = ask_id;
	r->world.afford = NULL;
	r->drive = (struct drive){.run = &r->live->run, .world = &r->world, .instead = compare, .self = r};
}

/* --- what people took in hand --- */

static uintptr_t left_in_hand(const struct replaying *r, const struct row *row)
{
	return row->path == NULL ? 0 : (uintptr_t)map_get(&r->in_hand, row->path);
}

static bool by_hand(const struct row *row)
{
	return row->path != NULL && (row->kind == ROW_PATCHED || row->kind == ROW_RETRIED);
}

static bool count_hand(void *self, const struct row *row, bool superseded, struct err *err)
{
	struct replaying *r = self;
	(void)err;
	if (by_hand(row) && !superseded)
		must(map_set(&r->in_hand, row->path, (void *)(left_in_hand(r, row) + 1), NULL));
	return true;
}

static void take_hand(struct replaying *r, const struct row *row)
{
	uintptr_t left = by_hand(row) ? left_in_hand(r, row) : 0;
	if (left > 1)
		must(map_set(&r->in_hand, row->path, (void *)(left - 1), NULL));
	else if (left == 1)
		map_remove(&r->in_hand, row->path);
}

/* --- going through --- */

/* A task that was about to ask somebody: what kept it from that came from outside. */
static bool is_asking(const struct frame *frame)
{
	return !frame->is_block && frame->state == FRAME_WAITING && frame->due_us == 0 && frame->listening == NULL;
}

/* Does it follow from the rows before it, so that it can be decided once more? */
static bool follows(const struct replaying *r, const struct row *row, struct frame **frame)
{
	*frame = row->frame == ROW_NO_FRAME ? NULL : run_frame(&r->live->run, row->frame);
	bool of_run = row->frame == ROW_NO_FRAME;
	switch (row->kind) {
	case ROW_ENTERED:
	case ROW_RUN_COMPLETED:
	case ROW_RUN_FAULTED:
		return of_run || *frame != NULL;
	case ROW_COMPLETED:
	case ROW_FAULTED:
	case ROW_SKIPPED:
		return *frame != NULL && row->by == NULL && !is_asking(*frame) &&
			   (r->patched == NULL || strcmp(r->patched, row->path) != 0);
	case ROW_CAUGHT:
		return *frame != NULL && !(*frame)->is_block;
	default:
		return false;
	}
}

static void note_patch(struct replaying *r, const struct row *row)
{
	bool patched = row->kind == ROW_PATCHED && row->input == NULL;
	if (!patched && row->kind != ROW_COMPLETED)
		return;
	free(r->patched);
	r->patched = patched && row->path != NULL ? strdup(row->path) : NULL;
}

static bool decide_again(struct replaying *r, const struct row *row, struct frame *frame, struct err *err)
{
	r->before = frame == NULL ? NULL : frame->is_block ? frame->value : frame->raw;
	if (r->before != NULL)
		datum_ref(r->before);
	r->row = row;
	r->met = false;
	r->drive.now_us = row->at_us;
	drive_once(&r->drive, frame);
	datum_unref(r->before);
	r->before = NULL;
	return !r->drive.misfit || err_set(err, ERR_INTERNAL, "Row %lld does not fit the run.", (long long)row->seq);
}

static bool take(void *self, const struct row *row, bool superseded, struct err *err)
{
	struct replaying *r = self;
	struct frame *frame;
	if (superseded) {
		run_pass_over(&r->live->run, row);
		return true;
	}
	r->total += ends_step(row);
	take_hand(r, row);
	bool again = left_in_hand(r, row) == 0 && follows(r, row, &frame);
	int64_t told = r->told;
	if (again && !decide_again(r, row, frame, err))
		return false;
	if (r->told > told && !ends_step(row))
		r->total++; /* it began, or was caught, otherwise */
	if (again && r->met) {
		note_patch(r, row);
		return true;
	}
	if (r->told == told) /* nothing was decided that differs: it is as the journal has it */
		r->matching += ends_step(row);
	note_patch(r, row);
	return run_apply(&r->live->run, row, err);
}

static void write_report(struct replaying *r, struct jw *jw, const struct buf *divergent)
{
	jw_object(jw);
	jw_member_num(jw, "match_percentage", r->total == 0 ? 100 : steps_percentage(r->matching, r->total));
	jw_member_int(jw, "total_steps", r->total);
	jw_member_int(jw, "matching_steps", r->matching);
	jw_key(jw, "divergent_steps");
	jw_raw(jw, buf_text(divergent), divergent->size);
	jw_object_end(jw);
}

static bool go_through(struct replaying *r, struct db *db, const char *run_id, struct buf *report, struct err *err)
{
	struct buf divergent;
	struct jw jw;
	buf_init(&divergent, 0);
	jw_init(&r->jw, &divergent);
	jw_array(&r->jw);
	map_init(&r->in_hand, NULL, NULL);
	bool read = journal_walk(db, run_id, count_hand, r, err) && journal_walk(db, run_id, take, r, err);
	map_fini(&r->in_hand);
	jw_array_end(&r->jw);
	jw_init(&jw, report);
	if (read)
		write_report(r, &jw, &divergent);
	buf_fini(&divergent);
	return read;
}

bool replay_verify(struct runner *runner, struct db *db, const struct run_record *record, struct arena *arena,
				   struct buf *report, struct err *err)
{
	struct live *live = calloc(1, sizeof *live);
	struct replaying r = {.live = live};
	must(live != NULL);
	live->runner = runner;
	live->definition = story_definition(runner, db, record, arena, err);
	bool good = live->definition != NULL;
	if (good) {
		run_init(&live->run, definition_ir(live->definition), record->run_id, record->seed);
		live->run.version = runner->options.version;
		open_world(&r);
		good = go_through(&r, db, record->run_id, report, err);
		run_fini(&live->run);
	}
	definition_unref(live->definition);
	free(r.patched);
	free(live);
	return good;
}
