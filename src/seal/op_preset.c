#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "seal/op.h"

/* Is `path` this address, under /api/v1 or not, with a slash at its end or not? */
static bool same_address(const char *path, const char *address)
{
	static const char root[] = "/api/v1";
	size_t length = strlen(address);
	if (strncmp(path, root, sizeof root - 1) == 0 && strncmp(address, root, sizeof root - 1) != 0)
		path += sizeof root - 1;
	return strncmp(path, address, length) == 0 && (path[length] == '\0' || strcmp(path + length, "/") == 0);
}

static struct json_member *find(struct json_member *members, uint32_t count, const struct json_member *like)
{
	for (uint32_t i = 0; i < count; i++)
		if (members[i].name_size == like->name_size && memcmp(members[i].name, like->name, like->name_size) == 0)
			return &members[i];
	return NULL;
}

/* `over` laid on `under`.  What is no object on both sides is replaced, so that a wrong type stays a wrong type. */
static bool lay_over(const struct json *under, const struct json *over, struct arena *arena, struct json *result)
{
	struct json_member *members = arena_array(arena, under->count + over->count, sizeof *members);
	if (members == NULL)
		return false;
	uint32_t count = under->count;
	memcpy(members, under->members, count * sizeof *members);
	for (uint32_t i = 0; i < over->count; i++) {
		const struct json_member *with = &over->members[i];
		struct json_member *at = find(members, count, with);
		if (at == NULL) {
			members[count++] = *with;
		} else if (with->value.kind != JS_OBJECT) {
			at->value = with->value;
		} else if (at->value.kind == JS_OBJECT) {
			struct json merged;
			if (!lay_over(&at->value, &with->value, arena, &merged))
				return false;
			at->value = merged;
		}
	}
	*result = (struct json){.kind = JS_OBJECT, .count = count, .members = members};
	return true;
}

const struct json *op_preset(const struct op *op, const char *path, const struct json *body, struct arena *arena)
{
	const struct op_alias *alias = op->aliases;
	while (alias != NULL && alias->path != NULL && !same_address(path, alias->path))
		alias++;
	if (alias == NULL || alias->path == NULL || alias->preset == NULL || body->kind != JS_OBJECT)
		return body;
	const struct json *preset;
	struct json *result = arena_new(arena, struct json);
	if (result == NULL || !json_parse(arena, alias->preset, strlen(alias->preset), &json_body_limits, &preset, NULL) ||
		!lay_over(body, preset, arena, result))
		return NULL;
	return result;
}
