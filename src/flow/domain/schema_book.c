#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "flow/domain/regex.h"
#include "flow/domain/schema_internal.h"

/* What a schema document has to refer to, and its patterns. */

static bool is_draft7(const struct json *schema, bool within)
{
	const char *dialect = json_text(schema, "$schema");
	return dialect == NULL ? within : strstr(dialect, "draft-07") != NULL || strstr(dialect, "draft-06") != NULL;
}

static struct schema_resource *add_resource(struct schema_book *book, const struct json *root, const char *id,
											bool draft7)
{
	if (book->count == book->room) {
		size_t room = book->room == 0 ? 4 : 2 * book->room;
		struct schema_resource *grown = arena_array(&book->arena, room, sizeof *grown);
		if (grown == NULL)
			return NULL;
		if (book->count > 0)
			memcpy(grown, book->resources, book->count * sizeof *grown);
		book->resources = grown;
		book->room = room;
	}
	struct schema_resource *resource = &book->resources[book->count++];
	*resource = (struct schema_resource){.root = root, .id = id, .draft7 = draft7};
	map_init(&resource->anchors, &book->arena, NULL);
	return resource;
}

static void add_anchor(struct schema_book *book, size_t resource, const char *name, const struct json *schema)
{
	void *target = (void *)(uintptr_t)schema;
	if (name != NULL && *name != '\0' && map_get(&book->resources[resource].anchors, name) == NULL)
		(void)map_set(&book->resources[resource].anchors, name, target, NULL);
}

/* Walk everything that may be a schema; what is data in enum, const, default and examples names nothing. */
static void gather(struct schema_book *book, const struct json *json, size_t resource, bool root)
{
	static const char *const data[] = {"enum", "const", "default", "examples", NULL};
	if (json->kind == JS_ARRAY)
		for (uint32_t i = 0; i < json->count; i++)
			gather(book, &json->items[i], resource, false);
	if (json->kind != JS_OBJECT)
		return;
	const char *id = json_text(json, "$id");
	bool draft7 = book->resources[resource].draft7;
	if (id != NULL && *id == '#') {
		add_anchor(book, resource, id + 1, json); /* as draft 7 wrote anchors */
	} else if (id != NULL && !root && add_resource(book, json, id, is_draft7(json, draft7)) != NULL) {
		resource = book->count - 1;
	}
	add_anchor(book, resource, json_text(json, "$anchor"), json);
	add_anchor(book, resource, json_text(json, "$dynamicAnchor"), json);
	for (uint32_t i = 0; i < json->count; i++) {
		bool is_data = false;
		for (size_t k = 0; data[k] != NULL; k++)
			is_data = is_data || strcmp(json->members[i].name, data[k]) == 0;
		if (!is_data)
			gather(book, &json->members[i].value, resource, false);
	}
}

void schema_book_init(struct schema_book *book, const struct json *schema)
{
	*book = (struct schema_book){.count = 0};
	arena_init(&book->arena, 64 << 20);
	map_init(&book->patterns, &book->arena, NULL);
	const char *id = json_text(schema, "$id");
	if (add_resource(book, schema, id != NULL && *id != '#' ? id : "", is_draft7(schema, false)) != NULL)
		gather(book, schema, 0, true);
}

void schema_book_fini(struct schema_book *book)
{
	size_t at = 0, size;
	const char *text;
	void *regex;
	while (map_next(&book->patterns, &at, &text, &size, &regex))
		regex_free(regex);
	arena_fini(&book->arena);
}

const struct schema_resource *schema_resource_of(const struct schema_book *book, const struct json *schema,
												 const struct schema_resource *within)
{
	if (json_get(schema, "$id") == NULL)
		return within;
	for (size_t i = 0; i < book->count; i++)
		if (book->resources[i].root == schema)
			return &book->resources[i];
	return within;
}

/* --- references --- */

static int hex(char byte)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = byte != '\0' ? strchr(digits, byte) : NULL;
	return at != NULL ? (int)((at - digits) % 16) : -1;
}

