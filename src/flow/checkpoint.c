#include "flow/checkpoint.h"

#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/log.h"
#include "crypt/digest.h"
#include "flow/budget_repo.h"
#include "flow/definition.h"
#include "flow/domain/ask.h"
#include "flow/domain/control.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/snapshot.h"
#include "flow/runner_internal.h"
#include "flow/story.h"
#include "store/packed.h"

enum {
	PACKED_FROM = 512, /* bytes [flow.md 5] */
	PACKED_LEVEL = 3,
	AUTOMATIC_KEPT = 10,
	SCRATCH = 64 << 20,
};

/* --- what it tells of the run --- */

static void count_steps(const struct story *story, struct checkpoint_record *r)
{
	const struct steps *steps = &story->steps;
	int64_t known = (int64_t)definition_ir(story->definition)->tasks_count, begun = 0;
	for (size_t i = 0; i < steps->count; i++) {
		const struct step *step = &steps->items[i];
		if ((uintptr_t)map_get(&steps->last, step->path) != i + 1)
			continue; /* another attempt came after it */
		begun++;
		r->completed += step->status == STEP_COMPLETED;
		r->skipped += step->status == STEP_SKIPPED;
		r->failed += step->status == STEP_FAULTED || step->status == STEP_CANCELLED;
	}
	r->total = known > begun ? known : begun; /* loops go through their tasks more than once */
	if (story->run.status == RUN_COMPLETED)
		r->total = begun; /* what was not gone through never will be */
	r->pending = r->total - r->completed - r->skipped - r->failed;
}

static bool add_budget(struct checkpoint_record *r, struct db *db, const char *account_id, int64_t now_us,
					   struct arena *arena, struct err *err)
{
	struct budget_row rows[4];
	size_t count;
	if (!budgets_of_scope(db, account_id, BUDGET_RUN, r->run_id, now_us, arena, rows, &count, err))
		return false;
	if (count > 0)
		r->budget = arena_printf(arena, "{\"allocated\":%lld,\"consumed\":%lld,\"currency\":\"%s\"}",
								 (long long)rows[0].allocated, (long long)rows[0].consumed, rows[0].currency);
	return true;
}

