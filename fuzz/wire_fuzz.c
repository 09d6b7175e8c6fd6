/*
 * Whatever a helper sends: a value is refused, or it is JSON, and written again it is the same value.
 */
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "expr/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct buf bytes, text;
	struct jw jw;
	struct json value, again;
	arena_init(&arena, 64 << 20);
	buf_init(&bytes, 0);
	buf_init(&text, 0);
	if (wire_read(&arena, (const char *)data, size, &value, NULL)) {
		must(wire_json(&bytes, &value) && buf_ok(&bytes));
		must(wire_read(&arena, bytes.bytes, bytes.size, &again, NULL) || arena.full);
		must(arena.full || json_same(&value, &again));
		jw_init(&jw, &text);
		jw_json(&jw, &value);
		must(jw_ok(&jw));
	}
	buf_fini(&bytes);
	buf_fini(&text);
	arena_fini(&arena);
	return 0;
}
