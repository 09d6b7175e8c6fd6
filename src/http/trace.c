#include "http/trace.h"

#include <stdio.h>
#include <string.h>

#include "core/id.h"
#include "http/chars.h"

enum { TRACE_AT = 3, SPAN_AT = 36, FLAGS_AT = 53, PARENT_LENGTH = 55 };

bool trace_id_valid(const char *request_id)
{
	size_t size = request_id != NULL ? strlen(request_id) : 0;
	return size >= 1 && size <= TRACE_ID_MAX &&
		   strspn(request_id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == size;
}

static bool lower_hex(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!char_is(text[i], CHAR_HEX) || (text[i] >= 'A' && text[i] <= 'F'))
			return false;
	return true;
}

static bool zeros(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (text[i] != '0')
			return false;
	return true;
}

/* W3C trace-context 3.2.2: a later version may be longer, behind a further dash; ff is never valid. */
static bool parent_valid(const char *parent)
{
	size_t size = parent != NULL ? strlen(parent) : 0;
	if (size < PARENT_LENGTH || parent[2] != '-' || parent[SPAN_AT - 1] != '-' || parent[FLAGS_AT - 1] != '-')
		return false;
	bool first = memcmp(parent, "00", 2) == 0;
	if (memcmp(parent, "ff", 2) == 0 || (first ? size != PARENT_LENGTH : size > PARENT_LENGTH && parent[55] != '-'))
		return false;
	return lower_hex(parent, 2) && lower_hex(parent + TRACE_AT, 32) && lower_hex(parent + SPAN_AT, 16) &&
		   lower_hex(parent + FLAGS_AT, 2) && !zeros(parent + TRACE_AT, 32) && !zeros(parent + SPAN_AT, 16);
}

/* The second half of a UUIDv7 is random where a span needs it, and the trace id is the UUID itself: no further draw. */
static void hex_of_id(char hex[33], const char id[ID_TEXT])
{
	size_t length = 0;
	for (; *id != '\0'; id++)
		if (*id != '-')
			hex[length++] = *id;
	hex[length] = '\0';
}

void trace_begin(struct trace *trace, const char *request_id, const char *traceparent, struct id_maker *ids)
{
	char id[ID_TEXT], hex[33];
	id_make(ids, id);
	hex_of_id(hex, id);
	bool given = trace_id_valid(request_id);
	snprintf(trace->request_id, sizeof trace->request_id, "%s", given ? request_id : id);
	bool child = parent_valid(traceparent);
	snprintf(trace->caller, sizeof trace->caller, "%.16s", child ? traceparent + SPAN_AT : "");
	snprintf(trace->parent, sizeof trace->parent, "00-%.32s-%.16s-%.2s", child ? traceparent + TRACE_AT : hex, hex + 16,
			 child ? traceparent + FLAGS_AT : "01");
}
