/*
 * Cursors as strangers send them: none but what a list gave opens, and what a list gives opens to what was put in, for
 * that list alone.  The first line is a filter, the rest the cursor, and then the key.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/must.h"
#include "people/page.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned char secret[PAGE_KEY] = "a key that fuzzers do not know", other[PAGE_KEY] = "another";

static void check_own(struct arena *arena, const char *filter, const char *key)
{
	char after[PAGE_AFTER_MAX + 1];
	if (strlen(key) > PAGE_AFTER_MAX)
		return;
	const char *cursor = page_cursor(arena, secret, filter, key);
	const char *wrong = arena_printf(arena, "%s.", filter);
	if (cursor == NULL || wrong == NULL)
		return;
	must(page_after(secret, filter, cursor, after, NULL) && strcmp(after, key) == 0);
	must(!page_after(secret, wrong, cursor, after, NULL));
	must(!page_after(other, filter, cursor, after, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	char after[PAGE_AFTER_MAX + 1];
	struct err err = {.kind = ERR_NONE};
	arena_init(&arena, 1 << 24);
	char *text = arena_dupn(&arena, (const char *)data, size);
	char *line = text != NULL ? strchr(text, '\n') : NULL;
	if (line != NULL) {
		*line++ = '\0';
		must(!page_after(secret, text, line, after, &err) && err.kind == ERR_CURSOR_INVALID);
		check_own(&arena, text, line);
	}
	arena_fini(&arena);
	return 0;
}