static void take_change(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

/* The agent that the run works for, and how far its memory had come. */
static bool add_memory(struct checkpoint_record *r, struct db *db, const struct run_record *run, struct arena *arena,
					   struct err *err)
{
	const struct json *labels;
	int64_t change = 0;
	bool found;
	struct buf text;
	struct jw jw;
	if (!json_parse(arena, run->labels, strlen(run->labels), &datum_limits, &labels, err))
		return false;
	const char *agent_id = json_text(labels, "agent_id");
	if (agent_id == NULL)
		return true;
	if (!db_one(db, err, &found, take_change, &change,
				"SELECT newest FROM memory_changes WHERE account_id = $1 AND agent_id = $2", V_TEXT(run->account_id),
				V_TEXT(agent_id)))
		return false;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_member_str(&jw, "agent_id", agent_id);
	jw_member_int(&jw, "change_no", change);
	jw_object_end(&jw);
	r->memory_ref = arena_dup(arena, buf_text(&text));
	buf_fini(&text);
	return true;
}

/* --- its content --- */

static void pack(struct checkpoint *c, const struct buf *text)
{
	struct checkpoint_record *r = &c->record;
	r->size_bytes = (int64_t)text->size;
	r->compressed = r->compressed && text->size > PACKED_FROM;
	if (r->compressed)
		packed_write(buf_text(text), text->size, PACKED_LEVEL, &c->content);
	else
		buf_add(&c->content, buf_text(text), text->size);
	r->stored_bytes = (int64_t)c->content.size;
	sha256_hex(buf_text(&c->content), c->content.size, c->sha256);
	r->content_sha256 = c->sha256;
}

static void describe(struct checkpoint *c, const struct story *story)
{
	struct buf text;
	buf_init(&text, 0);
	snapshot_write(&story->run, c->record.seq, &text);
	count_steps(story, &c->record);
	pack(c, &text);
	buf_fini(&text);
}

/* Row 1 begins every run, so one that has no rows yet stands there. */
static bool place(struct runner *runner, struct db *db, const struct run_record *run, struct arena *arena, int64_t *seq,
				  struct err *err)
{
	bool ended = strcmp(run->status, "faulted") == 0 || strcmp(run->status, "cancelled") == 0;
	struct story story;
	if (*seq > 0)
		return true;
	*seq = run->seq;
	if (ended) {
		if (!story_open(&story, runner, db, run, arena, err))
			return false;
		*seq = control_before_end(&story.run, &story.steps);
		story_close(&story);
	}
	if (*seq < 1)
		*seq = 1;
	return true;
}

bool checkpoint_take(struct checkpoint *c, struct runner *runner, struct db *db, const struct run_record *run,
					 int64_t seq, struct arena *arena, struct err *err)
{
	struct story story;
	bool compressed = c->record.compressed;
	c->record = (struct checkpoint_record){
		.checkpoint_id = c->made_id, .run_id = run->run_id, .status = "ready", .compressed = compressed};
	c->record.created_us = runner_now_us(runner);
	c->record.run_status = run->status;
	id_make(runner->options.ids, c->made_id);
	buf_init(&c->content, 0);
	if (!place(runner, db, run, arena, &seq, err) || !story_open_at(&story, runner, db, run, seq, arena, err))
		return false;
	c->record.seq = seq;
	describe(c, &story);
	story_close(&story);
	return add_budget(&c->record, db, run->account_id, c->record.created_us, arena, err) &&
		   add_memory(&c->record, db, run, arena, err) && (!arena->full || err_set(err, ERR_LIMIT, "no memory"));
}

void checkpoint_fini(struct checkpoint *c)
{
	buf_fini(&c->content);
}

static bool stored(struct db *db, const struct checkpoint_record *record, struct arena *arena, const char **bytes,
				   size_t *size, struct err *err)
{
	char sha256[65];
	if (!checkpoints_content(db, record->checkpoint_id, arena, bytes, size, err))
		return false;
	sha256_hex(*bytes, *size, sha256);
	return strcmp(sha256, record->content_sha256) == 0 || err_set(err, ERR_INVALID, "The checkpoint is damaged.");
}

bool checkpoint_whole(struct db *db, const struct checkpoint_record *record, struct arena *arena, struct err *err)
{
	const char *bytes;
	size_t size;
	return stored(db, record, arena, &bytes, &size, err);
}

bool checkpoint_content(struct db *db, const struct checkpoint_record *record, struct arena *arena, struct buf *text,
						struct err *err)
{
	const char *bytes;
	size_t size;
	if (!stored(db, record, arena, &bytes, &size, err))
		return false;
	if (record->compressed)
		return packed_read(bytes, size, text, err);
	buf_add(text, bytes, size);
	return true;
}

/* --- automatic ones --- */

void checkpoint_row(struct live *live, const struct row *row)
{
	const struct frame *block = row->frame == ROW_NO_FRAME ? NULL : run_frame(&live->run, row->frame);
	bool enters = row->kind == ROW_ENTERED && block != NULL && block->is_block;
	if (enters && live->checkpoint_seq == 0 && ask_is_person(&block->block->tasks[block->cursor]))
		live->checkpoint_seq = live->run.seq;
}

struct putting {
	struct checkpoint checkpoint;
};

static bool put(struct db *db, void *self, struct err *err)
{
	struct putting *p = self;
	return checkpoints_insert(db, &p->checkpoint.record, buf_text(&p->checkpoint.content), err) &&
		   checkpoints_thin(db, p->checkpoint.record.run_id, AUTOMATIC_KEPT, err);
}

static bool read_own(struct live *live, struct putting *p, int64_t seq, struct arena *arena, struct err *err)
{
	struct run_record run;
	bool found = false;
	struct db *db = store_read(live->runner->options.store);
	bool read = runs_get(db, live->run_id, NULL, arena, &run, &found, err) && found &&
				checkpoint_take(&p->checkpoint, live->runner, db, &run, seq, arena, err);
	store_read_end(live->runner->options.store, db);
	return read;
}

static void take(struct live *live, int64_t seq)
{
	struct putting p = {.checkpoint = {.record = {.compressed = true}}};
	struct err err = {.message = "the run is gone"};
	struct arena arena;
	arena_init(&arena, SCRATCH);
	buf_init(&p.checkpoint.content, 0);
	bool good = read_own(live, &p, seq, &arena, &err);
	p.checkpoint.record.automatic = true;
	if (!good || !store_write(live->runner->options.store, put, &p, &err))
		log_warn("flow: no checkpoint was taken", log_str("run_id", live->run_id), log_str("error", err.message));
	checkpoint_fini(&p.checkpoint);
	arena_fini(&arena);
}

void checkpoint_committed(struct live *live)
{
	int64_t every_us = live->runner->options.checkpoint_s * 1000000, now_us = live->drive.now_us;
	int64_t since_us = live->checkpoint_us > 0 ? live->checkpoint_us : live->run.started_us, seq = live->checkpoint_seq;
	live->checkpoint_seq = 0;
	if (seq == 0 && every_us > 0 && now_us - since_us >= every_us && !run_is_over(live->run.status))
		seq = live->run.seq;
	if (seq == 0)
		return;
	live->checkpoint_us = now_us;
	take(live, seq);
}
