#include "flow/domain/snapshot.h"

#include "core/buf.h"
#include "core/jw.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/listening.h"
#include "flow/domain/run.h"

static void add_datum(struct jw *jw, const char *name, const struct datum *datum)
{
	size_t size;
	if (datum == NULL)
		return;
	const char *text = datum_bytes(datum, &size);
	jw_key(jw, name);
	jw_raw(jw, text, size);
}

static void add_int(struct jw *jw, const char *name, int64_t value)
{
	if (value != 0)
		jw_member_int(jw, name, value);
}

static void add_data(struct jw *jw, const char *name, struct datum *const *data, size_t count)
{
	size_t size;
	if (data == NULL)
		return;
	jw_key(jw, name);
	jw_array(jw);
	for (size_t i = 0; i < count; i++) {
		const char *text = data[i] == NULL ? "null" : datum_bytes(data[i], &size);
		jw_raw(jw, text, data[i] == NULL ? 4 : size);
	}
	jw_array_end(jw);
}

static void write_variables(struct jw *jw, const struct frame *block)
{
	jw_key(jw, "variables");
	jw_object(jw);
	for (int i = 0; i < BLOCK_VARIABLES; i++)
		if (block->variables[i].name != NULL)
			add_datum(jw, block->variables[i].name, block->variables[i].value);
	jw_object_end(jw);
}

static void write_block(struct jw *jw, const struct frame *block)
{
	jw_member_int(jw, "cursor", block->cursor);
	add_int(jw, "round", block->round);
	add_int(jw, "retries", block->retries);
	add_datum(jw, "value", block->value);
	write_variables(jw, block);
}

/* Of a DAG: one letter a step. */
static void write_steps(struct jw *jw, const struct frame *frame)
{
	static const char letters[] = {[DAG_PENDING] = 'p', [DAG_RUNNING] = 'r',         [DAG_COMPLETED] = 'c',
								   [DAG_SKIPPED] = 's', [DAG_UPSTREAM_FAILED] = 'u', [DAG_FAULTED] = 'f'};
	struct buf text;
	buf_init(&text, 0);
	for (uint32_t i = 0; i < frame->task->dag.count; i++)
		buf_addc(&text, letters[frame->steps[i]]);
	jw_member_str(jw, "steps", buf_text(&text));
	buf_fini(&text);
}

static void write_task(struct jw *jw, const struct frame *frame)
{
	jw_member_str(jw, "path", frame->path);
	jw_member_int(jw, "attempt", frame->attempt);
	add_int(jw, "deliveries", frame->deliveries);
	add_int(jw, "retries", frame->retries);
	add_datum(jw, "raw", frame->raw);
	if (frame->input != NULL && !frame->task->input_secrets && frame->input != frame->raw)
		add_datum(jw, "input", frame->input);
	add_datum(jw, "value", frame->value);
	add_datum(jw, "items", frame->items);
	add_datum(jw, "request", frame->request);
	add_int(jw, "rounds_begun", frame->rounds_begun);
	add_int(jw, "rounds_over", frame->rounds_over);
	add_data(jw, "results", frame->results, frame->results_count);
	add_data(jw, "errors", frame->errors, frame->results_count);
	if (frame->steps != NULL)
		write_steps(jw, frame);
}

static void write_frame(struct jw *jw, const struct frame *frame)
{
	static const char *const states[] = {
		[FRAME_OPEN] = "open", [FRAME_WAITING] = "waiting", [FRAME_ENDED] = "ended", [FRAME_FAILED] = "failed"};
	jw_object(jw);
	jw_member_int(jw, "frame", frame->number);
	if (frame->parent != NULL)
		jw_member_int(jw, "parent", frame->parent->number);
	jw_member_str(jw, "kind", frame->is_block ? "block" : "task");
	jw_member_str(jw, "reference", frame->reference);
	jw_member_str(jw, "state", states[frame->state]);
	add_datum(jw, "error", frame->error);
	if (frame->is_block)
		write_block(jw, frame);
	else
		write_task(jw, frame);
	jw_object_end(jw);
}

static void write_timer(struct jw *jw, const struct frame *frame, const char *kind, int64_t due_us)
{
	if (due_us == 0)
		return;
	jw_object(jw);
	jw_member_int(jw, "frame", frame->number);
	jw_member_str(jw, "kind", kind);
	jw_member_int(jw, "due_us", due_us);
	jw_object_end(jw);
}

static void write_subscription(struct jw *jw, const struct frame *frame)
{
	const struct listening *listening = frame->listening;
	jw_object(jw);
	jw_member_int(jw, "frame", frame->number);
	add_datum(jw, "keys", listening->keys);
	jw_key(jw, "filled");
	jw_array(jw);
	for (size_t i = 0; i < listening->all; i++)
		jw_bool(jw, listening->filled[i]);
	jw_array_end(jw);
	add_data(jw, "items", listening->items, listening->count);
	jw_object_end(jw);
}

void snapshot_write(const struct run *run, int64_t seq, struct buf *text)
{
	struct jw jw;
	jw_init(&jw, text);
	jw_object(&jw);
	jw_member_int(&jw, "seq", seq);
	jw_member_str(&jw, "status", run_status_names[run->status]);
	jw_member_str(&jw, "reason", run->reason);
	add_datum(&jw, "context", run->context);
	jw_key(&jw, "frames");
	jw_array(&jw);
	for (size_t i = 0; i < run->frames_count; i++)
		write_frame(&jw, run->frames[i]);
	jw_array_end(&jw);
	jw_key(&jw, "timers");
	jw_array(&jw);
	for (size_t i = 0; i < run->frames_count; i++) {
		write_timer(&jw, run->frames[i], "due", run->frames[i]->due_us);
		write_timer(&jw, run->frames[i], "timeout", run->frames[i]->timeout_us);
	}
	jw_array_end(&jw);
	jw_key(&jw, "subscriptions");
	jw_array(&jw);
	for (size_t i = 0; i < run->frames_count; i++)
		if (run->frames[i]->listening != NULL)
			write_subscription(&jw, run->frames[i]);
	jw_array_end(&jw);
	jw_object_end(&jw);
}
