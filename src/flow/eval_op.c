#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "expr/expr.h"
#include "flow/domain/ops.h"
#include "flow/domain/trouble.h"
#include "seal/calc.h"

/* [flow 12] flow.eval: one expression as a definition would have it. */

struct eval_request {
	const char *expression;
	const struct json *input, *variables;
};

static const struct field request_fields[] = {
	F_STR(eval_request, expression, REQUIRED, LENGTH(1, 65536), DOC("jq, with or without ${ }")),
	F_JSON(eval_request, input, NULLABLE, USER_DATA, DOC("What `.` and $input are; any JSON")),
	F_JSON(eval_request, variables, NULLABLE, USER_DATA,
		   DOC("An object: each member is the variable of its name; `now` is 1970 here")),
};
static const struct field_table request_table = FIELD_TABLE("flow.eval.request", eval_request, request_fields);

struct eval_error {
	const char *type, *title, *detail, *code;
	int64_t status;
};

static const struct field error_fields[] = {
	F_STR(eval_error, type, DOC("The type of a run's error")),
	F_INT(eval_error, status, DOC("400")),
	F_STR(eval_error, title, DOC("Expression failed, Expression limit, or Expression refused")),
	F_STR(eval_error, detail, DOC("What jq says, or which limit was passed")),
	F_STR(eval_error, code, LEFT_OUT, NULLABLE, DOC("expression_syntax or expression_forbidden")),
};
static const struct field_table error_table = FIELD_TABLE("flow.eval.error", eval_error, error_fields);

struct eval_result {
	const struct json *value;
	struct eval_error *error;
};

static const struct field result_fields[] = {
	F_JSON(eval_result, value, LEFT_OUT, NULLABLE, USER_DATA, DOC("Its first result; null when it has none")),
	F_OBJECT_PTR(eval_result, error, &error_table, LEFT_OUT, NULLABLE, DOC("Why there is no value")),
};
static const struct field_table result_table = FIELD_TABLE("flow.eval.result", eval_result, result_fields);

static bool beyond(const struct json *json)
{
	bool found = json->kind == JS_INT && (json->integer > INT64_C(1) << 53 || json->integer < -(INT64_C(1) << 53));
	for (uint32_t i = 0; !found && json->kind == JS_ARRAY && i < json->count; i++)
		found = beyond(&json->items[i]);
	for (uint32_t i = 0; !found && json->kind == JS_OBJECT && i < json->count; i++)
		found = beyond(&json->members[i].value);
	return found;
}

static void warn(struct calc *calc, const struct json *json, const char *pointer)
{
	if (json != NULL && beyond(json))
		calc_warn(calc, "integer_as_text", pointer, "an integer beyond 2^53 is sealed as text");
}

/* The book, its one expression and the arguments. */
struct evaluation {
	struct expr_book *book;
	const struct expr *expr;
	const struct json *args[EXPR_ARGS_MAX];
};

static bool bind(struct calc *calc, const struct eval_request *request, struct evaluation *e)
{
	const struct json *variables = request->variables;
	e->args[EXPR_IN] = e->args[EXPR_INPUT] = request->input;
	if (variables != NULL && variables->kind != JS_OBJECT) {
		calc_fault(calc, "/variables", "type", "must be an object");
		return false;
	}
	for (uint32_t i = 0; variables != NULL && i < variables->count; i++) {
		unsigned at = expr_book_variable(e->book, variables->members[i].name);
		if (at == EXPR_ARGS_MAX) {
			calc_fault(calc, "/variables", "count", "must have at most %d members", EXPR_ARGS_MAX - EXPR_ARGS);
			return false;
		}
		if (at != EXPR_IN) /* $IN is `.` */
			e->args[at] = &variables->members[i].value;
	}
	return true;
}

static bool refuse(struct calc *calc, struct eval_result *result, const struct eval_error *error)
{
	struct eval_error *kept = arena_new(calc->arena, struct eval_error);
	if (kept == NULL)
		return false;
	*kept = *error;
	kept->type = TROUBLE_BASE "expression";
	kept->status = 400;
	result->error = kept;
	return true;
}

static bool tell(struct calc *calc, struct eval_result *result, const struct err *err)
{
	if (err->kind != ERR_EXPRESSION && err->kind != ERR_EXPRESSION_LIMIT) {
		calc->err = *err;
		return false;
	}
	return refuse(calc, result,
				  &(struct eval_error){.title = err_title(err->kind), .detail = arena_dup(calc->arena, err->message)});
}

static bool answer(struct calc *calc, const struct eval_request *request, struct evaluation *e,
				   struct eval_result *result)
{
	struct faults faults;
	struct err err = {.kind = ERR_INTERNAL};
	struct json text = {.kind = JS_STRING, .text = request->expression, .size = strlen(request->expression)};
	faults_init(&faults, calc->arena);
	e->expr = expr_book_add(e->book, "/expression", &text, EXPR_BARE);
	if (e->expr == NULL)
		return err_set(&calc->err, ERR_LIMIT, "no memory for the expression");
	if (!expr_book_seal(e->book, calc->exprs, &faults, &err)) {
		if (faults.first == NULL)
			return tell(calc, result, &err);
		return refuse(calc, result,
					  &(struct eval_error){
						  .title = "Expression refused", .detail = faults.first->message, .code = faults.first->code});
	}
	const struct json *value;
	const struct expr_input input = {.args = e->args, .count = EXPR_ARGS_MAX};
	if (!expr_eval(calc->exprs, e->expr, &input, calc->arena, &value, &err))
		return tell(calc, result, &err);
	result->value = json_dup(calc->arena, value);
	warn(calc, result->value, "/result/value");
	return true;
}

static bool run(struct calc *calc, const void *input, void *output)
{
	const struct eval_request *request = input;
	struct evaluation *e = arena_new(calc->arena, struct evaluation);
	if (calc->exprs == NULL)
		return err_set(&calc->err, ERR_UNAVAILABLE, "no expressions can be evaluated here");
	if (e == NULL || (e->book = expr_book_new()) == NULL)
		return err_set(&calc->err, ERR_LIMIT, "no memory for the expression");
	warn(calc, request->input, "/input");
	warn(calc, request->variables, "/variables");
	bool done = bind(calc, request, e) && answer(calc, request, e, output);
	expr_book_free(e->book);
	return done;
}

const struct op flow_eval_op = {
	.name = "flow.eval",
	.path = "/api/v1/flow/eval",
	.summary = "Evaluate one expression as a workflow would",
	.doc =
		"jq 1.6 as workflow definitions have it: the first result, or null; a failure is the error a run would have.",
	.input = &request_table,
	.output = &result_table,
	.run = run,
	.example = "{\"expression\": \"${ .items | map(.price) | add }\", \"input\": {\"items\": [{\"price\": 2}]}}",
	.body_max = 1 << 20,
};
