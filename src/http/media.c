#include "http/media.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "http/chars.h"

enum { QUALITY_ONE = 1000 };

/* "type/subtype" at the front of a text: its length, or 0. */
static size_t type_length(const char *text)
{
	size_t size = 0, slash = 0;
	for (; char_is(text[size], CHAR_TOKEN) || (text[size] == '/' && slash == 0 && size > 0); size++)
		if (text[size] == '/')
			slash = size;
	return slash > 0 && size > slash + 1 ? size : 0;
}

static bool utf8_charset(const char *parameters)
{
	const char *charset = strcasestr(parameters, "charset=");
	if (charset == NULL)
		return true;
	charset += strlen("charset=");
	charset += *charset == '"';
	return strncasecmp(charset, "utf-8", 5) == 0 && !char_is(charset[5], CHAR_TOKEN);
}

static bool textual(const char *type, size_t size)
{
	return strncasecmp(type, "text/", 5) == 0 || (size >= 4 && strncasecmp(type + size - 4, "json", 4) == 0);
}

bool media_is_json(const char *content_type)
{
	size_t size = type_length(content_type);
	const char *end = content_type + size;
	return size > 5 && strncasecmp(end - 4, "json", 4) == 0 && (end[-5] == '/' || end[-5] == '+');
}

bool media_is(const char *content_type, const char *const *types)
{
	size_t size = content_type != NULL ? type_length(content_type) : 0;
	const char *after = size > 0 ? content_type + size + strspn(content_type + size, " \t") : "?";
	bool formed = *after == '\0' || *after == ';';
	for (; *types != NULL; types++) {
		if (strcmp(*types, "*/*") == 0)
			return true;
		if (formed && strlen(*types) == size && strncasecmp(content_type, *types, size) == 0)
			return !textual(content_type, size) || utf8_charset(after);
	}
	return false;
}

/* ";q=0.5" among the parameters, in thousandths.  RFC 9110 12.4.2 */
static int quality(const char *parameters, size_t size)
{
	for (size_t i = 0; i + 2 < size; i++) {
		if (parameters[i] != ';')
			continue;
		i += 1 + strspn(parameters + i + 1, " \t");
		if (i + 2 >= size || (parameters[i] | 0x20) != 'q' || parameters[i + 1] != '=')
			continue;
		int value = parameters[i + 2] == '1' ? QUALITY_ONE : 0, unit = QUALITY_ONE / 10;
		if (value == 0 && i + 3 < size && parameters[i + 3] == '.')
			for (size_t d = i + 4; d < size && char_is(parameters[d], CHAR_DIGIT); d++, unit /= 10)
				value += (parameters[d] - '0') * unit;
		return value;
	}
	return QUALITY_ONE;
}

/* How closely a range fits: 3 the type itself, 2 its family, 1 anything, 0 not at all. */
static int fits(const char *range, size_t size, const char *type)
{
	size_t family = strcspn(type, "/") + 1;
	if (size == strlen(type) && strncasecmp(range, type, size) == 0)
		return 3;
	if (size == family + 1 && range[family] == '*' && strncasecmp(range, type, family) == 0)
		return 2;
	return size == 3 && memcmp(range, "*/*", 3) == 0;
}

int media_accepts(const char *accept, const char *type)
{
	int best = 0, wanted = 0;
	if (accept == NULL || *accept == '\0')
		return QUALITY_ONE;
	for (const char *at = accept; *at != '\0';) {
		at += strspn(at, " \t,");
		size_t size = type_length(at), item = strcspn(at, ",");
		if (size == 0 && item > 0)
			return QUALITY_ONE;
		int fit = fits(at, size, type);
		if (fit > best) {
			best = fit;
			wanted = quality(at + size, item - size);
		}
		at += item;
	}
	return best > 0 ? wanted : 0;
}
