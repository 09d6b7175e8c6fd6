/*
 * Whatever the bytes: a definition compiles, or is told to have problems, each with a place and a code, in the order
 * of the text; compiling it twice gives the same; and little memory shows as a full arena and as nothing else.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/must.h"
#include "flow/domain/ir.h"
#include "seal/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *check_expression(void *context, const struct ir_slot *slot, const char *text, size_t size,
									const char **message, struct arena *arena)
{
	(void)context;
	(void)arena;
	must(slot->pointer != NULL && slot->value.source != NULL);
	*message = "has a tilde";
	return size > 0 && memchr(text, '~', size) != NULL ? "expression_syntax" : NULL;
}

static bool op_known(void *context, const char *name, bool *effect)
{
	(void)context;
	*effect = name[0] == 't';
	return strchr(name, '.') != NULL;
}

static void check_tree(const struct ir *ir)
{
	must(ir->namespace != NULL && ir->name != NULL && ir->version != NULL);
	for (size_t i = 0; i < ir->values_count; i++)
		must(ir->values[i].value.number == i && ir->values[i].value.mode != IR_LITERAL);
	for (size_t i = 1; i < ir->features_count; i++)
		must(strcmp(ir->features[i - 1], ir->features[i]) < 0);
}

static void check_problems(const struct ir_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++) {
		must(problems->items[i].code[0] != '\0' && problems->items[i].message[0] != '\0');
		must(problems->items[i].pointer[0] == '\0' || problems->items[i].pointer[0] == '/');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const scripts[] = {"js", NULL};
	const struct ir_policy policy = {
		.shell = size % 2 == 0, .scripts = scripts, .op_known = op_known, .expression = check_expression};
	struct arena arena, small;
	struct ir_problems problems, again;
	struct yaml_fault fault;
	const struct json *json;
	arena_init(&arena, 64 << 20);
	arena_init(&small, size * 16);
	if (yaml_read(&arena, (const char *)data, size, &json, &fault)) {
		const struct ir *ir = ir_compile(&arena, json, &policy, &problems);
		must((ir != NULL) == (problems.count == 0) || arena.full);
		check_problems(&problems);
		if (ir != NULL)
			check_tree(ir);
		const struct ir *other = ir_compile(&small, json, &policy, &again);
		must(small.full ? other == NULL : (other != NULL) == (ir != NULL) && again.count == problems.count);
	}
	arena_fini(&small);
	arena_fini(&arena);
	return 0;
}
