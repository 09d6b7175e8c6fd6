#include "http/gate.h"

#include <stdlib.h>
#include <string.h>

#include "core/must.h"
#include "http/chars.h"
#include "http/framing.h"
#include "http/target.h"

enum {
	METHOD_BYTES = 7,                  /* OPTIONS */
	REQUEST_LINE_REST = 1 + 1 + 8 + 2, /* two spaces, HTTP/1.1, line end */
	KEPT_BYTES = 2048,                 /* of head memory between requests: an idle connection stays small */
	KEPT_SPANS = 32,
	CHUNK_LINE = GATE_CHUNK_DIGITS + 1 + GATE_EXTENSION_BYTES + 2,
};

enum line { LINE_PART, LINE_WHOLE, LINE_LONG };

void gate_init(struct gate *gate, const struct gate_limits *limits)
{
	must(limits->header_lines <= GATE_HEADERS_MOST);
	*gate = (struct gate){.limits = *limits};
	buf_init(&gate->text, 0);
	buf_init(&gate->scratch, 0);
}

void gate_fini(struct gate *gate)
{
	buf_fini(&gate->text);
	buf_fini(&gate->scratch);
	free(gate->spans);
	free(gate->headers);
	gate->spans = NULL;
	gate->headers = NULL;
}

void gate_reset(struct gate *gate)
{
	if (gate->text.room > KEPT_BYTES)
		buf_fini(&gate->text);
	buf_reset(&gate->text);
	buf_fini(&gate->scratch);
	if (gate->span_room > KEPT_SPANS) {
		free(gate->spans);
		free(gate->headers);
		gate->spans = NULL;
		gate->headers = NULL;
		gate->span_room = 0;
	}
	gate->state = GATE_AT_REQUEST_LINE;
	gate->line = gate->header_bytes = gate->header_lines = gate->span_count = 0;
	gate->blank_seen = false;
	gate->body = NULL;
	gate->body_size = gate->left = 0;
}

bool gate_idle(const struct gate *gate)
{
	return gate->state == GATE_AT_REQUEST_LINE && gate->text.size == 0;
}

static enum gate_event refused(struct gate *gate)
{
	gate->state = GATE_AT_REFUSAL;
	return GATE_REFUSED;
}

static enum gate_event refuse(struct gate *gate, enum err_kind kind, const char *message)
{
	err_set(&gate->err, kind, "%s", message);
	return refused(gate);
}

static enum gate_event malformed(struct gate *gate, const char *message)
{
	return refuse(gate, ERR_REQUEST_MALFORMED, message);
}

static enum gate_event no_memory(struct gate *gate)
{
	return refuse(gate, ERR_OVERLOADED, "There is no memory for the request.");
}

/*
 * Move bytes up to the end of a line to `buf`, where the line began at `from`.  A line of more than `most` bytes is
 * LINE_LONG at the first byte too many, wherever the pieces were cut.
 */
static enum line take_line(struct buf *buf, size_t from, size_t most, const char *bytes, size_t size, size_t *used)
{
	const char *end = memchr(bytes, '\n', size);
	size_t length = end != NULL ? (size_t)(end - bytes) + 1 : size;
	*used = length;
	if (buf->size - from + length > most)
		return LINE_LONG;
	buf_add(buf, bytes, length);
	return end != NULL ? LINE_WHOLE : LINE_PART;
}

/* The length of the line at `text` without its line end; false when that is not CR LF. */
static bool line_length(const char *text, size_t size, size_t *length)
{
	*length = size - 2;
	return size >= 2 && text[size - 2] == '\r';
}

static enum gate_event check_version(struct gate *gate, const char *text, size_t size)
{
	bool form = size == 8 && memcmp(text, "HTTP/", 5) == 0 && char_is(text[5], CHAR_DIGIT) && text[6] == '.' &&
				char_is(text[7], CHAR_DIGIT);
	if (!form || text[5] == '0')
		return malformed(gate, "The request line does not end in HTTP/1.0 or HTTP/1.1.");
	if (text[5] != '1' || text[7] > '1')
		return refuse(gate, ERR_HTTP_VERSION, "Only HTTP/1.0 and HTTP/1.1 are spoken here.");
	gate->head.minor = text[7] - '0';
	return GATE_MORE;
}

static enum gate_event check_target(struct gate *gate, size_t at, size_t size)
{
	struct target_path path;
	if (size > gate->limits.target_bytes)
		return refuse(gate, ERR_TARGET_TOO_LONG, "The request target is too long.");
	if (!target_check(gate->text.bytes + at, size, gate->head.method, &path, &gate->err))
		return refused(gate);
	gate->target = at;
	gate->target_size = size;
	gate->path = at + path.at;
	gate->path_size = path.size;
	return GATE_MORE;
}

