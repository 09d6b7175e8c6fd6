#include "flow/domain/past.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/must.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/ir_find.h"
#include "flow/domain/row.h"

void past_init(struct past *past, const struct ir *ir)
{
	*past = (struct past){.ir = ir};
	steps_init(&past->steps);
}

void past_fini(struct past *past)
{
	steps_fini(&past->steps);
}

/* --- what a path names --- */

/* How long a round (#2.0) or a visit (~3) is that stands here; 0: none does.  ~0 and ~1 are letters of a name. */
static size_t suffix(const char *text)
{
	size_t size = 1;
	if (*text != '#' && *text != '~')
		return 0;
	while (isdigit((unsigned char)text[size]) || (*text == '#' && text[size] == '.'))
		size++;
	bool letter = *text == '~' && size == 2 && text[1] < '2';
	bool ends = text[size] == '\0' || text[size] == '/' || text[size] == '~';
	return size > 1 && ends && !letter ? size : 0;
}

/* A step path without its rounds and visits. */
static char *reference_of(const char *path)
{
	char *reference = strdup(path), *to = reference;
	must(reference != NULL);
	for (const char *from = path; *from != '\0';) {
		size_t size = suffix(from);
		if (size == 0)
			*to++ = *from++;
		from += size;
	}
	*to = '\0';
	return reference;
}

/* --- gathering --- */

/* A task that a patch has taken away has the last word of its reference as its name, and no type. */
static void name(struct step *step, const struct ir *ir)
{
	const struct ir_task *task = ir_find(ir, step->path);
	step->reference = task != NULL ? strdup(step->path) : reference_of(step->path);
	must(step->reference != NULL);
	if (task == NULL)
		task = ir_find(ir, step->reference);
	const char *last = strrchr(step->reference, '/');
	step->name = task != NULL ? task->name : last != NULL ? last + 1 : step->reference;
	step->type = task != NULL ? step_type_name(task) : NULL;
}

static struct step *add(struct past *past, const struct row *row)
{
	struct step *step = steps_add(&past->steps, row);
	name(step, past->ir);
	return step;
}

static void end(struct step *step, enum step_status status, const struct row *row)
{
	step_end(step, status, row);
	if (row->output != NULL)
		datum_set(&step->output, row->output);
}

/* What had no end when it was left behind never gets one. */
static void leave(struct past *past, const struct row *row)
{
	for (size_t i = 0; i < past->steps.count; i++)
		if (past->steps.items[i].ended_us == 0)
			end(&past->steps.items[i], STEP_CANCELLED, row);
}

static void take_intent(struct step *step, const struct row *row)
{
	step->effect = true;
	step->attempt = row->attempt;
	step->deliveries = row->n;
}

static void take_step(struct past *past, const struct row *row)
{
	struct step *step = steps_find(&past->steps, row->path);
	bool begins =
		row->kind == ROW_ENTERED || row->kind == ROW_COMPLETED || row->kind == ROW_FAULTED || row->kind == ROW_SKIPPED;
	if (begins && (step == NULL || step->attempt != row->attempt))
		step = add(past, row);
	if (step == NULL)
		return;
	if (row->kind == ROW_ENTERED && row->input != NULL)
		datum_set(&step->input, row->input);
	else if (row->kind == ROW_COMPLETED)
		end(step, STEP_COMPLETED, row);
	else if (row->kind == ROW_FAULTED)
		end(step, STEP_FAULTED, row);
	else if (row->kind == ROW_CANCELLED)
		end(step, STEP_CANCELLED, row);
	else if (row->kind == ROW_SKIPPED)
		end(step, STEP_SKIPPED, row);
	else if (row->kind == ROW_INTENT)
		take_intent(step, row);
	else if (row->kind == ROW_RESULT)
		step_add_cost(step, row);
}

void past_take(struct past *past, const struct row *row, bool superseded)
{
	bool of_run = row->path == NULL || row->path[0] == '\0';
	bool over = row->kind == ROW_RUN_COMPLETED || row->kind == ROW_RUN_FAULTED || row->kind == ROW_RUN_CANCELLED;
	if ((!superseded && past->open) || (superseded && of_run && over))
		leave(past, row);
	past->open = superseded;
	if (superseded && !of_run && row->attempt > 0)
		take_step(past, row);
}

/* --- what is told already --- */

static void execution(const struct step *step, struct buf *key)
{
	buf_reset(key);
	buf_addf(key, "%u %s", (unsigned)step->attempt, step->path);
	must(buf_ok(key));
}

/* One whose beginning counts, as it had begun before the row that was gone back to: of the same task as is known. */
static void take_beginning(struct step *step, const struct steps *counted)
{
	const struct step *since = steps_find(counted, step->path);
	if (since == NULL || step->began_seq != step->ended_seq || since->began_seq > step->began_seq)
		return;
	step->started_us = since->started_us;
	step->effect = since->effect;
	step->deliveries = since->effect ? 1 : 0; /* an answer came: it was sent */
}

void past_settle(struct past *past, const struct steps *counted)
{
	struct map known;
	struct buf key;
	size_t kept = 0;
	map_init(&known, NULL, NULL);
	buf_init(&key, 0);
	for (size_t i = 0; i < counted->count; i++) {
		execution(&counted->items[i], &key);
		must(map_set(&known, buf_text(&key), past, NULL));
	}
	for (size_t i = 0; i < past->steps.count; i++) {
		execution(&past->steps.items[i], &key);
		take_beginning(&past->steps.items[i], counted);
		if (map_get(&known, buf_text(&key)) == NULL)
			past->steps.items[kept++] = past->steps.items[i];
		else
			step_drop(&past->steps.items[i]);
	}
	past->steps.count = kept;
	buf_fini(&key);
	map_fini(&known);
}
