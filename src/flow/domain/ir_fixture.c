#include "flow/domain/ir_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "seal/pack.h"

struct arena ir_arena;
struct ir_problems ir_found;
struct ir_policy ir_rules;

int ir_set_up(void **state)
{
	(void)state;
	arena_init(&ir_arena, 64 << 20);
	ir_rules = (struct ir_policy){.shell = true};
	return 0;
}

int ir_tear_down(void **state)
{
	(void)state;
	arena_fini(&ir_arena);
	return 0;
}

const struct ir *ir_text(const char *text)
{
	const struct json *json;
	struct yaml_fault fault = {.code = ""};
	if (!yaml_read(&ir_arena, text, strlen(text), &json, &fault))
		fail_msg("line %zu: %s in\n%s", fault.line, fault.message, text);
	return ir_compile(&ir_arena, json, &ir_rules, &ir_found);
}

const char *ir_all_problems(void)
{
	struct buf text;
	buf_init(&text, 0);
	for (size_t i = 0; i < ir_found.count; i++)
		buf_addf(&text, "%s%s %s", i == 0 ? "" : "; ", ir_found.items[i].pointer, ir_found.items[i].code);
	const char *copy = arena_dup(&ir_arena, buf_text(&text));
	buf_fini(&text);
	return copy;
}

const struct ir *ir_sound(const char *rest)
{
	const struct ir *ir = ir_text(arena_printf(&ir_arena, IR_DOCUMENT "%s", rest));
	if (ir == NULL)
		fail_msg("%s\nin\n%s", ir_all_problems(), rest);
	return ir;
}

void ir_refused(const char *rest, const char *expected)
{
	const struct ir *ir = ir_text(arena_printf(&ir_arena, IR_DOCUMENT "%s", rest));
	if (ir != NULL && *expected != '\0')
		fail_msg("taken, but should be: %s\nin\n%s", expected, rest);
	if (strcmp(ir_all_problems(), expected) != 0)
		fail_msg("got  %s\nwant %s\nin\n%s", ir_all_problems(), expected, rest);
}

const struct ir_task *ir_nth_task(const struct ir *ir, uint32_t i)
{
	assert_true(i < ir->root.block.count);
	return &ir->root.block.tasks[i];
}