static enum gate_event request_line(struct gate *gate)
{
	const char *text = gate->text.bytes;
	size_t length;
	if (!line_length(text, gate->text.size, &length))
		return malformed(gate, "A line ends in CR LF.");
	if (length == 0) {
		if (gate->blank_seen)
			return malformed(gate, "More than one empty line stands before the request.");
		gate->blank_seen = true;
		buf_reset(&gate->text);
		return GATE_MORE;
	}
	const char *target = memchr(text, ' ', length);
	const char *version = target != NULL ? memchr(target + 1, ' ', length - (size_t)(target + 1 - text)) : NULL;
	if (version == NULL || version == target + 1)
		return malformed(gate, "A request line is a method, a target and a version with one space between.");
	gate->head.method = method_parse(text, (size_t)(target - text));
	if (gate->head.method == METHOD_NONE)
		return malformed(gate, "The method is not one that is known here.");
	size_t target_at = (size_t)(target + 1 - text), version_at = (size_t)(version + 1 - text);
	if (check_version(gate, version + 1, length - version_at) == GATE_REFUSED ||
		check_target(gate, target_at, version_at - 1 - target_at) == GATE_REFUSED)
		return GATE_REFUSED;
	gate->line = gate->text.size;
	gate->state = GATE_AT_HEADER;
	return GATE_MORE;
}

/* A header or trailer line without its end.  Sets span relative to the line. */
static enum gate_event check_field(struct gate *gate, const char *line, size_t length, struct gate_span *span)
{
	const char *colon = memchr(line, ':', length);
	if (line[0] == ' ' || line[0] == '\t')
		return malformed(gate, "A header line is folded.");
	if (colon == NULL || colon == line || !chars_all(line, (size_t)(colon - line), CHAR_TOKEN))
		return malformed(gate, "A header has no proper name.");
	size_t from = (size_t)(colon - line) + 1, to = length;
	if (!chars_all(line + from, length - from, CHAR_VALUE))
		return malformed(gate, "A header's value holds a control byte.");
	while (from < to && (line[from] == ' ' || line[from] == '\t'))
		from++;
	while (to > from && (line[to - 1] == ' ' || line[to - 1] == '\t'))
		to--;
	*span = (struct gate_span){0, (size_t)(colon - line), from, to - from};
	return GATE_MORE;
}

static bool more_spans(struct gate *gate)
{
	if (gate->span_count < gate->span_room)
		return true;
	size_t room = gate->span_room == 0 ? 16 : gate->span_room * 2;
	struct gate_span *spans = reallocarray(gate->spans, room, sizeof *spans);
	if (spans == NULL)
		return false;
	gate->spans = spans;
	struct header *headers = reallocarray(gate->headers, room, sizeof *headers);
	if (headers == NULL)
		return false;
	gate->headers = headers;
	gate->span_room = room;
	return true;
}

/* Counted against the limits of a section: headers and trailers share them. */
static enum gate_event count_field(struct gate *gate, size_t bytes)
{
	gate->header_bytes += bytes;
	if (gate->header_bytes > gate->limits.header_bytes)
		return refuse(gate, ERR_HEADERS_TOO_LARGE, "The header section is too large.");
	if (++gate->header_lines > gate->limits.header_lines)
		return refuse(gate, ERR_HEADERS_TOO_LARGE, "The header section has too many lines.");
	return GATE_MORE;
}

static const char *placed(char *text, size_t at, size_t size)
{
	text[at + size] = '\0';
	return text + at;
}

/* All lines are in, nothing moves any more: lay out texts and pointers. */
static bool lay_out(struct gate *gate)
{
	struct head *head = &gate->head;
	/* the path gets a place of its own, since the target keeps its question mark */
	char *path = buf_extend(&gate->text, gate->path_size + 2);
	if (path == NULL || !more_spans(gate))
		return false;
	char *text = gate->text.bytes;
	memcpy(path, gate->path_size > 0 ? text + gate->path : "/", gate->path_size > 0 ? gate->path_size : 1);
	path[gate->path_size > 0 ? gate->path_size : 1] = '\0';
	head->path = path;
	head->target = placed(text, gate->target, gate->target_size);
	size_t after = gate->path + gate->path_size;
	head->query = after < gate->target + gate->target_size ? text + after + 1 : NULL;
	for (size_t i = 0; i < gate->span_count; i++) {
		const struct gate_span *span = &gate->spans[i];
		for (size_t c = span->name; c < span->name + span->name_size; c++)
			if (text[c] >= 'A' && text[c] <= 'Z')
				text[c] = (char)(text[c] + 'a' - 'A');
		gate->headers[i] = (struct header){placed(text, span->name, span->name_size), span->name_size,
										   placed(text, span->value, span->value_size), span->value_size};
	}
	head->headers = gate->headers;
	head->header_count = gate->span_count;
	head->text = text;
	head->text_size = gate->text.size;
	return true;
}

