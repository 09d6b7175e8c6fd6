#include "seal/op.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/field.h"
#include "core/jw.h"
#include "core/num.h"
#include "crypt/digest.h"
#include "seal/calc.h"
#include "seal/envelope.h"
#include "seal/pack.h"

const struct op *op_find(const struct op *const *ops, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(ops[i]->name, name) == 0)
			return ops[i];
	return NULL;
}

/* What one answer is made from. */
struct run {
	const struct op *op;
	const struct op_context *context;
	struct calc calc;
	void *input, *output;
	struct op_answer *answer;
};

void op_check_pins(const struct packs *packs, const struct json *pins, struct arena *arena, struct faults *faults)
{
	if (pins == NULL)
		return;
	if (pins->kind != JS_OBJECT)
		faults_add(faults, "/packs", "type", "must be an object of versions by pack name");
	for (uint32_t i = 0; pins->kind == JS_OBJECT && i < pins->count; i++)
		if (pins->members[i].value.kind != JS_STRING)
			faults_add(faults, field_pointer(arena, "/packs", pins->members[i].name), "type",
					   "must be a version like \"v1\"");
		else if (packs != NULL && packs_find(packs, pins->members[i].name, NULL, NULL) == NULL)
			faults_add(faults, field_pointer(arena, "/packs", pins->members[i].name), "unknown_field",
					   "is no pack that is installed here");
}

static void check_pins(struct run *run)
{
	op_check_pins(run->calc.packs, run->calc.pins, run->calc.arena, &run->calc.faults);
	if (run->calc.pins != NULL && run->calc.pins->kind != JS_OBJECT)
		run->calc.pins = NULL;
}

/* A version that nobody has is refused, also of a pack that this question does not need: it would pin nothing. */
static bool pins_known(struct run *run)
{
	const struct json *pins = run->calc.pins;
	for (uint32_t i = 0; pins != NULL && run->calc.packs != NULL && !run->calc.preview && i < pins->count; i++) {
		const char *name = pins->members[i].name, *version = json_text(pins, name);
		if (packs_find(run->calc.packs, name, version, NULL) == NULL)
			return calc_pack_version(&run->calc, name, version, NULL) != NULL;
	}
	return true;
}

static bool named_before(const struct fault *first, const struct fault *fault)
{
	for (; first != fault; first = first->next)
		if (strcmp(first->pointer, fault->pointer) == 0)
			return true;
	return false;
}

/* What check finds, less what decoding said of the same members: a member is named once. */
static void check_whole(struct run *run)
{
	struct faults *faults = &run->calc.faults;
	struct fault **at = faults->end;
	if (run->op->check == NULL || run->calc.arena->full)
		return;
	bool decoded = faults->count == 0;
	run->op->check(&run->calc, run->input);
	while (!decoded && *at != NULL) {
		if (named_before(faults->first, *at)) {
			*at = (*at)->next;
			faults->count--;
		} else {
			at = &(*at)->next;
		}
	}
	faults->end = decoded ? faults->end : at;
}

static bool decode(struct run *run, const struct json *body)
{
	const struct op *op = run->op;
	struct arena *arena = run->calc.arena;
	run->input = arena_alloc(arena, op->input->size);
	run->output = arena_alloc(arena, op->output->size);
	if (run->input == NULL || run->output == NULL)
		return err_set(&run->calc.err, ERR_LIMIT, "the input needs more memory than one request may use");
	field_defaults(op->output, run->output);
	run->calc.pins = field_find(op->input, "packs") != NULL ? json_get(body, "packs") : run->context->pins;
	const struct json *preview = json_get(body, "preview");
	run->calc.preview = preview != NULL && preview->kind == JS_BOOL && preview->boolean;
	field_decode(op->input, body, run->input, arena, "", &run->calc.faults);
	check_pins(run);
	check_whole(run);
	if (run->calc.faults.count > 0 || !pins_known(run))
		return false;
	if (op->complete != NULL)
		op->complete(run->input, arena);
	return true;
}

/* Text of a builder, in the arena.  NULL when the writer failed or the arena is full. */
static const char *keep(struct arena *arena, struct jw *jw)
{
	const char *text = jw_ok(jw) ? arena_dupn(arena, buf_text(jw->buf), jw->buf->size) : NULL;
	buf_reset(jw->buf);
	return text;
}

