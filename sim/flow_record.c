#include "sim/flow_record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "flow/definition.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/retry.h"
#include "flow/domain/row.h"
#include "flow/domain/run.h"
#include "flow/journal.h"
#include "flow/runs_repo.h"
#include "sim/flow_net.h"

enum { RECORD_CAP = 64 << 20, DEEP = 64, FIRST_ROOM = 32 };

/* One more item at the end of an array. */
#define ADD(record, items) \
	(*(grow((record), (void **)&(record)->items, &(record)->items##_room, (record)->items##_count, \
			sizeof *(record)->items), \
	   &(record)->items[(record)->items##_count++]))

static void grow(struct sim_record *record, void **items, size_t *room, size_t count, size_t size)
{
	if (count < *room)
		return;
	*room = *room == 0 ? FIRST_ROOM : 2 * *room;
	void *larger = arena_alloc(&record->arena, *room * size);
	must(larger != NULL);
	if (count > 0)
		memcpy(larger, *items, count * size);
	*items = larger;
}

static const char *keep(struct sim_record *record, const char *text)
{
	const char *copy = arena_dup(&record->arena, text);
	must(copy != NULL);
	return copy;
}

/* --- effects --- */

static struct effect_record *find(const struct sim_record *record, const char *key)
{
	for (size_t i = 0; i < record->effects_count; i++)
		if (strcmp(record->effects[i].key, key) == 0)
			return &record->effects[i];
	return NULL;
}

const struct effect_record *record_find(const struct sim_record *record, const char *key)
{
	return find(record, key);
}

static void note_place(struct sim_record *record, struct effect_record *effect, const struct frame *frame)
{
	struct place_above above[DEEP];
	uint32_t block = 0;
	for (; frame != NULL; frame = frame->parent) {
		if (frame->is_block) {
			block = frame->round;
			continue;
		}
		must(effect->above_count < DEEP);
		above[effect->above_count++] =
			(struct place_above){keep(record, frame->path == NULL ? "" : frame->path), block};
	}
	struct place_above *kept = arena_array(&record->arena, effect->above_count, sizeof *kept);
	must(kept != NULL || effect->above_count == 0);
	if (effect->above_count > 0)
		memcpy(kept, above, effect->above_count * sizeof *kept);
	effect->above = kept;
}

/* Has it, or what stands around it, been begun anew since that row?  `ordered`: by an operator, maybe otherwise. */
static bool is_redone(const struct sim_record *record, const struct effect_record *effect, int64_t seq, bool ordered)
{
	for (size_t i = record->redos_count; i-- > 0 && record->redos[i].seq > seq;)
		for (size_t j = 0; j < effect->above_count; j++)
			if (strcmp(effect->above[j].path, record->redos[i].path) == 0 && (record->redos[i].ordered || !ordered))
				return true;
	return false;
}

/* An operator began it anew while its end was open: then it must not have left. */
static const char *given_up(struct effect_record *last)
{
	if (last != NULL)
		last->given_up = last->end == EFFECT_OPEN;
	return NULL;
}

/* The attempt before this one; between them there may be some that were never intended. */
static struct effect_record *before(const struct sim_record *record, const struct effect_record *effect)
{
	struct effect_record *last = NULL;
	for (size_t i = 0; i < record->effects_count; i++) {
		struct effect_record *other = &record->effects[i];
		if (strcmp(other->path, effect->path) == 0 && other->attempt < effect->attempt &&
			(last == NULL || other->attempt > last->attempt))
			last = other;
	}
	return last;
}

static const char *first_intent_is_wrong(const struct sim_record *record, const struct effect_record *effect, int64_t n)
{
	struct effect_record *last = before(record, effect);
	if (n != 1)
		return "its first intent does not count 1";
	if (effect->attempt == 1)
		return NULL;
	if (!is_redone(record, effect, last == NULL ? 0 : last->ended_seq, false))
		return "a new attempt, and nothing around it was tried again";
	if (last == NULL || last->attempt + 1 < effect->attempt || last->end == EFFECT_OPEN || last->end == EFFECT_UNSURE)
		return is_redone(record, effect, last == NULL ? 0 : last->ended_seq, true)
				   ? given_up(last)
				   : "a new attempt without a definite end of the last one";
	return NULL;
}

static void note_intent(struct sim_record *record, const struct row *row, const struct frame *frame)
{
	char key[EFFECT_KEY];
	effect_key(record->run_id, row->path, row->attempt, key);
	struct effect_record *effect = find(record, key);
	if (effect == NULL) {
		effect = &ADD(record, effects);
		*effect = (struct effect_record){.path = keep(record, row->path), .attempt = row->attempt};
		note_place(record, effect, frame);
		effect->wrong = first_intent_is_wrong(record, effect, row->n);
		strcpy(effect->key, key);
	} else if (row->n != effect->deliveries + 1) {
		effect->wrong = "two intents with one path, attempt and number of deliveries";
	} else if (effect->end != EFFECT_OPEN && effect->end != EFFECT_UNSURE) {
		effect->wrong = "it was intended again after its definite end";
	}
	if (frame != NULL && frame->task->type == IR_RUN_WORKFLOW && row->request != NULL)
		effect->child = keep(record, json_text(datum_tree(row->request), "run_id"));
	effect->intents++;
	effect->deliveries = row->n;
	effect->end = EFFECT_OPEN;
}

static void note_result(struct sim_record *record, const struct row *row)
{
	char key[EFFECT_KEY];
	effect_key(record->run_id, row->path, row->attempt, key);
	struct effect_record *effect = find(record, key);
	if (effect == NULL)
		return;
	effect->ended_seq = row->seq;
	effect->was_unsure = effect->was_unsure || (row->error != NULL && !row->definite);
	effect->end = row->error == NULL ? EFFECT_SUCCEEDED : row->definite ? EFFECT_REFUSED : EFFECT_UNSURE;
}

/* --- races --- */

static bool ends_all_by_one(const struct ir_task *task)
{
	return (task->type == IR_FORK && !task->fork.compete) ||
		   (task->type == IR_FOR && task->for_.parallel > 0 && !task->for_.settle);
}

static void note_race(struct sim_record *record, const struct row *row, const struct frame *frame)
{
	if (row->kind == ROW_TIMER && row->timeout) {
		ADD(record, races) = (struct race){keep(record, frame->path == NULL ? "" : frame->path), NO_BRANCH};
		return;
	}
	if (row->kind != ROW_FAULTED || frame->is_block || !ends_all_by_one(frame->task))
		return;
	for (const struct frame *block = frame->first; block != NULL; block = block->next)
		if (block->state == FRAME_FAILED) {
			ADD(record, races) = (struct race){keep(record, frame->path), block->round};
			return;
		}
}

static bool has_race(const struct sim_record *record, const struct place_above *place, bool unsure)
{
	for (size_t i = 0; record != NULL && i < record->races_count; i++)
		if (strcmp(place->path, record->races[i].path) == 0 && (!unsure || place->block != record->races[i].sure))
			return true;
	return false;
}

bool record_races(const struct sim_record *calm, const struct sim_record *rough, const struct effect_record *effect)
{
	for (size_t i = 0; i < effect->above_count; i++) {
		const struct place_above *place = &effect->above[i];
		if (has_race(calm, place, true) || (has_race(calm, place, false) && has_race(rough, place, true)))
			return true;
	}
	return false;
}

/* --- reading --- */

struct reading {
	struct sim_record *record;
	struct db *db;
	bool told;              /* of each row on stderr: FLOW_SIM_ROWS */
	struct run run, before; /* before: as it was when a superseded row was written */
	int64_t seq;
};

static void begin(struct run *run, const struct run *like)
{
	run_init(run, like->ir, like->id, like->seed);
	run->input = datum_ref(like->input);
}

static bool is_of_interest(const struct row *row)
{
	return row->kind == ROW_INTENT || row->kind == ROW_RESULT || row->kind == ROW_CAUGHT || row->kind == ROW_RETRIED ||
		   row->kind == ROW_PATCHED;
}

static void note(struct sim_record *record, const struct row *row, const struct frame *frame)
{
	bool ordered = row->kind == ROW_RETRIED || row->kind == ROW_PATCHED;
	record->orders += ordered || (row->kind == ROW_SKIPPED && row->reason != NULL);
	if (row->kind == ROW_INTENT)
		note_intent(record, row, frame);
	else if (row->kind == ROW_RESULT && row->path != NULL)
		note_result(record, row);
	else if (row->path != NULL && (ordered || (row->kind == ROW_CAUGHT && row->due_us > 0)))
		ADD(record, redos) = (struct redo){keep(record, row->path), row->seq, ordered};
}

/* Rows that an operator's word superseded count for effects, and for nothing else. */
static bool note_superseded(struct reading *r, const struct row *row, struct err *err)
{
	bool good = true;
	if (is_of_interest(row)) {
		begin(&r->before, &r->run);
		good = journal_fold(r->db, r->record->run_id, row->seq - 1, &r->before, err);
		if (good)
			note(r->record, row, row->frame == ROW_NO_FRAME ? NULL : run_frame(&r->before, row->frame));
		run_fini(&r->before);
	}
	run_pass_over(&r->run, row);
	return good;
}

static void tell(const struct row *row, bool superseded)
{
	fprintf(stderr, "%c %4lld %9.3f %s %s", superseded ? '-' : ' ', (long long)row->seq,
			(double)(row->at_us % 100000000000) / 1e6, row_kind_names[row->kind], row->path == NULL ? "" : row->path);
	fprintf(stderr, " frame %d attempt %u n %lld due %lld %s%s%s\n", (int)row->frame, row->attempt, (long long)row->n,
			(long long)row->due_us, row->timeout ? "timeout " : "", row->definite ? "definite " : "",
			row->error != NULL ? datum_bytes(row->error, NULL) : "");
}

static bool take_row(void *self, const struct row *row, bool superseded, struct err *err)
{
	struct reading *r = self;
	if (r->told)
		tell(row, superseded);
	if (row->seq != ++r->seq)
		return err_set(err, ERR_INTERNAL, "a gap before row %lld", (long long)row->seq);
	if (superseded)
		return note_superseded(r, row, err);
	const struct frame *frame = row->frame == ROW_NO_FRAME ? NULL : run_frame(&r->run, row->frame);
	note(r->record, row, frame);
	if (frame != NULL)
		note_race(r->record, row, frame);
	return run_apply(&r->run, row, err);
}

static const char *text_of(struct sim_record *record, const struct run_record *run)
{
	const char *text = arena_printf(&record->arena, "%s %s %s", run->status, run->output == NULL ? "-" : run->output,
									run->error == NULL ? "-" : run->error);
	must(text != NULL);
	return text;
}

bool record_read(struct sim_record *record, struct db *db, const struct run_record *run,
				 const struct definition *definition, struct err *err)
{
	struct reading r = {.record = record, .db = db, .told = getenv("FLOW_SIM_ROWS") != NULL};
	*record = (struct sim_record){.seq = run->seq, .over = run->ended_us > 0};
	arena_init(&record->arena, RECORD_CAP);
	record->run_id = keep(record, run->run_id);
	record->text = text_of(record, run);
	run_init(&r.run, definition_ir(definition), run->run_id, run->seed);
	r.run.input = datum_text(run->input, strlen(run->input));
	bool good = journal_walk(db, run->run_id, take_row, &r, err);
	if (good && (strcmp(run_status_names[r.run.status], run->status) != 0 || r.run.seq != run->seq))
		good = err_set(err, ERR_INTERNAL, "it leads to %s at row %lld, its row says %s at %lld",
					   run_status_names[r.run.status], (long long)r.run.seq, run->status, (long long)run->seq);
	run_fini(&r.run);
	return good;
}

void record_fini(struct sim_record *record)
{
	arena_fini(&record->arena);
	*record = (struct sim_record){.seq = 0};
}

/* --- against the network --- */

static const char *effect_is_wrong(const struct effect_record *effect, const struct delivery *item)
{
	if (effect->wrong != NULL || effect->child != NULL)
		return effect->wrong;
	if (effect->end == EFFECT_OPEN)
		return effect->given_up && item != NULL ? "a new attempt while the last one was under way" : NULL;
	if (item == NULL)
		return "it has a result and was never sent";
	if (effect->end == EFFECT_SUCCEEDED && !item->acted)
		return "the journal says that it succeeded, and it did not act";
	if (effect->end == EFFECT_REFUSED && (item->acted || !item->refused))
		return "the journal says that it was refused, and it was not";
	return NULL;
}

static const char *request_is_wrong(const struct sim_record *record, const struct delivery *item)
{
	const struct effect_record *effect = record_find(record, item->key);
	if (effect == NULL)
		return "it was sent, and the journal knows of no such intent";
	if (strncmp(effect->path, item->step, STEP_TEXT - 1) != 0)
		return "it was sent under another step's name";
	if (item->deliveries > effect->intents)
		return "it was sent more often than it was intended";
	return NULL;
}

const char *record_is_wrong(const struct sim_record *record, const struct ledger *ledger, const char **step)
{
	const char *wrong = NULL;
	for (size_t i = 0; i < record->effects_count && wrong == NULL; i++) {
		*step = record->effects[i].path;
		wrong = effect_is_wrong(&record->effects[i], ledger_find(ledger, record->effects[i].key));
	}
	for (size_t i = 0; i < ledger->count && wrong == NULL; i++) {
		const struct delivery *item = &ledger->items[i];
		if (strcmp(item->run_id, record->run_id) != 0)
			continue;
		*step = item->step;
		wrong = request_is_wrong(record, item);
	}
	return wrong;
}