static enum gate_event head_end(struct gate *gate)
{
	if (!buf_ok(&gate->text) || !lay_out(gate))
		return no_memory(gate);
	if (!framing_check(&gate->head, &gate->err))
		return refused(gate);
	gate->state = GATE_AT_BODY;
	return GATE_HEAD;
}

static enum gate_event header_line(struct gate *gate)
{
	const char *line = gate->text.bytes + gate->line;
	size_t size = gate->text.size - gate->line, length;
	if (!line_length(line, size, &length))
		return malformed(gate, "A line ends in CR LF.");
	if (length == 0)
		return head_end(gate);
	struct gate_span span;
	if (count_field(gate, size) == GATE_REFUSED || check_field(gate, line, length, &span) == GATE_REFUSED)
		return GATE_REFUSED;
	if (!more_spans(gate))
		return no_memory(gate);
	span.name += gate->line;
	span.value += gate->line;
	gate->spans[gate->span_count++] = span;
	gate->line = gate->text.size;
	return GATE_MORE;
}

static enum gate_event feed_request_line(struct gate *gate, const char *bytes, size_t size, size_t *used)
{
	/* garbage (a TLS hello, say) need not wait for a line end that may never come */
	if (gate->text.size == 0 && (bytes[0] < 'A' || bytes[0] > 'Z') && bytes[0] != '\r')
		return malformed(gate, "A request begins with a method in upper case.");
	size_t most = gate->limits.target_bytes + METHOD_BYTES + REQUEST_LINE_REST;
	switch (take_line(&gate->text, 0, most, bytes, size, used)) {
	case LINE_LONG:
		return refuse(gate, ERR_TARGET_TOO_LONG, "The request target is too long.");
	case LINE_WHOLE:
		return buf_ok(&gate->text) ? request_line(gate) : no_memory(gate);
	default:
		return GATE_MORE;
	}
}

static enum gate_event feed_header(struct gate *gate, const char *bytes, size_t size, size_t *used)
{
	size_t most = gate->limits.header_bytes - gate->header_bytes;
	switch (take_line(&gate->text, gate->line, most > 2 ? most : 2, bytes, size, used)) {
	case LINE_LONG:
		return refuse(gate, ERR_HEADERS_TOO_LARGE, "The header section is too large.");
	case LINE_WHOLE:
		return buf_ok(&gate->text) ? header_line(gate) : no_memory(gate);
	default:
		return GATE_MORE;
	}
}

static enum gate_event finished(struct gate *gate)
{
	gate->state = GATE_AT_END;
	return GATE_DONE;
}

enum gate_event gate_body(struct gate *gate, struct buf *body, uint64_t limit)
{
	must(gate->state == GATE_AT_BODY);
	gate->body = body;
	gate->body_limit = limit;
	gate->header_bytes = gate->header_lines = 0; /* trailers begin anew */
	if (gate->head.content_length > 0 && (uint64_t)gate->head.content_length > limit)
		return refuse(gate, ERR_BODY_TOO_LARGE, "The body is larger than this route takes.");
	if (!head_has_body(&gate->head))
		return finished(gate);
	gate->state = gate->head.chunked ? GATE_AT_CHUNK_SIZE : GATE_AT_LENGTH;
	gate->left = gate->head.chunked ? 0 : (uint64_t)gate->head.content_length;
	return GATE_MORE;
}

/* Body bytes of the current run, and the state that follows its last one. */
static enum gate_event feed_data(struct gate *gate, const char *bytes, size_t size, size_t *used, enum gate_state next)
{
	size_t length = size < gate->left ? size : (size_t)gate->left;
	*used = length;
	if (gate->body != NULL) {
		buf_add(gate->body, bytes, length);
		if (!buf_ok(gate->body))
			return no_memory(gate);
	}
	gate->left -= length;
	gate->body_size += length;
	if (gate->left > 0)
		return GATE_MORE;
	gate->state = next;
	return next == GATE_AT_END ? GATE_DONE : GATE_MORE;
}

