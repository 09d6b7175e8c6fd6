#include "flow/why_events.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/json.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/listening.h"
#include "flow/domain/run.h"

enum {
	FILTERS_MAX = 8, /* that are told */
	VALUE_MAX = 200, /* bytes of one that is told */
};

static void add_value(struct buf *text, const struct json *value)
{
	struct datum *datum = datum_json(value);
	size_t size;
	const char *bytes = value->kind == JS_STRING ? value->text : datum_bytes(datum, &size);
	buf_adds(text, strlen(bytes) > VALUE_MAX ? "…" : bytes);
	datum_unref(datum);
}

/* "type order.paid, source ${ … }"; what its correlations are bound to. */
static void add_filter(struct buf *text, const struct ir_filter *filter, const struct listening *listening)
{
	const struct json *keys = listening->keys == NULL ? NULL : datum_tree(listening->keys);
	for (uint32_t i = 0; i < filter->with->count; i++) {
		buf_addf(text, "%s%s ", i == 0 ? "" : ", ", filter->with->members[i].name);
		add_value(text, &filter->with->members[i].value);
	}
	for (size_t i = 0; i < filter->correlate_count; i++) {
		const struct json *bound = keys == NULL ? NULL : json_get(keys, filter->correlate[i].name);
		buf_addf(text, "%scorrelation %s", filter->with->count + i == 0 ? "" : ", ", filter->correlate[i].name);
		if (bound == NULL)
			bound = filter->correlate[i].expect.source;
		if (bound == NULL)
			continue;
		buf_adds(text, " = ");
		add_value(text, bound);
	}
}

/* What its listening ends with, where no event that it takes does that by itself. */
static void add_end(struct buf *text, const struct ir_strategy *to, const struct listening *listening)
{
	if (to->until.source != NULL) {
		buf_adds(text, ", until ");
		add_value(text, to->until.source);
	}
	for (size_t i = 0; to->until_events != NULL && i < to->until_events->count && i < FILTERS_MAX; i++) {
		buf_adds(text, i == 0 ? ", until " : "; ");
		add_filter(text, &to->until_events->filters[i], listening);
	}
}

const char *why_events(struct arena *arena, const struct frame *listener)
{
	static const char *const beginnings[] = {[IR_ONE] = "It listens for an event: ",
											 [IR_ANY] = "It listens for any of these events: ",
											 [IR_ALL] = "It listens for all of these events that have not come: "};
	const struct ir_strategy *to = &listener->task->listen.to;
	const struct listening *listening = listener->listening;
	struct buf text;
	size_t told = 0;
	if (listening == NULL)
		return "It listens for an event.";
	buf_init(&text, 0);
	buf_adds(&text, to->count == 0 ? "It listens for every event" : beginnings[to->consume]);
	for (size_t i = 0; i < to->count && told < FILTERS_MAX; i++) {
		if (to->consume == IR_ALL && listening->filled[i])
			continue;
		buf_adds(&text, told++ == 0 ? "" : "; ");
		add_filter(&text, &to->filters[i], listening);
	}
	add_end(&text, to, listening);
	const char *detail = arena_printf(arena, "%s%s.", buf_text(&text), told == FILTERS_MAX ? "; …" : "");
	buf_fini(&text);
	return detail;
}
