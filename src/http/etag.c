#include "http/etag.h"

#include <stdio.h>
#include <string.h>

#include "core/must.h"
#include "http/exchange.h"

enum { ETAG_DIGITS = 32, ETAG_LENGTH = ETAG_DIGITS + 2 };

void etag_format(char etag[ETAG_TEXT], const char *sha256_hex)
{
	must(strlen(sha256_hex) >= ETAG_DIGITS);
	snprintf(etag, ETAG_TEXT, "\"%.32s\"", sha256_hex);
}

/*
 * RFC 9110 8.8.3: entity-tag = [ "W/" ] DQUOTE *etagc DQUOTE.  The length of the one at `text`, 0 when there is none.
 */
static size_t tag_length(const char *text)
{
	size_t at = strncmp(text, "W/", 2) == 0 ? 2 : 0;
	if (text[at] != '"')
		return 0;
	size_t size = strcspn(text + at + 1, "\" \t");
	return text[at + 1 + size] == '"' ? at + size + 2 : 0;
}

enum list { LIST_BAD, LIST_ANY, LIST_OTHER, LIST_HAS };

/* weak: W/"x" counts as "x" (RFC 9110 8.8.3.2), which If-None-Match wants and If-Match does not. */
static bool same_tag(const char *tag, size_t size, const char *current, bool weak)
{
	size_t skip = weak && strncmp(tag, "W/", 2) == 0 ? 2 : 0;
	return current != NULL && strlen(current) == size - skip && memcmp(tag + skip, current, size - skip) == 0;
}

static enum list read_list(const char *value, const char *current, bool weak)
{
	if (strcmp(value, "*") == 0)
		return LIST_ANY;
	enum list found = LIST_BAD;
	for (const char *at = value + strspn(value, " \t"); *at != '\0';) {
		size_t size = tag_length(at);
		if (size == 0)
			return LIST_BAD;
		if (found != LIST_HAS)
			found = same_tag(at, size, current, weak) ? LIST_HAS : LIST_OTHER;
		at += size;
		at += strspn(at, " \t");
		if (*at == '\0')
			break;
		if (*at++ != ',')
			return LIST_BAD;
		at += strspn(at, " \t");
		if (*at == '\0')
			return LIST_BAD;
	}
	return found;
}

bool etag_if_match(struct exchange *x, const char *current, struct err *err)
{
	const char *value = exchange_header(x, "if-match");
	if (value == NULL)
		return err_set(err, ERR_PRECONDITION_REQUIRED, "Send If-Match with the ETag that was read.");
	enum list list = head_count(&x->head, "if-match") > 1 ? LIST_BAD : read_list(value, current, false);
	if (list == LIST_BAD)
		return err_set(err, ERR_HEADER_INVALID, "If-Match is a list of entity tags in quotes.");
	if (list == LIST_HAS || (list == LIST_ANY && x->head.method == METHOD_DELETE && current != NULL))
		return true;
	if (current != NULL)
		exchange_set(x, "ETag", current);
	return err_set(err, ERR_PRECONDITION_FAILED, "The resource is no longer the one that was read.");
}

bool etag_none_match(const struct exchange *x, const char *current)
{
	const char *value = exchange_header(x, "if-none-match");
	if (value == NULL || current == NULL)
		return false;
	enum list list = read_list(value, current, true);
	return list == LIST_HAS || list == LIST_ANY;
}
