#include "http/head.h"

#include <string.h>
#include <strings.h>

#include "core/arena.h"
#include "core/must.h"

static const char *const names[METHODS] = {
	[METHOD_GET] = "GET",     [METHOD_HEAD] = "HEAD",     [METHOD_POST] = "POST",       [METHOD_PUT] = "PUT",
	[METHOD_PATCH] = "PATCH", [METHOD_DELETE] = "DELETE", [METHOD_OPTIONS] = "OPTIONS",
};

const char *method_name(enum method method)
{
	must(method > METHOD_NONE && method < METHODS);
	return names[method];
}

enum method method_parse(const char *text, size_t size)
{
	for (enum method m = METHOD_GET; m < METHODS; m++)
		if (strlen(names[m]) == size && memcmp(names[m], text, size) == 0)
			return m;
	return METHOD_NONE;
}

bool head_has_body(const struct head *head)
{
	return head->chunked || head->content_length > 0;
}

static bool named(const struct header *header, const char *name, size_t size)
{
	return header->name_size == size && memcmp(header->name, name, size) == 0;
}

const char *head_get(const struct head *head, const char *name)
{
	size_t size = strlen(name);
	for (size_t i = 0; i < head->header_count; i++)
		if (named(&head->headers[i], name, size))
			return head->headers[i].value;
	return NULL;
}

size_t head_count(const struct head *head, const char *name)
{
	size_t size = strlen(name), count = 0;
	for (size_t i = 0; i < head->header_count; i++)
		count += named(&head->headers[i], name, size);
	return count;
}

bool head_lists(const char *value, const char *token)
{
	size_t size = strlen(token);
	while (value != NULL && *value != '\0') {
		value += strspn(value, " \t,");
		size_t length = strcspn(value, " \t,");
		if (length == size && strncasecmp(value, token, size) == 0)
			return true;
		value += length;
	}
	return false;
}

static const char *moved(const struct head *head, const char *at, char *text)
{
	return at == NULL ? NULL : text + (at - head->text);
}

bool head_dup(struct arena *arena, const struct head *head, struct head *copy)
{
	char *text = arena_dupn(arena, head->text, head->text_size);
	struct header *headers = arena_array(arena, head->header_count + 1, sizeof *headers);
	if (text == NULL || headers == NULL)
		return false;
	for (size_t i = 0; i < head->header_count; i++) {
		headers[i] = head->headers[i];
		headers[i].name = moved(head, headers[i].name, text);
		headers[i].value = moved(head, headers[i].value, text);
	}
	*copy = *head;
	copy->text = text;
	copy->headers = headers;
	copy->target = moved(head, head->target, text);
	copy->path = moved(head, head->path, text);
	copy->query = moved(head, head->query, text);
	return true;
}
