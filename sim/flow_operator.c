#include "sim/flow_operator.h"

#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "flow/domain/datum.h"
#include "flow/story.h"
#include "sim/flow_net.h"
#include "sim/flow_record.h"

enum { PATIENCE = 3 }; /* orders for one step that may leave it at fault again */

static const struct json *numbered(struct arena *arena, uint64_t n)
{
	const struct json *value;
	struct err err;
	const char *text = arena_printf(arena, "{\"n\":%u}", (unsigned)(n % 50));
	must(text != NULL && json_parse(arena, text, strlen(text), &datum_limits, &value, &err));
	return value;
}

static uint64_t orders_so_far(const struct sim_record *record, const char *path)
{
	uint64_t count = 0;
	for (size_t i = 0; i < record->redos_count; i++)
		count += record->redos[i].ordered && strcmp(record->redos[i].path, path) == 0;
	return count;
}

/* The step that the engine itself would retry. */
static const struct step *at_fault(const struct story *story)
{
	const struct control retry = {.kind = CONTROL_RETRY, .repeat_effects = true};
	struct control_plan plan;
	return control_plan(&story->run, &story->steps, &retry, &plan) == CONTROL_FINE ? plan.step : NULL;
}

bool operator_decides(const struct story *story, const struct sim_record *record, uint64_t seed, struct arena *arena,
					  struct control *control)
{
	const struct step *step = story->run.status == RUN_FAULTED ? at_fault(story) : NULL;
	if (step == NULL)
		return false;
	uint64_t so_far = orders_so_far(record, step->path);
	uint64_t hash = mix(mix(seed ^ MIX_NOTHING, step->path, strlen(step->path)), &so_far, sizeof so_far) >> 16;
	*control = (struct control){.step = step->path, .reason = "simulated"};
	if (so_far < PATIENCE)
		control->kind = hash % 3 == 0 ? CONTROL_PATCH_INPUT : CONTROL_RETRY;
	else
		control->kind = hash % 2 == 0 ? CONTROL_PATCH_OUTPUT : CONTROL_SKIP;
	if (control->kind != CONTROL_RETRY)
		control->value = numbered(arena, hash / 6);
	return true;
}
