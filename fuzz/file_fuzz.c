/* What a stranger uploads: looking at it never reads past its end, and only a type that may be stored agrees. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "app/files_image.h"
#include "app/files_name.h"
#include "app/files_sniff.h"
#include "core/arena.h"
#include "core/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_name(const char *text)
{
	struct arena arena;
	arena_init(&arena, 1 << 22);
	const char *name = text != NULL ? file_name_nfc(&arena, text) : NULL;
	if (name != NULL && file_name_valid(name)) {
		must(strchr(name, '/') == NULL && name[0] != '.' && strlen(name) <= FILE_NAME_MAX);
		const char *again = file_name_nfc(&arena, name);
		must(again != NULL && strcmp(again, name) == 0);
	}
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	const char *sniffed = file_sniff(data, size);
	must(image_pixels(data, size) >= 0);
	must(!file_type_agrees("application/zip", "a.zip", sniffed));
	if (file_type_agrees("image/png", "a.png", sniffed))
		must(size >= 8 && memcmp(data, "\x89PNG", 4) == 0);
	arena_init(&arena, 1 << 22);
	check_name(arena_dupn(&arena, (const char *)data, size));
	arena_fini(&arena);
	return 0;
}
