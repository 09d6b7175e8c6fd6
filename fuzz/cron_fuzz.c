#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/must.h"
#include "core/zone.h"
#include "flow/domain/cron.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* Whatever is taken fires after the moment asked about, or never. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct arena arena;
	struct cron cron;
	int64_t next_us;
	arena_init(&arena, 1 << 20);
	const char *text = arena_dupn(&arena, (const char *)data, size < 4096 ? size : 4096);
	const struct zone *zone = zone_load(&arena, "Europe/Berlin", NULL);
	if (zone != NULL && cron_parse(text, &cron, NULL) && cron_next(&cron, zone, 1774656000000000, &next_us))
		must(next_us > 1774656000000000);
	arena_fini(&arena);
	return 0;
}
