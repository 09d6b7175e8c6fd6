/* Whatever the bytes: a time zone file is read or refused, and a clock that was read shows a time for any moment. */
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/must.h"
#include "core/stamp.h"
#include "core/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	arena_init(&arena, 1 << 22);
	const struct zone *zone = zone_parse(&arena, data, size, NULL);
	for (int64_t year = 1970; zone != NULL && year < 2200; year += 23) {
		int64_t us = stamp_days((struct stamp_date){(int)year, 3, 29}) * STAMP_US_PER_DAY;
		int64_t offset = zone_offset_s(zone, us);
		must(offset > -27 * 3600 && offset < 27 * 3600);
		must(zone_local_us(zone, us) == us + offset * STAMP_US_PER_S);
		zone_utc_us(zone, us);
	}
	arena_fini(&arena);
	return 0;
}
