#include "flow/content_hash.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/jcs.h"
#include "core/json.h"
#include "core/jw.h"

enum { DEPTH_MAX = 500, VALUES_MAX = 5000000, TREE_CAP = 1 << 30 };

static int by_name(const void *a, const void *b)
{
	const struct json_member *const *left = a, *const *right = b;
	return jcs_compare((*left)->name, (*right)->name);
}

static void write_sorted(struct jw *jw, const struct json *json);

static void write_members(struct jw *jw, const struct json *json)
{
	const struct json_member **members = calloc(json->count + 1, sizeof(const struct json_member *));
	if (members == NULL) {
		jw->buf->failed = true;
		return;
	}
	for (uint32_t i = 0; i < json->count; i++)
		members[i] = &json->members[i];
	qsort(members, json->count, sizeof *members, by_name);
	jw_object(jw);
	for (uint32_t i = 0; i < json->count; i++) {
		jw_key(jw, members[i]->name);
		write_sorted(jw, &members[i]->value);
	}
	jw_object_end(jw);
	free(members);
}

/* As RFC 8785 has it, but that integers keep their 64 bits: definitions that differ must not have one hash. */
static void write_sorted(struct jw *jw, const struct json *json)
{
	if (json->kind == JS_OBJECT) {
		write_members(jw, json);
	} else if (json->kind == JS_ARRAY) {
		jw_array(jw);
		for (uint32_t i = 0; i < json->count; i++)
			write_sorted(jw, &json->items[i]);
		jw_array_end(jw);
	} else {
		jw_json(jw, json);
	}
}

bool content_hash_tree(const struct json *json, char sha256[SHA256_HEX_SIZE])
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	write_sorted(&jw, json);
	bool written = buf_ok(&text);
	sha256_hex(buf_text(&text), text.size, sha256);
	buf_fini(&text);
	return written;
}

static size_t begin(const char *text, size_t size)
{
	size_t at = 0;
	while (at < size && strchr(" \t\r\n", text[at]) != NULL)
		at++;
	return at;
}

void content_hash(const char *text, size_t size, char sha256[SHA256_HEX_SIZE])
{
	static const struct json_limits limits = {.depth = DEPTH_MAX, .values = VALUES_MAX};
	size_t at = begin(text, size);
	struct arena arena;
	const struct json *json;
	if (at == size || text[at] != '{') {
		sha256_hex(text, size, sha256);
		return;
	}
	arena_init(&arena, TREE_CAP);
	if (!json_parse(&arena, text, size, &limits, &json, NULL) || !content_hash_tree(json, sha256))
		sha256_hex(text, size, sha256);
	arena_fini(&arena);
}
