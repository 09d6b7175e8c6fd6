#include "http/target.h"

#include <string.h>
#include <strings.h>

#include "core/arena.h"
#include "core/must.h"
#include "core/utf8.h"
#include "http/chars.h"
#include "http/router.h"

static bool refuse(struct err *err, const char *message)
{
	return err_set(err, ERR_REQUEST_MALFORMED, "%s", message);
}

static char decoded(const char *at)
{
	return (char)(char_hex(at[1]) << 4 | char_hex(at[2]));
}

/* Every byte one that may be there, every % followed by two hex digits that are not 00. */
static bool well_formed(const char *target, size_t size, struct err *err)
{
	if (!chars_all(target, size, CHAR_TARGET))
		return refuse(err, "The target holds a byte that has to be percent-encoded.");
	for (const char *at = target, *end = target + size; (at = memchr(at, '%', (size_t)(end - at))) != NULL; at += 3) {
		if (end - at < 3 || !char_is(at[1], CHAR_HEX) || !char_is(at[2], CHAR_HEX))
			return refuse(err, "A % in the target is not followed by two hex digits.");
		if (decoded(at) == '\0')
			return refuse(err, "The target holds %00.");
	}
	return true;
}

/* Segments of dots and encoded separators are read in different ways by different programs: nobody gets to. */
static bool path_plain(const char *path, size_t size, struct err *err)
{
	size_t dots = 0, length = 0; /* of the current segment */
	for (size_t i = 0; i <= size; i++) {
		char c = i < size ? path[i] : '/';
		bool separator = c == '/';
		if (c == '%') {
			c = decoded(path + i);
			i += 2;
		}
		if (c == '\\' || (c == '/' && !separator))
			return refuse(err, "The path holds a backslash or an encoded slash.");
		if (separator && length > 0 && length <= 2 && dots == length)
			return refuse(err, "The path has a segment . or .. in it.");
		length = separator ? 0 : length + 1;
		dots = separator ? 0 : dots + (c == '.');
	}
	return true;
}

/* Where the path begins in an absolute form, or 0 when it is none. */
static size_t after_authority(const char *target, size_t size)
{
	size_t scheme = 0;
	if (size > 7 && strncasecmp(target, "http://", 7) == 0)
		scheme = 7;
	else if (size > 8 && strncasecmp(target, "https://", 8) == 0)
		scheme = 8;
	size_t at = scheme;
	while (scheme != 0 && at < size && char_is(target[at], CHAR_HOST))
		at++;
	bool ends = at == size || target[at] == '/' || target[at] == '?';
	return at > scheme && ends ? at : 0;
}

bool target_check(const char *target, size_t size, enum method method, struct target_path *path, struct err *err)
{
	if (size == 1 && target[0] == '*') {
		if (method != METHOD_OPTIONS)
			return refuse(err, "The target * is for OPTIONS only.");
		*path = (struct target_path){0, 1};
		return true;
	}
	if (!well_formed(target, size, err))
		return false;
	size_t at = target[0] == '/' ? 0 : after_authority(target, size);
	if (at == 0 && target[0] != '/')
		return refuse(err, "The target is neither a path nor an http address.");
	const char *end = memchr(target + at, '?', size - at);
	size_t length = (end != NULL ? (size_t)(end - target) : size) - at;
	if (!path_plain(target + at, length, err))
		return false;
	*path = (struct target_path){at, length};
	return true;
}

char *target_decode(struct arena *arena, const char *text, size_t size, bool plus)
{
	char *out = arena_alloc(arena, size + 1);
	if (out == NULL)
		return NULL;
	size_t length = 0;
	for (size_t i = 0; i < size; i++) {
		char c = text[i];
		if (c == '%') {
			must(i + 2 < size);
			c = decoded(text + i);
			i += 2;
		} else if (c == '+' && plus) {
			c = ' ';
		}
		out[length++] = c;
	}
	return utf8_valid(out, length) ? out : NULL;
}

static bool parameter(struct arena *arena, const char *text, size_t size, struct route_param *param)
{
	const char *equals = memchr(text, '=', size);
	size_t name = equals != NULL ? (size_t)(equals - text) : size;
	size_t value = equals != NULL ? name + 1 : size;
	param->name = target_decode(arena, text, name, true);
	param->value = target_decode(arena, text + value, size - value, true);
	return param->name != NULL && param->value != NULL;
}

static size_t pieces(const char *query)
{
	size_t count = 1;
	for (; (query = strchr(query, '&')) != NULL; query++)
		count++;
	return count;
}

bool target_query(struct arena *arena, const char *query, struct route_param **params, size_t *count, struct err *err)
{
	*params = NULL;
	*count = 0;
	if (query == NULL || *query == '\0')
		return true;
	size_t most = pieces(query), found = 0;
	if (most > TARGET_QUERY_MAX)
		return refuse(err, "The query has too many parameters.");
	struct route_param *all = arena_array(arena, most, sizeof *all);
	for (const char *at = query; all != NULL && *at != '\0';) {
		size_t size = strcspn(at, "&");
		if (size > 0 && !parameter(arena, at, size, &all[found++]))
			return refuse(err, "The query is not UTF-8.");
		at += size + (at[size] == '&');
	}
	if (arena->full)
		return err_set(err, ERR_LIMIT, "The request takes too much memory.");
	*params = all;
	*count = found;
	return true;
}