static enum gate_event chunk_size(struct gate *gate)
{
	const char *line = gate->scratch.bytes;
	size_t length, digits = 0;
	if (!line_length(line, gate->scratch.size, &length))
		return malformed(gate, "A line ends in CR LF.");
	uint64_t size = 0;
	for (; digits < length && char_is(line[digits], CHAR_HEX); digits++)
		if (digits < GATE_CHUNK_DIGITS)
			size = size << 4 | char_hex(line[digits]);
	if (digits == 0 || digits > GATE_CHUNK_DIGITS || (digits < length && line[digits] != ';'))
		return malformed(gate, "A chunk does not begin with its size of 1 to 15 hex digits.");
	if (length > digits + 1 + GATE_EXTENSION_BYTES || !chars_all(line + digits, length - digits, CHAR_VALUE))
		return malformed(gate, "A chunk has an extension that is too long or holds control bytes.");
	if (size > gate->body_limit - gate->body_size)
		return refuse(gate, ERR_BODY_TOO_LARGE, "The body is larger than this route takes.");
	buf_reset(&gate->scratch);
	gate->left = size;
	gate->state = size > 0 ? GATE_AT_CHUNK_DATA : GATE_AT_TRAILER;
	return GATE_MORE;
}

static enum gate_event feed_chunk_size(struct gate *gate, const char *bytes, size_t size, size_t *used)
{
	switch (take_line(&gate->scratch, 0, CHUNK_LINE, bytes, size, used)) {
	case LINE_LONG:
		return malformed(gate, "A chunk's first line is too long.");
	case LINE_WHOLE:
		return buf_ok(&gate->scratch) ? chunk_size(gate) : no_memory(gate);
	default:
		return GATE_MORE;
	}
}

static enum gate_event feed_chunk_end(struct gate *gate, char byte, char expected, enum gate_state next, size_t *used)
{
	*used = 1;
	if (byte != expected)
		return malformed(gate, "A chunk is not as long as it says.");
	gate->state = next;
	return GATE_MORE;
}

static enum gate_event trailer_line(struct gate *gate)
{
	const char *line = gate->scratch.bytes;
	size_t length;
	struct gate_span span;
	if (!line_length(line, gate->scratch.size, &length))
		return malformed(gate, "A line ends in CR LF.");
	if (length == 0)
		return finished(gate);
	if (count_field(gate, gate->scratch.size) == GATE_REFUSED || check_field(gate, line, length, &span) == GATE_REFUSED)
		return GATE_REFUSED;
	buf_reset(&gate->scratch); /* a trailer is checked and dropped: nobody here reads them */
	return GATE_MORE;
}

static enum gate_event feed_trailer(struct gate *gate, const char *bytes, size_t size, size_t *used)
{
	size_t most = gate->limits.header_bytes - gate->header_bytes;
	switch (take_line(&gate->scratch, 0, most > 2 ? most : 2, bytes, size, used)) {
	case LINE_LONG:
		return refuse(gate, ERR_HEADERS_TOO_LARGE, "The trailers are too large.");
	case LINE_WHOLE:
		return buf_ok(&gate->scratch) ? trailer_line(gate) : no_memory(gate);
	default:
		return GATE_MORE;
	}
}

static enum gate_event feed_some(struct gate *gate, const char *bytes, size_t size, size_t *used)
{
	switch (gate->state) {
	case GATE_AT_REQUEST_LINE:
		return feed_request_line(gate, bytes, size, used);
	case GATE_AT_HEADER:
		return feed_header(gate, bytes, size, used);
	case GATE_AT_LENGTH:
		return feed_data(gate, bytes, size, used, GATE_AT_END);
	case GATE_AT_CHUNK_SIZE:
		return feed_chunk_size(gate, bytes, size, used);
	case GATE_AT_CHUNK_DATA:
		return feed_data(gate, bytes, size, used, GATE_AT_CHUNK_CR);
	case GATE_AT_CHUNK_CR:
		return feed_chunk_end(gate, bytes[0], '\r', GATE_AT_CHUNK_LF, used);
	case GATE_AT_CHUNK_LF:
		return feed_chunk_end(gate, bytes[0], '\n', GATE_AT_CHUNK_SIZE, used);
	case GATE_AT_TRAILER:
		return feed_trailer(gate, bytes, size, used);
	case GATE_AT_REFUSAL:
		return GATE_REFUSED;
	case GATE_AT_BODY:
	case GATE_AT_END:
		break;
	}
	must_fail("gate_feed() after the head or the end", __FILE__, __LINE__);
}

enum gate_event gate_feed(struct gate *gate, const char *bytes, size_t size, size_t *used)
{
	*used = 0;
	while (*used < size) {
		size_t taken = 0;
		enum gate_event event = feed_some(gate, bytes + *used, size - *used, &taken);
		*used += taken;
		if (event != GATE_MORE)
			return event;
	}
	return GATE_MORE;
}
