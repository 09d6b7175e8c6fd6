/*
 * What a client says of the codings and media types that it takes: whatever the text, one of ours is chosen only where
 * its name stands, and never where it is refused.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/must.h"
#include "http/media.h"
#include "http/squeeze.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_coding(struct arena *arena, const char *text)
{
	enum coding coding = coding_of(text);
	must(coding != CODING_GZIP || strcasestr(text, "gzip") != NULL);
	must(coding != CODING_ZSTD || strcasestr(text, "zstd") != NULL);
	/* what follows takes back what came before; a name that is added is found */
	const char *refused = arena_printf(arena, "%s,gzip;q=0,x-gzip;q=0,zstd;q=0", text);
	const char *added = arena_printf(arena, "%s,zstd", text);
	must(refused == NULL || coding_of(refused) == CODING_NONE);
	must(added == NULL || coding_of(added) == CODING_ZSTD);
}

static void check_media(const char *text)
{
	static const char *const types[] = {"application/json", NULL};
	int weight = media_accepts(text, "application/json");
	must(weight >= 0 && weight <= 1000);
	if (media_is(text, types))
		must(strncasecmp(text + strspn(text, " \t"), "application/json", 16) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	arena_init(&arena, 1 << 24);
	const char *text = arena_dupn(&arena, (const char *)data, size);
	if (text != NULL) {
		check_coding(&arena, text);
		check_media(text);
	}
	arena_fini(&arena);
	return 0;
}
