#include "flow/domain/ir_find.h"

#include <string.h>

#include "flow/domain/ir.h"

size_t ir_blocks(const struct ir_task *task, const struct ir_block *blocks[2])
{
	switch (task->type) {
	case IR_DO:
		blocks[0] = &task->block;
		return 1;
	case IR_FOR:
		blocks[0] = &task->for_.block;
		return 1;
	case IR_FORK:
		blocks[0] = &task->fork.branches;
		return 1;
	case IR_LISTEN:
		blocks[0] = &task->listen.block;
		return 1;
	case IR_TRY:
		blocks[0] = &task->try_.block;
		blocks[1] = &task->try_.catch_do;
		return 2;
	default:
		return 0;
	}
}

static const struct ir_task *below(const struct ir_task *task, const char *rest);

/* `rest`: what follows the reference of what the task stands in. */
static const struct ir_task *at(const struct ir_task *task, const char *rest)
{
	size_t size = strlen(task->segment);
	if (strncmp(rest, task->segment, size) != 0 || (rest[size] != '\0' && rest[size] != '/'))
		return NULL;
	return rest[size] == '\0' ? task : below(task, rest + size);
}

static const struct ir_task *in_block(const struct ir_block *block, const char *rest)
{
	const struct ir_task *found = NULL;
	for (uint32_t i = 0; found == NULL && i < block->count; i++)
		found = at(&block->tasks[i], rest);
	return found;
}

static const struct ir_task *in_steps(const struct ir_task *task, const char *rest)
{
	const struct ir_task *found = NULL;
	for (size_t i = 0; found == NULL && i < task->dag.count; i++)
		found = at(&task->dag.steps[i].task, rest);
	return found;
}

static const struct ir_task *below(const struct ir_task *task, const char *rest)
{
	const struct ir_block *blocks[2];
	const struct ir_task *found = task->type == IR_DAG_STEPS ? in_steps(task, rest) : NULL;
	size_t count = ir_blocks(task, blocks);
	for (size_t i = 0; found == NULL && i < count; i++)
		found = in_block(blocks[i], rest);
	for (size_t i = 0; found == NULL && task->extensions != NULL && task->extensions[i] != NULL; i++) {
		found = in_block(&task->extensions[i]->before, rest);
		if (found == NULL)
			found = in_block(&task->extensions[i]->after, rest);
	}
	if (found == NULL && task->type == IR_CALL && task->call.callee == IR_FUNCTION && task->call.function != NULL)
		found = below(task->call.function, rest);
	return found;
}

const struct ir_task *ir_find(const struct ir *ir, const char *reference)
{
	return at(&ir->root, reference);
}