/* One step of a fragment, without its %XX, ~0 and ~1. */
static char *unescaped(struct arena *arena, const char *text, size_t size)
{
	char *out = arena_alloc(arena, size + 1), *to = out;
	for (size_t i = 0; out != NULL && i < size; i++) {
		char byte = text[i];
		if (byte == '%' && i + 2 < size && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
			byte = (char)(hex(text[i + 1]) * 16 + hex(text[i + 2]));
			i += 2;
		}
		if (to > out && to[-1] == '~' && (byte == '0' || byte == '1'))
			to[-1] = byte == '1' ? '/' : '\x01'; /* not to be taken for another escape */
		else
			*to++ = byte;
	}
	for (char *at = out; out != NULL && at < to; at++)
		if (*at == '\x01')
			*at = '~';
	return out;
}

static const struct json *child(const struct json *json, const char *name)
{
	if (json->kind == JS_OBJECT)
		return json_get(json, name);
	if (json->kind != JS_ARRAY || *name < '0' || *name > '9')
		return NULL;
	unsigned long i = strtoul(name, NULL, 10);
	return i < json->count ? &json->items[i] : NULL;
}

static const struct json *by_pointer(const struct schema_book *book, const struct json *json, const char *pointer,
									 const struct schema_resource **resource)
{
	struct arena scratch;
	arena_init(&scratch, 1 << 20);
	while (json != NULL && *pointer == '/') {
		size_t size = strcspn(++pointer, "/");
		const char *name = unescaped(&scratch, pointer, size);
		json = name != NULL ? child(json, name) : NULL;
		pointer += size;
		if (json != NULL)
			*resource = schema_resource_of(book, json, *resource);
	}
	arena_fini(&scratch);
	return json;
}

/* The last part of an address, by which ids that are relative to one base know each other. */
static const char *last_part(const char *id, size_t size, size_t *part_size)
{
	const char *from = id;
	for (size_t i = 0; i < size; i++)
		if (id[i] == '/' || id[i] == ':')
			from = id + i + 1;
	*part_size = (size_t)(id + size - from);
	return from;
}

static const struct schema_resource *resource_named(const struct schema_book *book, const char *id, size_t size)
{
	size_t wanted_size, part_size;
	const char *wanted = last_part(id, size, &wanted_size);
	bool relative = memchr(id, ':', size) == NULL;
	for (size_t i = 0; i < book->count; i++) {
		const struct schema_resource *resource = &book->resources[i];
		size_t own = strcspn(resource->id, "#");
		if (own == size && memcmp(resource->id, id, size) == 0)
			return resource;
		const char *part = last_part(resource->id, own, &part_size);
		bool either = relative || memchr(resource->id, ':', own) == NULL;
		if (either && part_size > 0 && part_size == wanted_size && memcmp(part, wanted, part_size) == 0)
			return resource;
	}
	return NULL;
}

const struct json *schema_refer(const struct schema_book *book, const struct schema_resource *within,
								const char *reference, const struct schema_resource **resource)
{
	size_t size = strcspn(reference, "#");
	const char *fragment = reference[size] == '#' ? reference + size + 1 : "";
	*resource = size == 0 ? within : resource_named(book, reference, size);
	if (*resource == NULL)
		return NULL;
	if (*fragment == '\0')
		return (*resource)->root;
	if (*fragment == '/')
		return by_pointer(book, (*resource)->root, fragment, resource);
	return map_get(&(*resource)->anchors, fragment);
}

const struct regex *schema_pattern(struct schema_book *book, const char *text, size_t size)
{
	struct regex *regex = map_get_n(&book->patterns, text, size);
	if (regex != NULL)
		return regex;
	regex = regex_new(text, size, NULL);
	if (regex != NULL && !map_set_n(&book->patterns, text, size, regex, NULL)) {
		regex_free(regex);
		return NULL;
	}
	return regex;
}
