#include "flow/why_view.h"

#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "crypt/digest.h"
#include "flow/domain/ask.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/listening.h"
#include "flow/domain/money.h"
#include "flow/domain/run.h"
#include "flow/persons.h"
#include "seal/countersign_rules.h"

/* Up to the body's members: close_request() follows. */
static void open_request(struct jw *jw, const char *method, const char *path)
{
	jw_key(jw, "unblock");
	jw_object(jw);
	jw_member_str(jw, "method", method);
	jw_member_str(jw, "path", path);
	jw_key(jw, "body");
	jw_object(jw);
}

static void close_request(struct jw *jw)
{
	jw_object_end(jw);
	jw_object_end(jw);
}

/* What a filter asks for word by word; a pattern or an expression does not say what would fit it. */
static const char *wanted(const struct ir_filter *filter, const char *name)
{
	for (uint32_t i = 0; filter != NULL && i < filter->with->count; i++) {
		const struct json_member *member = &filter->with->members[i];
		if (strcmp(member->name, name) == 0 && filter->values[i].mode == IR_LITERAL &&
			member->value.kind == JS_STRING && member->value.text[0] != '/')
			return member->value.text;
	}
	return NULL;
}

/* The first filter that is still open, of those that end the listening. */
static const struct ir_filter *open_filter(const struct frame *frame)
{
	const struct ir_strategy *to = &frame->task->listen.to;
	if (to->until_events != NULL && to->until_events->count > 0)
		return &to->until_events->filters[0];
	for (size_t i = 0; i < to->count; i++)
		if (to->consume != IR_ALL || !frame->listening->filled[i])
			return &to->filters[i];
	return NULL;
}

static void add(struct jw *jw, const struct ir_filter *filter, const char *name, const char *otherwise)
{
	const char *text = wanted(filter, name);
	jw_member_str(jw, name, text != NULL ? text : otherwise);
}

void why_view_listener(struct jw *jw, const char *run_id, const struct frame *frame)
{
	struct buf id;
	buf_init(&id, 0); /* another one for each: one that has come already is dropped */
	buf_addf(&id, "%s:%s:%zu", run_id, frame->path, frame->listening->count);
	const struct ir_filter *filter = open_filter(frame);
	open_request(jw, "POST", "/api/v1/flow/events");
	jw_member_str(jw, "specversion", "1.0");
	add(jw, filter, "id", buf_text(&id));
	buf_fini(&id);
	add(jw, filter, "source", "urn:operator");
	add(jw, filter, "type", "example");
	close_request(jw);
}

static void open_at(struct jw *jw, const char *method, const char *before, const char *id, const char *after)
{
	struct buf path;
	buf_init(&path, 0);
	buf_addf(&path, "/api/v1/flow/%s/%s/%s", before, id, after);
	open_request(jw, method, buf_text(&path));
	buf_fini(&path);
}

void why_view_child(struct jw *jw, const struct frame *frame)
{
	const char *run_id = frame->request == NULL ? NULL : json_text(datum_tree(frame->request), "run_id");
	if (run_id == NULL)
		return;
	why_view_why(jw, run_id);
}

void why_view_why(struct jw *jw, const char *run_id)
{
	open_at(jw, "GET", "runs", run_id, "why");
	close_request(jw);
}

void why_view_breaker(struct jw *jw, const struct frame *frame)
{
	open_at(jw, "POST", "breakers", frame->held, "reset");
	close_request(jw);
}

void why_view_runs(struct jw *jw, const struct ir *ir)
{
	struct buf path;
	buf_init(&path, 0);
	buf_addf(&path, "/api/v1/flow/runs?workflow=%s/%s", ir->namespace, ir->name);
	open_request(jw, "GET", buf_text(&path));
	buf_fini(&path);
	close_request(jw);
}

/* The claim that would take the step's task. */
static void write_claim(struct jw *jw, const struct frame *frame)
{
	struct ask_work work;
	if (!ask_read_work(datum_tree(frame->request), &work, NULL))
		return;
	open_request(jw, "POST", "/api/v1/flow/work/claim");
	jw_member_str(jw, "queue", work.queue);
	jw_member_str(jw, "worker_id", "operator");
	close_request(jw);
}

/* The decision that the step waits for. */
static void write_decide(struct jw *jw, const char *run_id, const struct frame *frame)
{
	struct ask_person person;
	char sha256[SHA256_HEX_SIZE];
	if (!ask_read_person(datum_tree(frame->request), &person, NULL))
		return;
	persons_seal(person.content, NULL, sha256);
	open_at(jw, "POST", "runs", run_id, "countersign");
	jw_member_str(jw, "step", frame->path);
	jw_member_str(jw, "seal_sha256", sha256);
	jw_member_str(jw, "decision", "approve");
	jw_member_int(jw, "consent_version", person.consent_version > 0 ? person.consent_version : COUNTERSIGN_CONSENT);
	close_request(jw);
}

void why_view_ask(struct jw *jw, const char *run_id, const struct frame *frame)
{
	if (ask_is_work(frame->task))
		write_claim(jw, frame);
	else if (ask_is_person(frame->task))
		write_decide(jw, run_id, frame);
}

void why_view_skip(struct jw *jw, const char *run_id, const char *step)
{
	open_at(jw, "POST", "runs", run_id, "skip");
	jw_member_str(jw, "step", step);
	close_request(jw);
}

void why_view_patch(struct jw *jw, const char *run_id, const char *step, const struct json *definition)
{
	open_at(jw, "POST", "runs", run_id, "patch");
	jw_member_str(jw, "step", step);
	jw_key(jw, "definition");
	jw_json(jw, definition);
	close_request(jw);
}

void why_view_order(struct jw *jw, const char *run_id, const char *operation)
{
	open_at(jw, "POST", "runs", run_id, operation);
	close_request(jw);
}

int64_t why_view_micros(struct datum *halt, const char *name)
{
	const struct json *value = halt == NULL ? NULL : json_get(datum_tree(halt), name);
	return value != NULL && value->kind == JS_INT ? value->integer : 0;
}

void why_view_topup(struct jw *jw, const char *budget_id, int64_t lacks)
{
	char money[MONEY_TEXT];
	open_at(jw, "POST", "cost/budgets", budget_id, "topup");
	/* A little more than it lacks: one that is spent whole would halt the run again. */
	jw_member_str(jw, "amount", money_format(money, lacks > 0 ? lacks + 1 : 1));
	jw_member_str(jw, "reason", "a run waits for it");
	close_request(jw);
}
