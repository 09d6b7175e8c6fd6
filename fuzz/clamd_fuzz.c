/* What a scanner may say: a verdict is clean only by one text, and what is kept of a detail is printable. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/must.h"
#include "link/clamd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct clamd_answer answer;
	struct arena arena;
	bool clean = size == 10 && memcmp(data, "stream: OK", 10) == 0;
	bool understood = clamd_understand((const char *)data, size, &answer);
	must(clean == (understood && answer.verdict == CLAMD_CLEAN));
	for (const char *at = answer.detail; understood && *at != '\0'; at++)
		must(*at >= 0x20 && *at < 0x7f);
	arena_init(&arena, 1 << 20);
	const char *text = arena_dupn(&arena, (const char *)data, size);
	if (text != NULL)
		clamd_address_valid(text);
	arena_fini(&arena);
	return 0;
}
