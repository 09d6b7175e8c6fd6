/* What a stranger asks a part of: whatever the text, the part lies inside the bytes. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/must.h"
#include "http/range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	int64_t whole = size > 0 ? (int64_t)data[0] << (data[0] % 50) : 0, from = -1, count = -1;
	arena_init(&arena, 1 << 20);
	const char *text = arena_dupn(&arena, (const char *)data, size);
	if (text != NULL && range_of(text + (size > 0), whole, &from, &count) == RANGE_PART)
		must(from >= 0 && count >= 1 && from <= whole - count);
	else
		must(from == -1 && count == -1);
	arena_fini(&arena);
	return 0;
}
