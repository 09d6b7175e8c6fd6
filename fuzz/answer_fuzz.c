/*
 * What models answer: the body of an answer, as one object or as a stream of events, and the text in it that is to be a
 * plan [flow.md 2.7, 8].  The first byte says which, and whether the plan is of a node that is there.
 * Whatever is taken keeps the rules for plans that people bring: no more nodes than may be, each behind one parent that
 * is there, dependencies between such nodes; the same text gives the same seal.  What is refused says why. Answers that
 * are libraries are the target `htn`: their conditions need helpers.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/must.h"
#include "flow/domain/datum.h"
#include "flow/domain/llm_call.h"
#include "flow/domain/plan.h"
#include "flow/domain/trouble.h"
#include "flow/planner_llm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NODES = 64, DEPTH = 8, ARENA = 64 << 20 };
enum { STREAM = 1, BELOW = 2 }; /* bits of the first byte */

static bool taken(void *self, const char *node_id)
{
	(void)self;
	return strcmp(node_id, "taken") == 0;
}

static bool is_library(struct arena *arena, const char *text)
{
	static const struct json_limits limits = {.depth = 32, .values = 5000000};
	const char *from = strchr(text, '{'), *to = strrchr(text, '}');
	const struct json *json;
	return from != NULL && to != NULL && to > from &&
		   json_parse(arena, from, (size_t)(to - from) + 1, &limits, &json, NULL) &&
		   (json_get(json, "methods") != NULL || json_get(json, "operators") != NULL);
}

static bool has(const struct task_nodes *nodes, const struct task_node *below, const char *node_id)
{
	bool is = below != NULL && strcmp(below->node_id, node_id) == 0;
	for (size_t i = 0; i < nodes->count && !is; i++)
		is = strcmp(nodes->items[i].node_id, node_id) == 0;
	return is;
}

static void look_at_plan(const struct planner_result *result, const struct task_node *below)
{
	size_t roots = 0;
	must(result->nodes.count <= NODES && strlen(result->plan_sha256) == 64);
	for (size_t i = 0; i < result->nodes.count; i++) {
		const struct task_node *node = &result->nodes.items[i];
		roots += node->parent_id == NULL;
		must(!taken(NULL, node->node_id));
		must(node->parent_id == NULL || has(&result->nodes, below, node->parent_id));
	}
	must(roots == (below == NULL ? 1 : 0));
	for (size_t i = 0; i < result->dependencies.count; i++) {
		must(has(&result->nodes, below, result->dependencies.items[i].from));
		must(has(&result->nodes, below, result->dependencies.items[i].to));
	}
}

static bool read_plan(struct arena *arena, const char *text, const struct task_node *below, char sha256[65])
{
	const struct planner_request request = {.task = "goal",
											.node = below,
											.depth = below != NULL ? 1 : 0,
											.depth_max = DEPTH,
											.nodes_max = NODES,
											.taken = taken};
	struct planner_result result;
	struct faults faults;
	struct err err = {.kind = ERR_NONE};
	const char *library;
	faults_init(&faults, arena);
	bool read = planner_llm_read(arena, &request, text, &result, &library, &faults, &err);
	if (read && !arena->full) {
		must(faults.count == 0);
		look_at_plan(&result, below);
		strcpy(sha256, result.plan_sha256);
	} else {
		must(faults.count > 0 || err.kind == ERR_LIMIT || arena->full);
		strcpy(sha256, "");
	}
	return read;
}

static void read_text(const char *text, bool in_node)
{
	static const struct task_node node = {.node_id = "n", .name = "n"};
	const struct task_node *below = in_node ? &node : NULL;
	char sha256[2][65];
	bool is_plan[2];
	struct arena arena;
	arena_init(&arena, ARENA);
	bool library = is_library(&arena, text);
	arena_fini(&arena);
	for (int i = 0; i < 2 && !library; i++) {
		arena_init(&arena, ARENA);
		is_plan[i] = read_plan(&arena, text, below, sha256[i]);
		arena_fini(&arena);
	}
	must(library || (is_plan[0] == is_plan[1] && strcmp(sha256[0], sha256[1]) == 0));
}

/* As a task has it: its output is whole, and the text in it is read as the planner reads it. */
static void read_body(const char *body, size_t size, bool stream, bool in_node)
{
	struct llm_answer answer;
	struct trouble trouble = {0};
	if (!llm_answer_read(stream ? "text/event-stream" : "application/json", body, size, &answer, &trouble)) {
		must(trouble.title[0] != '\0');
		return;
	}
	struct datum *output = llm_answer_output(&answer, 0, false);
	const char *text = json_text(datum_tree(output), "text");
	must(json_get(datum_tree(output), "message") != NULL);
	for (int i = 0; i < PRICE_KINDS; i++)
		must(answer.tokens.n[i] >= 0);
	if (text != NULL)
		read_text(text, in_node);
	datum_unref(output);
	llm_answer_fini(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text;
	if (size < 2 || (text = strndup((const char *)data + 1, size - 1)) == NULL)
		return 0;
	read_text(text, (data[0] & BELOW) != 0);
	read_body((const char *)data + 1, size - 1, (data[0] & STREAM) != 0, (data[0] & BELOW) != 0);
	free(text);
	return 0;
}
