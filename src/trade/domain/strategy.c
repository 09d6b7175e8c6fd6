#include "trade/domain/strategy.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/json.h"
#include "seal/calc.h"
#include "trade/domain/indicators_op.h"

static const char *const op_names[] = {"cross_above", "cross_below", "gt", "lt", "and", "or", "not", NULL};

struct written_rule {
	int op;
	const struct json *a, *b, *args;
};

static const struct field rule_fields[] = {
	F_ENUM(written_rule, op, op_names, REQUIRED, DOC("What to test")),
	F_JSON(written_rule, a, DOC("Operand: an indicator's id, id.output, open, high, low, close, or a number")),
	F_JSON(written_rule, b, DOC("Operand")),
	F_JSON(written_rule, args, DOC("Rules, of and, or, not")),
};
static const struct field_table rule_table = FIELD_TABLE("trade.backtest.rule", written_rule, rule_fields);

static bool is_price(const struct bars *bars, const char *name, struct operand *operand)
{
	const struct {
		const char *name;
		const double *values;
	} prices[] = {{"open", bars->open}, {"high", bars->high}, {"low", bars->low}, {"close", bars->close}};
	for (size_t i = 0; i < sizeof prices / sizeof *prices; i++)
		if (strcmp(prices[i].name, name) == 0) {
			*operand = (struct operand){.values = prices[i].values};
			return true;
		}
	return false;
}

/* Which output of the indicator does the name mean?  -1: none. */
static int output_of(const struct indicator_order *order, const char *name)
{
	size_t size = strlen(order->id);
	if (strncmp(name, order->id, size) != 0 || (name[size] != '\0' && name[size] != '.'))
		return -1;
	if (name[size] == '\0')
		return 0;
	for (int i = 0; i < INDICATOR_OUTPUTS && order->kind->outputs[i] != NULL; i++)
		if (strcmp(order->kind->outputs[i], name + size + 1) == 0)
			return i;
	return -1;
}

static bool is_indicator(const struct strategy_series *series, const char *name, struct operand *operand)
{
	static const double none;
	for (size_t i = 0; i < series->count; i++) {
		int output = output_of(&series->orders[i], name);
		if (output < 0)
			continue;
		const struct indicator_values *found = &series->values[i];
		*operand = (struct operand){.values = &none, .begin = SIZE_MAX}; /* too few bars: known nowhere */
		if (found->count > 0)
			*operand = (struct operand){.values = found->output[output], .begin = found->begin};
		return true;
	}
	return false;
}

static void read_operand(struct calc *calc, const struct json *json, const char *pointer, const char *member,
						 const struct strategy_series *series, struct operand *operand)
{
	const char *here = field_pointer(calc->arena, pointer, member);
	*operand = (struct operand){.number = NAN};
	if (json == NULL || json->kind == JS_NULL)
		calc_fault(calc, here, "required", "is required by a comparison");
	else if (json_numeric(json))
		operand->number = json_number(json);
	else if (json->kind != JS_STRING)
		calc_fault(calc, here, "type", "must be the id of an indicator, a price or a number");
	else if (!is_price(series->bars, json->text, operand) && !is_indicator(series, json->text, operand))
		calc_fault(calc, here, "enum",
				   "must be the id of an indicator of the strategy, id.output, open, high, low, close or a number");
}

static void refuse(struct calc *calc, const struct json *json, const char *pointer, const char *member, int op)
{
	if (json != NULL && json->kind != JS_NULL)
		calc_fault(calc, field_pointer(calc->arena, pointer, member), "unknown_field", "is no member of %s",
				   op_names[op]);
}

static void read_rule(struct calc *calc, const struct json *json, const char *pointer,
					  const struct strategy_series *series, struct rule *rule);

