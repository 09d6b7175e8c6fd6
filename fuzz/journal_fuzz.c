/*
 * Whatever the bytes, a row on each line: reading them back as a run's journal applies each row or refuses it; a row
 * that was read is written as it was, and no order of rows breaks the state.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/row.h"
#include "flow/domain/run.h"
#include "flow/domain/steps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool take(const char *line, size_t size, struct run *run)
{
	struct arena arena;
	struct err err;
	struct row row;
	const struct json *json;
	struct buf text;
	arena_init(&arena, 1 << 24);
	buf_init(&text, 0);
	bool good = json_parse(&arena, line, size, &datum_limits, &json, &err) && row_decode(json, &row, &err);
	if (good) {
		row_encode(&row, NULL, &text);
		must(buf_ok(&text));
		run_apply(run, &row, &err);
		row_fini(&row);
	}
	buf_fini(&text);
	arena_fini(&arena);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char definition[] =
		"{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"f\",\"name\":\"f\",\"version\":\"1.0.0\"},\"do\":[{\"a\":{"
		"\"set\":{\"x\":1}"
		"}},{\"l\":{\"for\":{\"in\":\".\"},\"do\":[{\"b\":{\"wait\":{\"seconds\":1}}}]}},{\"f\":{\"fork\":{"
		"\"branches\":[{\"x\":{"
		"\"set\":{\"y\":1}}},{\"z\":{\"do\":[{\"q\":{\"set\":{\"y\":1}}}]}}]}}},{\"t\":{\"try\":[{\"r\":{\"raise\":{"
		"\"error\":{"
		"\"type\":\"urn:x\",\"status\":500}}}}],\"catch\":{\"do\":[{\"h\":{\"set\":{\"k\":1}}}]}}},{\"e\":{\"listen\":{"
		"\"to\":{\"any\":[],"
		"\"until\":{\"one\":{\"with\":{\"type\":\"u\"}}}}},\"foreach\":{\"do\":[{\"i\":{\"wait\":{\"seconds\":1}}}]}}},"
		"{\"w\":{"
		"\"run\":{\"workflow\":{\"namespace\":\"n\",\"name\":\"n\"}}}}],\"use\":{\"extensions\":[{\"v\":{\"extend\":"
		"\"all\",\"when\":"
		"\"true\",\"before\":[{\"b1\":{\"wait\":{\"seconds\":1}}}],\"after\":[{\"a1\":{\"set\":{\"s\":1},\"then\":"
		"\"exit\"}}]}}]}}";
	static const struct ir_policy policy = {.shell = true};
	struct arena arena;
	struct ir_problems problems = {.count = 0};
	const struct json *json;
	arena_init(&arena, 1 << 24);
	must(json_parse(&arena, definition, sizeof definition - 1, &datum_limits, &json, NULL));
	const struct ir *ir = ir_compile(&arena, json, &policy, &problems);
	must(ir != NULL);
	struct run run;
	struct steps steps;
	run_init(&run, ir, "id", "1");
	steps_init(&steps);
	run.watch = steps_watch;
	run.watch_self = &steps;
	const char *at = (const char *)data, *end = at + size;
	while (at < end) {
		const char *line = memchr(at, '\n', (size_t)(end - at));
		const char *stop = line == NULL ? end : line;
		take(at, (size_t)(stop - at), &run);
		at = line == NULL ? end : line + 1;
	}
	steps_fini(&steps);
	run_fini(&run);
	arena_fini(&arena);
	return 0;
}
