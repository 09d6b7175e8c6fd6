/* What endpoints answer to a chat completion: an object, or a stream of events. */
#include "flow/domain/llm_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "core/utf8.h"
#include "flow/domain/datum.h"
#include "flow/domain/trouble.h"

enum { TOOLS_MAX = 128, ARENA_CAP = 64 << 20 };

static bool no_completion(struct trouble *trouble, const char *why)
{
	return trouble_set(trouble, TROUBLE_COMMUNICATION, "No chat completion", "The endpoint answered %s.", why);
}

/* --- tokens --- */

static int64_t count_of(const struct json *json, const char *name)
{
	const struct json *value = json_get(json, name);
	return value != NULL && value->kind == JS_INT && value->integer > 0 ? value->integer : 0;
}

/* What was read from the provider's cache, or written to it, is part of prompt_tokens and priced apart. */
static struct tokens tokens_from(const struct json *usage)
{
	const struct json *details = json_get(usage, "prompt_tokens_details");
	struct tokens tokens = {{0}};
	int64_t prompt = count_of(usage, "prompt_tokens"), cached = count_of(details, "cached_tokens"),
			written = count_of(details, "cache_write_tokens");
	if (written == 0)
		written = count_of(details, "cache_creation_tokens");
	cached = cached < prompt ? cached : prompt;
	written = written < prompt - cached ? written : prompt - cached;
	tokens.n[PRICE_INPUT] = prompt - cached - written;
	tokens.n[PRICE_CACHED_INPUT] = cached;
	tokens.n[PRICE_CACHE_WRITE] = written;
	tokens.n[PRICE_OUTPUT] = count_of(usage, "completion_tokens");
	return tokens;
}

static bool is_object(const char *text)
{
	struct err err;
	struct datum *datum = text == NULL ? NULL : datum_parse(text, strlen(text), &err);
	bool object = datum != NULL && datum_tree(datum)->kind == JS_OBJECT;
	datum_unref(datum);
	return object;
}

static bool tools_are_sound(const struct json *message)
{
	const struct json *calls = json_get(message, "tool_calls");
	for (uint32_t i = 0; calls != NULL && calls->kind == JS_ARRAY && i < calls->count; i++)
		if (!is_object(json_text(json_get(&calls->items[i], "function"), "arguments")))
			return false;
	return true;
}

static void fill(struct llm_answer *answer, const struct json *message, const struct json *usage,
				 const struct json *model)
{
	bool counted = usage != NULL && usage->kind == JS_OBJECT;
	*answer = (struct llm_answer){.message = datum_json(message),
								  .usage = counted ? datum_json(usage) : NULL,
								  .model = datum_json(model),
								  .sound_tools = tools_are_sound(message)};
	if (counted)
		answer->tokens = tokens_from(usage);
}

/* --- one object --- */

static bool read_object(const char *body, size_t size, struct llm_answer *answer, struct trouble *trouble)
{
	struct err err;
	struct datum *datum = datum_parse(body, size, &err);
	if (datum == NULL)
		return no_completion(trouble, "what is no JSON");
	const struct json *json = datum_tree(datum), *choices = json_get(json, "choices");
	const struct json *first =
		choices != NULL && choices->kind == JS_ARRAY && choices->count > 0 ? choices->items : NULL;
	const struct json *message = json_get(first, "message");
	bool good = message != NULL && message->kind == JS_OBJECT;
	if (good)
		fill(answer, message, json_get(json, "usage"), json_get(json, "model"));
	datum_unref(datum);
	return good || no_completion(trouble, "without a message");
}

/* --- a stream --- */

struct tool {
	const char *id, *name;
	struct buf arguments;
};

struct stream {
	struct arena arena;
	struct buf content;
	bool has_content, has_message;
	const char *model;
	const struct json *usage;
	struct tool tools[TOOLS_MAX];
	size_t tools_count;
};

static void take_tool(struct stream *stream, const struct json *call)
{
	const struct json *index = json_get(call, "index"), *function = json_get(call, "function");
	int64_t at = index != NULL && index->kind == JS_INT ? index->integer : 0;
	if (at < 0 || at >= TOOLS_MAX)
		return;
	while (stream->tools_count <= (size_t)at)
		buf_init(&stream->tools[stream->tools_count++].arguments, DATUM_MAX);
	struct tool *tool = &stream->tools[at];
	if (json_text(call, "id") != NULL)
		tool->id = json_text(call, "id");
	if (json_text(function, "name") != NULL)
		tool->name = json_text(function, "name");
	if (json_text(function, "arguments") != NULL)
		buf_adds(&tool->arguments, json_text(function, "arguments"));
}

static void take_delta(struct stream *stream, const struct json *delta)
{
	const struct json *content = json_get(delta, "content"), *calls = json_get(delta, "tool_calls");
	stream->has_message = true;
	if (content != NULL && content->kind == JS_STRING) {
		stream->has_content = true;
		buf_add(&stream->content, content->text, content->size);
	}
	for (uint32_t i = 0; calls != NULL && calls->kind == JS_ARRAY && i < calls->count; i++)
		take_tool(stream, &calls->items[i]);
}

