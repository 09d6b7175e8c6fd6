#include "seal/harness.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/embedded.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "seal/op.h"
#include "seal/pack.h"

struct harness {
	struct expr_pool *exprs;
	struct packs *packs;
	struct arena arena;
	struct op_answer answer;
	const char *text;
	const struct json *tree;
};

static const struct json_limits no_limits = {.depth = 100, .values = 100000000};

struct harness *harness_new(const struct pack_kind *const *kinds, size_t count)
{
	struct harness *harness = calloc(1, sizeof *harness);
	must(harness != NULL);
	arena_init(&harness->arena, ARENA_REQUEST_CAP);
	harness->packs = packs_new(kinds, count);
	for (const struct embedded *file = embedded_packs; file->name != NULL; file++) {
		struct err err;
		if (!packs_add(harness->packs, file->bytes, file->size, false, &err)) {
			fprintf(stderr, "%s: %s\n", file->name, err.message);
			abort();
		}
	}
	return harness;
}

void harness_free(struct harness *harness)
{
	packs_free(harness->packs);
	arena_fini(&harness->arena);
	free(harness);
}

void harness_exprs(struct harness *harness, struct expr_pool *exprs)
{
	harness->exprs = exprs;
}

static const char *refusal(struct harness *harness, const struct faults *faults, const struct err *err)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_str(&jw, "code", faults->count > 0 ? "invalid" : err_code(err->kind));
	jw_member_str(&jw, "detail", faults->count > 0 ? "" : err->message);
	jw_key(&jw, "errors");
	jw_array(&jw);
	for (const struct fault *fault = faults->first; fault != NULL; fault = fault->next) {
		jw_object(&jw);
		jw_member_str(&jw, "pointer", fault->pointer);
		jw_member_str(&jw, "code", fault->code);
		jw_member_str(&jw, "message", fault->message);
		jw_object_end(&jw);
	}
	jw_array_end(&jw);
	jw_object_end(&jw);
	const char *text = arena_dup(&harness->arena, buf_text(&buf));
	buf_fini(&buf);
	return text;
}

bool harness_call(struct harness *harness, const struct op *op, const char *format, ...)
{
	arena_reset(&harness->arena);
	harness->arena.cap = op->memory_max > ARENA_REQUEST_CAP ? op->memory_max : ARENA_REQUEST_CAP;
	char *body;
	va_list args;
	va_start(args, format);
	must(vasprintf(&body, format, args) >= 0);
	va_end(args);
	const struct op_context context = {.packs = harness->packs,
									   .exprs = harness->exprs,
									   .envelope = {.version = "test", .git_sha = "test", .route = "test"}};
	struct faults faults = {0};
	struct err err = {.kind = ERR_NONE};
	const struct json *tree;
	bool done = json_parse(&harness->arena, body, strlen(body), op->limits != NULL ? op->limits : &json_body_limits,
						   &tree, &err) &&
				op_run(op, &context, tree, &harness->arena, &harness->answer, &faults, &err);
	free(body);
	harness->text = done ? harness->answer.envelope : refusal(harness, &faults, &err);
	must(json_parse(&harness->arena, harness->text, strlen(harness->text), &no_limits, &harness->tree, &err));
	return done;
}

static const struct json *at(const struct harness *harness, const char *pointer)
{
	const struct json *json = harness->tree;
	char token[128];
	while (json != NULL && *pointer == '/') {
		size_t size = strcspn(pointer + 1, "/");
		must(size < sizeof token);
		memcpy(token, pointer + 1, size);
		token[size] = '\0';
		pointer += 1 + size;
		if (json->kind == JS_ARRAY) {
			size_t index = strtoul(token, NULL, 10);
			json = index < json->count ? &json->items[index] : NULL;
		} else {
			json = json_get(json, token);
		}
	}
	return json;
}

double harness_number(const struct harness *harness, const char *pointer)
{
	const struct json *json = at(harness, pointer);
	return json != NULL && json_numeric(json) ? json_number(json) : NAN;
}

const char *harness_text(const struct harness *harness, const char *pointer)
{
	const struct json *json = at(harness, pointer);
	return json != NULL && json->kind == JS_STRING ? json->text : NULL;
}

bool harness_bool(const struct harness *harness, const char *pointer)
{
	const struct json *json = at(harness, pointer);
	must(json != NULL && json->kind == JS_BOOL);
	return json->boolean;
}

int harness_count(const struct harness *harness, const char *pointer)
{
	const struct json *json = at(harness, pointer);
	if (json == NULL)
		return -3;
	if (json->kind == JS_NULL)
		return -2;
	return json->kind == JS_ARRAY || json->kind == JS_OBJECT ? (int)json->count : -1;
}

int harness_find(const struct harness *harness, const char *pointer, const char *member, const char *text)
{
	const struct json *rows = at(harness, pointer);
	for (uint32_t i = 0; rows != NULL && rows->kind == JS_ARRAY && i < rows->count; i++) {
		const char *value = json_text(&rows->items[i], member);
		if (value != NULL && strcmp(value, text) == 0)
			return (int)i;
	}
	return -1;
}

bool harness_refused(const struct harness *harness, const char *pointer, const char *code)
{
	if (pointer == NULL) {
		const char *own = harness_text(harness, "/code");
		return own != NULL && strcmp(own, code) == 0;
	}
	const struct json *errors = at(harness, "/errors");
	for (uint32_t i = 0; errors != NULL && i < errors->count; i++)
		if (strcmp(json_text(&errors->items[i], "pointer"), pointer) == 0 &&
			strcmp(json_text(&errors->items[i], "code"), code) == 0)
			return true;
	return false;
}

bool harness_noted(const struct harness *harness, const char *code)
{
	return harness_find(harness, "/assumptions", "code", code) >= 0 ||
		   harness_find(harness, "/warnings", "code", code) >= 0;
}

const char *harness_answer(const struct harness *harness)
{
	return harness->text;
}

const char *harness_content_sha256(const struct harness *harness)
{
	return harness->answer.content_sha256;
}
