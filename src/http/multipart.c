#include "http/multipart.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/arena.h"
#include "core/utf8.h"
#include "http/chars.h"

enum { BOUNDARY_MAX = 70 /* RFC 2046 5.1.1 */, DELIMITER_MAX = BOUNDARY_MAX + 5 };

struct reading {
	struct arena *arena;
	const char *at, *end;
	char delimiter[DELIMITER_MAX]; /* CRLF, two dashes, the boundary */
	size_t delimiter_size;
	struct err *err;
};

static bool malformed(struct reading *r, const char *why)
{
	return err_set(r->err, ERR_REQUEST_MALFORMED, "The form is not well-formed: %s.", why);
}

static const char *skip_blanks(const char *at)
{
	return at + strspn(at, " \t");
}

/* The quote that ends a quoted text; NULL: none does. */
static const char *quote_end(const char *text)
{
	for (; *text != '"'; text++) {
		if (*text == '\0')
			return NULL;
		text += *text == '\\' && text[1] == '"';
	}
	return text;
}

/* A token or a quoted text at *at, into the arena.  Browsers write %22 for a quote and leave backslashes alone; a
 * backslash before a quote is the older form of the same (RFC 7578 4.2).  NULL: neither. */
static const char *take_value(struct arena *arena, const char **at)
{
	size_t size = 0;
	if (**at != '"') {
		while (chars_all(*at + size, 1, CHAR_TOKEN) && (*at)[size] != '\0')
			size++;
		const char *token = size > 0 ? arena_dupn(arena, *at, size) : NULL;
		*at += size;
		return token;
	}
	const char *from = *at + 1, *end = quote_end(from);
	char *text = end != NULL ? arena_dupn(arena, from, (size_t)(end - from)) : NULL;
	if (text == NULL)
		return NULL;
	while (from < end) {
		from += *from == '\\' && from[1] == '"';
		text[size++] = *from++;
	}
	text[size] = '\0';
	*at = end + 1;
	return text;
}

/*
 * The parameter of that name behind the first semicolon of a header's value.  False: the parameters are malformed;
 * *value stays NULL when there is none.
 */
static bool parameter(struct arena *arena, const char *header, const char *name, const char **value)
{
	const char *at = header + strcspn(header, ";");
	size_t size = strlen(name);
	while (*at == ';') {
		at = skip_blanks(at + 1);
		const char *key = at;
		at += strcspn(at, "=;\" \t");
		size_t length = (size_t)(at - key);
		if (*at++ != '=')
			return false;
		const char *text = take_value(arena, &at);
		if (text == NULL)
			return false;
		if (length == size && strncasecmp(key, name, size) == 0 && *value == NULL)
			*value = text;
		at = skip_blanks(at);
	}
	return *at == '\0';
}

static bool take_boundary(struct reading *r, const char *content_type)
{
	const char *boundary = NULL;
	if (content_type == NULL || !parameter(r->arena, content_type, "boundary", &boundary) || boundary == NULL)
		return malformed(r, "its Content-Type names no boundary");
	size_t size = strlen(boundary);
	if (size == 0 || size > BOUNDARY_MAX || strpbrk(boundary, "\r\n") != NULL)
		return malformed(r, "its boundary is not 1 to 70 characters");
	r->delimiter_size = (size_t)snprintf(r->delimiter, sizeof r->delimiter, "\r\n--%s", boundary);
	return true;
}

/* Behind a delimiter: the line's end, or two dashes and the end of all. */
static bool next_part(struct reading *r, bool *over)
{
	size_t left = (size_t)(r->end - r->at);
	*over = left >= 2 && memcmp(r->at, "--", 2) == 0;
	if (*over) {
		r->at += 2;
		left -= 2;
		return left == 0 || (left == 2 && memcmp(r->at, "\r\n", 2) == 0) || malformed(r, "something follows its end");
	}
	while (r->at < r->end && (*r->at == ' ' || *r->at == '\t'))
		r->at++;
	if (r->end - r->at < 2 || memcmp(r->at, "\r\n", 2) != 0)
		return malformed(r, "a delimiter is not a line of its own");
	r->at += 2;
	return true;
}