static void read_args(struct calc *calc, const struct json *args, const char *pointer,
					  const struct strategy_series *series, struct rule *rule)
{
	const char *here = field_pointer(calc->arena, pointer, "args");
	if (args == NULL || args->kind == JS_NULL) {
		calc_fault(calc, here, "required", "is required by and, or, not");
		return;
	}
	if (args->kind != JS_ARRAY) {
		calc_fault(calc, here, "type", "must be an array of rules");
		return;
	}
	if (args->count == 0 || (rule->op == RULE_NOT && args->count != 1))
		calc_fault(calc, here, "count", "must have %s", rule->op == RULE_NOT ? "one rule" : "at least one rule");
	rule->args = arena_array(calc->arena, args->count, sizeof *rule->args);
	rule->count = rule->args != NULL ? args->count : 0;
	for (size_t i = 0; i < rule->count; i++)
		read_rule(calc, &args->items[i], field_pointer_index(calc->arena, here, i), series, &rule->args[i]);
}

static void read_rule(struct calc *calc, const struct json *json, const char *pointer,
					  const struct strategy_series *series, struct rule *rule)
{
	struct written_rule written;
	*rule = (struct rule){.op = RULE_AND};
	if (json->kind != JS_OBJECT) {
		calc_fault(calc, pointer, "type", "must be a rule: an object with op");
		return;
	}
	if (!field_decode(&rule_table, json, &written, calc->arena, pointer, &calc->faults))
		return;
	rule->op = (enum rule_op)written.op;
	if (rule->op >= RULE_AND) {
		refuse(calc, written.a, pointer, "a", written.op);
		refuse(calc, written.b, pointer, "b", written.op);
		read_args(calc, written.args, pointer, series, rule);
		return;
	}
	refuse(calc, written.args, pointer, "args", written.op);
	read_operand(calc, written.a, pointer, "a", series, &rule->a);
	read_operand(calc, written.b, pointer, "b", series, &rule->b);
}

const struct rule *strategy_rule(struct calc *calc, const struct json *json, const char *pointer,
								 const struct strategy_series *series)
{
	if (json == NULL || json->kind == JS_NULL)
		return NULL;
	struct rule *rule = arena_alloc(calc->arena, sizeof *rule);
	if (rule != NULL)
		read_rule(calc, json, pointer, series, rule);
	return rule;
}

/* In this order `and` is the least of its arguments, `or` the greatest, `not` the mirror image. */
enum truth { NO, UNKNOWN, YES };

static double value_at(const struct operand *operand, size_t i)
{
	if (operand->values == NULL)
		return operand->number;
	return i >= operand->begin ? operand->values[i - operand->begin] : NAN;
}

static enum truth compare(const struct operand *greater, const struct operand *less, size_t i)
{
	double a = value_at(greater, i), b = value_at(less, i);
	if (isnan(a) || isnan(b))
		return UNKNOWN;
	return a > b ? YES : NO;
}

static enum truth cross(const struct operand *rising, const struct operand *falling, size_t i)
{
	if (i == 0)
		return UNKNOWN;
	enum truth before = compare(falling, rising, i - 1), now = compare(rising, falling, i);
	if (before == UNKNOWN || now == UNKNOWN)
		return UNKNOWN;
	return before == YES && now == YES ? YES : NO;
}

static enum truth judge(const struct rule *rule, size_t i);

static enum truth judge_all(const struct rule *rule, size_t i)
{
	enum truth truth = rule->op == RULE_AND ? YES : NO;
	for (size_t k = 0; k < rule->count; k++) {
		enum truth one = judge(&rule->args[k], i);
		if (rule->op == RULE_AND ? one < truth : one > truth)
			truth = one;
	}
	return truth;
}

static enum truth judge(const struct rule *rule, size_t i)
{
	switch (rule->op) {
	case RULE_CROSS_ABOVE:
		return cross(&rule->a, &rule->b, i);
	case RULE_CROSS_BELOW:
		return cross(&rule->b, &rule->a, i);
	case RULE_GT:
		return compare(&rule->a, &rule->b, i);
	case RULE_LT:
		return compare(&rule->b, &rule->a, i);
	case RULE_AND:
	case RULE_OR:
		return judge_all(rule, i);
	case RULE_NOT:
		return (enum truth)(YES - judge(&rule->args[0], i));
	}
	return UNKNOWN;
}

bool strategy_holds(const struct rule *rule, size_t i)
{
	return rule != NULL && judge(rule, i) == YES;
}
