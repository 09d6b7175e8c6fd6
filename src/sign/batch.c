#include "sign/batch.h"

#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/problem.h"

struct answering {
	struct batch *batch;
	const struct json *id, *body;
	const struct op *op;
	struct op_answer answer;
	struct faults faults;
	struct err err;
};

void batch_init(struct batch *batch, const struct op *const *ops, size_t count, const struct op_context *context)
{
	*batch = (struct batch){.ops = ops, .count = count, .context = *context};
	arena_init(&batch->arena, ARENA_REQUEST_CAP);
}

void batch_fini(struct batch *batch)
{
	arena_fini(&batch->arena);
}

static bool read_line(struct answering *a, const char *line, size_t size)
{
	const struct json_limits limits = {json_body_limits.depth + 1, json_body_limits.values + 8};
	const struct json *json;
	if (size > BATCH_LINE_MAX)
		return err_set(&a->err, ERR_BODY_TOO_LARGE, "A line has at most %d bytes.", BATCH_LINE_MAX);
	if (!json_parse(&a->batch->arena, line, size, &limits, &json, &a->err))
		return false;
	if (json->kind != JS_OBJECT) {
		faults_add(&a->faults, "", "type", "must be an object");
		return false;
	}
	a->id = json_get(json, "id");
	a->body = json_get(json, "body");
	const char *name = json_text(json, "op");
	a->op = name != NULL ? op_find(a->batch->ops, a->batch->count, name) : NULL;
	if (a->id != NULL && a->id->kind != JS_STRING && !json_numeric(a->id)) {
		a->id = NULL;
		faults_add(&a->faults, "/id", "type", "must be a text or a number");
	}
	if (json_get(json, "op") == NULL)
		faults_add(&a->faults, "/op", "required", "is required");
	else if (a->op == NULL)
		faults_add(&a->faults, "/op", "enum", "is no operation of a batch");
	if (a->body == NULL)
		faults_add(&a->faults, "/body", "required", "is required");
	for (uint32_t i = 0; i < json->count; i++)
		if (&json->members[i].value != json_get(json, "op") && &json->members[i].value != a->body &&
			&json->members[i].value != json_get(json, "id"))
			faults_add(&a->faults, "", "unknown_field", "has a member that is none of id, op and body");
	return a->faults.count == 0;
}

static bool decide(struct answering *a)
{
	struct op_context context = a->batch->context;
	context.envelope.route = a->op->path;
	if (a->op->memory_max > a->batch->arena.cap)
		a->batch->arena.cap = a->op->memory_max;
	return op_run(a->op, &context, a->body, &a->batch->arena, &a->answer, &a->faults, &a->err);
}

static enum err_kind kind_of(const struct answering *a)
{
	return a->faults.count > 0 ? ERR_INVALID : a->err.kind;
}

static void write_problem(const struct answering *a, struct jw *jw)
{
	struct problem problem = problem_of(&a->err, &a->faults);
	problem.kind = kind_of(a);
	problem.timestamp = a->batch->context.envelope.timestamp;
	problem.version = a->batch->context.envelope.version;
	problem.git_sha = a->batch->context.envelope.git_sha;
	problem.route = a->op != NULL ? a->op->path : NULL;
	problem_write(jw, &problem);
}

void batch_line(struct batch *batch, const char *line, size_t size, struct buf *out)
{
	struct answering a = {.batch = batch, .err = {.kind = ERR_INVALID}};
	struct jw jw;
	arena_reset(&batch->arena);
	batch->arena.cap = ARENA_REQUEST_CAP;
	faults_init(&a.faults, &batch->arena);
	bool good = read_line(&a, line, size) && decide(&a);
	buf_reset(out);
	jw_init(&jw, out);
	jw_object(&jw);
	jw_key(&jw, "id");
	jw_json(&jw, a.id);
	jw_member_int(&jw, "status", good ? 200 : err_status(kind_of(&a)));
	jw_key(&jw, "envelope");
	if (good)
		jw_raw(&jw, a.answer.envelope, a.answer.envelope_size);
	else
		write_problem(&a, &jw);
	jw_object_end(&jw);
	buf_addc(out, '\n');
}