static bool take_disposition(struct reading *r, const char *value, struct part *part)
{
	size_t size = strcspn(value, "; \t");
	if (size != 9 || strncasecmp(value, "form-data", 9) != 0)
		return malformed(r, "a part's Content-Disposition is not form-data");
	if (!parameter(r->arena, value, "name", &part->name) || !parameter(r->arena, value, "filename", &part->filename))
		return malformed(r, "a part's Content-Disposition cannot be read");
	return true;
}

static void take_type(struct reading *r, const char *value, struct part *part)
{
	char *type = arena_dupn(r->arena, value, strcspn(value, "; \t"));
	for (char *c = type; c != NULL && *c != '\0'; c++)
		*c = (char)tolower((unsigned char)*c);
	part->type = type;
}

static bool take_header(struct reading *r, char *line, struct part *part)
{
	char *colon = strchr(line, ':');
	if (colon == NULL || colon == line || !chars_all(line, (size_t)(colon - line), CHAR_TOKEN))
		return malformed(r, "a part has a line that is no header");
	*colon = '\0';
	const char *value = skip_blanks(colon + 1);
	if (strcasecmp(line, "Content-Disposition") == 0)
		return part->name == NULL ? take_disposition(r, value, part) : malformed(r, "a part has two names");
	if (strcasecmp(line, "Content-Type") == 0)
		take_type(r, value, part);
	return true;
}

/* All header lines up to the empty one. */
static bool take_head(struct reading *r, struct part *part)
{
	size_t left = (size_t)(r->end - r->at);
	const char *end = left >= 2 && memcmp(r->at, "\r\n", 2) == 0 ? r->at : memmem(r->at, left, "\r\n\r\n", 4);
	if (end == NULL || end - r->at > MULTIPART_HEAD_MAX)
		return malformed(r, "a part's headers do not end");
	size_t size = (size_t)(end - r->at);
	if (size > 0 && (!utf8_valid(r->at, size) || memchr(r->at, '\0', size) != NULL))
		return malformed(r, "a part's headers are not UTF-8");
	char *head = arena_dupn(r->arena, r->at, size);
	if (head == NULL)
		return err_set(r->err, ERR_LIMIT, "no memory");
	r->at = end + (size > 0 ? 4 : 2);
	for (char *line = head; line != NULL && *line != '\0';) {
		char *next = strstr(line, "\r\n");
		if (next != NULL)
			*next = '\0';
		if (!take_header(r, line, part))
			return false;
		line = next != NULL ? next + 2 : NULL;
	}
	return part->name != NULL || malformed(r, "a part has no name");
}

/* The bytes up to the next delimiter, which may stand right behind the headers when there are none. */
static bool take_bytes(struct reading *r, struct part *part)
{
	const char *from = r->at - 2; /* the CRLF that ended the headers may begin the delimiter of an empty part */
	const char *next = memmem(from, (size_t)(r->end - from), r->delimiter, r->delimiter_size);
	if (next == NULL)
		return malformed(r, "a part does not end");
	part->bytes = r->at;
	part->size = next > r->at ? (size_t)(next - r->at) : 0;
	r->at = next + r->delimiter_size;
	return true;
}

bool multipart_read(const char *content_type, const char *body, size_t size, struct arena *arena,
					struct multipart *multipart, struct err *err)
{
	struct reading r = {.arena = arena, .at = body, .end = body + size, .err = err};
	bool over = false;
	multipart->count = 0;
	if (!take_boundary(&r, content_type))
		return false;
	const char *first = r.delimiter + 2; /* no CRLF before the first one */
	size_t first_size = r.delimiter_size - 2;
	if (size < first_size || memcmp(body, first, first_size) != 0)
		return malformed(&r, "it does not begin with its boundary");
	r.at += first_size;
	for (;;) {
		if (!next_part(&r, &over))
			return false;
		if (over)
			break;
		if (multipart->count == MULTIPART_PARTS_MAX)
			return malformed(&r, "it has too many parts");
		struct part *part = &multipart->parts[multipart->count];
		*part = (struct part){.name = NULL};
		if (!take_head(&r, part) || !take_bytes(&r, part))
			return false;
		multipart->count++;
	}
	return !arena->full || err_set(err, ERR_LIMIT, "no memory for the form");
}

const struct part *multipart_find(const struct multipart *multipart, const char *name)
{
	for (size_t i = 0; i < multipart->count; i++)
		if (strcmp(multipart->parts[i].name, name) == 0)
			return &multipart->parts[i];
	return NULL;
}