static void take_chunk(struct stream *stream, const struct json *chunk)
{
	const struct json *choices = json_get(chunk, "choices"), *usage = json_get(chunk, "usage");
	if (json_text(chunk, "model") != NULL)
		stream->model = json_text(chunk, "model");
	if (usage != NULL && usage->kind == JS_OBJECT)
		stream->usage = usage;
	if (choices != NULL && choices->kind == JS_ARRAY && choices->count > 0)
		take_delta(stream, json_get(choices->items, "delta"));
}

static void write_tools(struct jw *jw, struct stream *stream)
{
	jw_key(jw, "tool_calls");
	jw_array(jw);
	for (size_t i = 0; i < stream->tools_count; i++) {
		struct tool *tool = &stream->tools[i];
		jw_object(jw);
		jw_member_str(jw, "id", tool->id);
		jw_member_str(jw, "type", "function");
		jw_key(jw, "function");
		jw_object(jw);
		jw_member_str(jw, "name", tool->name);
		jw_member_str(jw, "arguments", buf_text(&tool->arguments));
		jw_object_end(jw);
		jw_object_end(jw);
	}
	jw_array_end(jw);
}

/* The message that its deltas make. */
static struct datum *whole_message(struct stream *stream)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_member_str(&jw, "role", "assistant");
	jw_key(&jw, "content");
	if (stream->has_content)
		jw_strn(&jw, buf_text(&stream->content), stream->content.size);
	else
		jw_null(&jw);
	if (stream->tools_count > 0)
		write_tools(&jw, stream);
	jw_object_end(&jw);
	return datum_take_buf(&text);
}

/* REF: WHATWG HTML, server-sent events: lines "data: …"; the stream of completions ends with [DONE]. */
static bool take_line(struct stream *stream, const char *line, size_t size, bool *done)
{
	const struct json *chunk;
	struct err err;
	if (size < 5 || memcmp(line, "data:", 5) != 0)
		return true;
	line += 5;
	size -= 5;
	while (size > 0 && *line == ' ')
		line++, size--;
	while (size > 0 && line[size - 1] == '\r')
		size--;
	*done = size == 6 && memcmp(line, "[DONE]", 6) == 0;
	if (*done || size == 0)
		return true;
	if (!json_parse(&stream->arena, line, size, &datum_limits, &chunk, &err))
		return false;
	take_chunk(stream, chunk);
	return true;
}

static bool take_stream(struct stream *stream, const char *body, size_t size, struct trouble *trouble)
{
	bool done = false;
	for (const char *end = body + size; body < end && !done;) {
		const char *line_end = memchr(body, '\n', (size_t)(end - body));
		size_t line = (size_t)((line_end == NULL ? end : line_end) - body);
		if (!take_line(stream, body, line, &done))
			return no_completion(trouble, "with an event that is no JSON");
		body += line + (line_end != NULL);
	}
	if (!done)
		return no_completion(trouble, "with a stream that broke off");
	return stream->has_message || no_completion(trouble, "without a message");
}

static bool read_stream(const char *body, size_t size, struct llm_answer *answer, struct trouble *trouble)
{
	struct stream *stream = calloc(1, sizeof *stream);
	must(stream != NULL);
	arena_init(&stream->arena, ARENA_CAP);
	buf_init(&stream->content, DATUM_MAX);
	bool good = take_stream(stream, body, size, trouble);
	if (good) {
		struct datum *message = whole_message(stream);
		const struct json model = {
			.kind = JS_STRING, .text = stream->model, .size = stream->model == NULL ? 0 : strlen(stream->model)};
		fill(answer, datum_tree(message), stream->usage, stream->model == NULL ? NULL : &model);
		datum_unref(message);
	}
	for (size_t i = 0; i < stream->tools_count; i++)
		buf_fini(&stream->tools[i].arguments);
	buf_fini(&stream->content);
	arena_fini(&stream->arena);
	free(stream);
	return good;
}

bool llm_answer_read(const char *content_type, const char *body, size_t size, struct llm_answer *answer,
					 struct trouble *trouble)
{
	return strncasecmp(content_type, "text/event-stream", 17) == 0 ? read_stream(body, size, answer, trouble)
																   : read_object(body, size, answer, trouble);
}

void llm_answer_fini(struct llm_answer *answer)
{
	datum_unref(answer->message);
	datum_unref(answer->usage);
	datum_unref(answer->model);
}

void llm_error_text(const char *body, size_t size, char *text, size_t room)
{
	struct err err;
	struct datum *datum = datum_parse(body, size, &err);
	const struct json *json = datum == NULL ? NULL : datum_tree(datum), *error = json_get(json, "error");
	const char *told = error != NULL && error->kind == JS_STRING ? error->text : json_text(error, "message");
	snprintf(text, room, "%.*s", told == NULL ? (int)(size < 300 ? size : 300) : 300, told == NULL ? body : told);
	utf8_mend(text);
	for (char *at = text; *at != '\0'; at++)
		if ((unsigned char)*at < ' ')
			*at = ' ';
	datum_unref(datum);
}
