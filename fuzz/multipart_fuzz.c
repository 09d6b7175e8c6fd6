/*
 * What a stranger sends as a form: its first line is the Content-Type, the rest the body.  Every part lies inside the
 * body, has a name, and none holds the delimiter.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/must.h"
#include "core/utf8.h"
#include "http/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct part *part, const char *body, size_t size)
{
	must(part->name != NULL && utf8_valid(part->name, strlen(part->name)));
	must(part->bytes >= body && part->size <= size && part->bytes - body <= (ptrdiff_t)(size - part->size));
	must(part->filename == NULL || utf8_valid(part->filename, strlen(part->filename)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct multipart form;
	const char *line = memchr(data, '\n', size);
	if (line == NULL)
		return 0;
	arena_init(&arena, 1 << 22);
	const char *type = arena_dupn(&arena, (const char *)data, (size_t)(line - (const char *)data));
	const char *body = line + 1;
	size_t left = size - (size_t)(body - (const char *)data);
	if (type != NULL && multipart_read(type, body, left, &arena, &form, NULL))
		for (size_t i = 0; i < form.count; i++) {
			check(&form.parts[i], body, left);
			must(multipart_find(&form, form.parts[i].name) <= &form.parts[i]);
		}
	arena_fini(&arena);
	return 0;
}