static void write_pack_hashes(struct jw *jw, const struct calc *calc)
{
	const struct pack *sorted[CALC_PACKS_MAX];
	for (size_t i = 0; i < calc->used_count; i++) {
		size_t at = i;
		for (; at > 0 && strcmp(sorted[at - 1]->name, calc->used[i]->name) > 0; at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = calc->used[i];
	}
	jw_object(jw);
	for (size_t i = 0; i < calc->used_count; i++)
		jw_member_str(jw, sorted[i]->name, sorted[i]->sha256);
	jw_object_end(jw);
}

/* [P-6.2] The canonical inputs and packs, and their hash.  Known before the result, which may quote it. */
static bool seal_inputs(struct run *run, struct buf *buf)
{
	struct op_answer *answer = run->answer;
	struct arena *arena = run->calc.arena;
	struct jw jw;
	jw_init(&jw, buf);
	field_write(&jw, run->op->input, run->input, FIELD_INPUTS | FIELD_CANONICAL);
	answer->inputs = keep(arena, &jw);
	jw_init(&jw, buf);
	write_pack_hashes(&jw, &run->calc);
	answer->packs = keep(arena, &jw);
	if (answer->inputs == NULL || answer->packs == NULL)
		return err_set(&run->calc.err, ERR_LIMIT, "no memory to seal the inputs");
	buf_addf(buf, "{\"inputs\":%s,\"operation\":\"%s\",\"packs\":%s}", answer->inputs, run->op->name, answer->packs);
	sha256_hex(buf_text(buf), buf->size, answer->inputs_sha256);
	bool whole = buf_ok(buf);
	buf_reset(buf);
	return whole || err_set(&run->calc.err, ERR_LIMIT, "no memory to seal the inputs");
}

/* [P-6.2] [P-6.4] The canonical result, its hash, and the seal over both. */
static bool seal_result(struct run *run, struct buf *buf)
{
	struct op_answer *answer = run->answer;
	struct jw jw;
	if (run->op->finish != NULL && !answer->abstained)
		run->op->finish(run->output, run->calc.arena, answer->inputs_sha256);
	jw_init(&jw, buf);
	if (answer->abstained)
		jw_null(&jw);
	else
		field_write(&jw, run->op->output, run->output, FIELD_RESULT | FIELD_CANONICAL);
	answer->result = keep(run->calc.arena, &jw);
	if (answer->result == NULL)
		return err_set(&run->calc.err, ERR_INTERNAL, "%s gave a result that cannot be written", run->op->name);
	sha256_hex(answer->result, strlen(answer->result), answer->content_sha256);
	buf_addf(buf, "{\"content_sha256\":\"%s\",\"inputs_sha256\":\"%s\",\"operation\":\"%s\"}", answer->content_sha256,
			 answer->inputs_sha256, run->op->name);
	sha256_hex(buf_text(buf), buf->size, answer->seal_sha256);
	bool whole = buf_ok(buf);
	buf_reset(buf);
	return whole || err_set(&run->calc.err, ERR_LIMIT, "no memory to seal the result");
}

static bool write_envelope(struct run *run, struct buf *buf)
{
	struct op_answer *answer = run->answer;
	const struct envelope envelope = {
		.result_table = answer->abstained ? NULL : run->op->output,
		.result = run->output,
		.calc = &run->calc,
		.inputs_table = run->op->input,
		.inputs = run->input,
		.confidence = answer->confidence,
		.content_sha256 = answer->content_sha256,
		.inputs_sha256 = answer->inputs_sha256,
		.context = &run->context->envelope,
	};
	struct jw jw;
	jw_init(&jw, buf);
	envelope_write(&jw, &envelope);
	answer->envelope_size = buf->size;
	answer->envelope = keep(run->calc.arena, &jw);
	return answer->envelope != NULL || err_set(&run->calc.err, ERR_LIMIT, "no memory to write the answer");
}

static bool decide(struct run *run, const struct json *body)
{
	if (!decode(run, body) || !run->op->run(&run->calc, run->input, run->output))
		return false;
	if (run->calc.arena->full)
		return err_set(&run->calc.err, ERR_LIMIT, "the calculation needs more memory than one request may use");
	run->answer->abstained = calc_abstained(&run->calc);
	run->answer->confidence = num_round(calc_confidence(&run->calc), 3);
	run->answer->attached_type = run->calc.attached_type;
	run->answer->attached = run->calc.attached;
	run->answer->attached_size = run->calc.attached_size;
	return true;
}

bool op_run(const struct op *op, const struct op_context *context, const struct json *body, struct arena *arena,
			struct op_answer *answer, struct faults *faults, struct err *err)
{
	struct run run = {.op = op, .context = context, .answer = answer};
	*answer = (struct op_answer){0};
	calc_init(&run.calc, arena, context->packs);
	run.calc.exprs = context->exprs;
	struct buf buf;
	buf_init(&buf, 0);
	bool done = decide(&run, body) && seal_inputs(&run, &buf) && seal_result(&run, &buf) && write_envelope(&run, &buf);
	buf_fini(&buf);
	*faults = run.calc.faults;
	if (faults->first == NULL)
		faults->end = &faults->first;
	if (!done && faults->count == 0 && err != NULL)
		*err = run.calc.err;
	return done;
}
