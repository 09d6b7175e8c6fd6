/*
 * Whatever the bytes: up to the first NUL a schema, after it a value.  A schema is taken or told to be none, with
 * places; a value holds or does not, and only then something is told; both twice alike.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "core/must.h"
#include "flow/domain/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool parse(struct arena *arena, const uint8_t *bytes, size_t size, const struct json **json)
{
	const struct json_limits limits = {.depth = 300, .values = 2000};
	return json_parse(arena, (const char *)bytes, size, &limits, json, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	const struct json *schema, *value;
	arena_init(&arena, 64 << 20);
	size_t split = strnlen((const char *)data, size);
	struct schema_problems problems = {.arena = &arena};
	if (parse(&arena, data, split, &schema)) {
		bool sound = schema_check(schema, &problems);
		must(sound == (problems.count == 0));
		struct schema_problems first = {.arena = &arena}, second = {.arena = &arena};
		if (split < size && parse(&arena, data + split + 1, size - split - 1, &value)) {
			bool holds = schema_validate(schema, value, &first);
			must(holds == schema_validate(schema, value, &second) && first.count == second.count);
			must(holds || first.count > 0);
		}
	}
	arena_fini(&arena);
	return 0;
}
