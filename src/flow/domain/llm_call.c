#include "flow/domain/llm_call.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/jcs.h"
#include "core/json.h"
#include "core/jw.h"
#include "crypt/digest.h"
#include "flow/domain/datum.h"
#include "flow/domain/trouble.h"

#define CACHE_TEMPERATURE .3 /* above it answers are meant to differ [flow.md 6] */

const char *llm_route(const struct llm_route *routes, size_t count, const char *base_url, const char *model)
{
	size_t best = 0;
	for (size_t i = 0; i < count; i++) {
		size_t size = strlen(routes[i].prefix);
		if (size > best && strncmp(routes[i].prefix, model, size) == 0) {
			best = size;
			base_url = routes[i].base_url;
		}
	}
	return base_url;
}

/* --- the request --- */

/* Members of the body in the order in which they are written, and what they may be. */
static const struct member {
	const char *name;
	enum json_kind kind; /* JS_REAL: any number */
	bool required;
	double low, high;
} members[] = {
	{"model", JS_STRING, true, 0, 0},
	{"messages", JS_ARRAY, true, 0, 0},
	{"max_tokens", JS_INT, false, 1, 1e7},
	{"temperature", JS_REAL, false, 0, 2},
	{"top_p", JS_REAL, false, 0, 1},
	{"tools", JS_ARRAY, false, 0, 0},
	{"response_format", JS_OBJECT, false, 0, 0},
};
enum { MEMBERS = sizeof members / sizeof *members };

static bool invalid(struct trouble *trouble, const char *name, const char *what)
{
	return trouble_set(trouble, TROUBLE_VALIDATION, "Invalid call", "%s %s", name, what);
}

static bool in_range(const struct member *m, const struct json *value)
{
	return m->low >= m->high || (json_number(value) >= m->low && json_number(value) <= m->high);
}

static bool member_holds(const struct member *m, const struct json *value, struct trouble *trouble)
{
	if (value == NULL || value->kind == JS_NULL)
		return !m->required || invalid(trouble, m->name, "is required.");
	bool right = m->kind == JS_REAL ? json_numeric(value) : value->kind == m->kind;
	if (!right)
		return invalid(trouble, m->name, "is of the wrong type.");
	if (!in_range(m, value))
		return invalid(trouble, m->name, "is out of range.");
	bool empty =
		(m->kind == JS_STRING && value->size == 0) || (m->required && m->kind == JS_ARRAY && value->count == 0);
	return !empty || invalid(trouble, m->name, "must not be empty.");
}

static bool messages_hold(const struct json *messages, struct trouble *trouble)
{
	for (uint32_t i = 0; i < messages->count; i++)
		if (json_text(&messages->items[i], "role") == NULL)
			return invalid(trouble, "messages", "must be objects that name their role.");
	return true;
}

static bool cache_holds(const struct json *cache, struct trouble *trouble)
{
	bool right = cache == NULL || cache->kind == JS_BOOL || cache->kind == JS_NULL ||
				 (cache->kind == JS_STRING && strcmp(cache->text, "force") == 0);
	return right || invalid(trouble, "cache", "must be true, false or “force”.");
}

static bool budget_holds(const struct json *budget, struct trouble *trouble)
{
	bool right = budget == NULL || budget->kind == JS_NULL ||
				 (budget->kind == JS_STRING && budget->size >= 1 && budget->size <= 255);
	return right || invalid(trouble, "budget", "must be a name of 1 to 255 bytes.");
}

static void add_json(struct jw *jw, const char *name, const struct json *value)
{
	if (value == NULL || value->kind == JS_NULL)
		return;
	jw_key(jw, name);
	jw_json(jw, value);
}

static void write_request(struct jw *jw, const struct json *with)
{
	jw_object(jw);
	for (size_t i = 0; i < MEMBERS; i++) {
		const struct json *value = json_get(with, members[i].name);
		if (strcmp(members[i].name, "max_tokens") == 0 && (value == NULL || value->kind == JS_NULL))
			jw_member_int(jw, "max_tokens", LLM_MAX_TOKENS);
		else
			add_json(jw, members[i].name, value);
	}
	const struct json *cache = json_get(with, "cache");
	jw_key(jw, "cache");
	if (cache == NULL || cache->kind == JS_NULL)
		jw_bool(jw, true);
	else
		jw_json(jw, cache);
	add_json(jw, "budget", json_get(with, "budget"));
	jw_object_end(jw);
}

struct datum *llm_call_request(struct datum *with, struct trouble *trouble)
{
	const struct json *json = datum_tree(with);
	struct buf text;
	struct jw jw;
	if (json->kind != JS_OBJECT) {
		invalid(trouble, "with", "must be an object.");
		return NULL;
	}
	for (size_t i = 0; i < MEMBERS; i++)
		if (!member_holds(&members[i], json_get(json, members[i].name), trouble))
			return NULL;
	if (!messages_hold(json_get(json, "messages"), trouble) || !cache_holds(json_get(json, "cache"), trouble) ||
		!budget_holds(json_get(json, "budget"), trouble))
		return NULL;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	write_request(&jw, json);
	return datum_take_buf(&text);
}

void llm_call_body(struct datum *request, struct buf *body)
{
	struct jw jw;
	jw_init(&jw, body);
	jw_object(&jw);
	for (size_t i = 0; i < MEMBERS; i++)
		add_json(&jw, members[i].name, json_get(datum_tree(request), members[i].name));
	jw_object_end(&jw);
}

/* --- what it may cost --- */

struct tokens llm_call_bound(struct datum *request)
{
	const struct json *max = json_get(datum_tree(request), "max_tokens");
	struct tokens tokens = {{0}};
	struct buf body;
	buf_init(&body, 0);
	llm_call_body(request, &body);
	tokens.n[PRICE_INPUT] = (int64_t)body.size;
	tokens.n[PRICE_OUTPUT] = max == NULL ? LLM_MAX_TOKENS : max->integer;
	buf_fini(&body);
	return tokens;
}

int64_t llm_call_bound_cost(struct datum *request, const struct price *price)
{
	struct tokens tokens = llm_call_bound(request);
	if (price_of_kind(price, PRICE_CACHE_WRITE) > price_of_kind(price, PRICE_INPUT)) {
		tokens.n[PRICE_CACHE_WRITE] = tokens.n[PRICE_INPUT];
		tokens.n[PRICE_INPUT] = 0;
	}
	return price_tokens(price, &tokens, NULL);
}

/* --- the cache --- */

static void write_key(struct jw *jw, const struct json *request, bool messages)
{
	jw_object(jw);
	for (size_t i = 0; i < MEMBERS; i++) {
		const struct json *value = json_get(request, members[i].name);
		if (value == NULL || (!messages && strcmp(members[i].name, "messages") == 0))
			continue;
		if (members[i].kind == JS_REAL)
			jw_member_num(jw, members[i].name, round(json_number(value) * 100) / 100);
		else
			add_json(jw, members[i].name, value);
	}
	jw_object_end(jw);
}

static void hash_key(struct datum *request, bool messages, char hex[65])
{
	struct buf text, canonical;
	struct jw jw;
	buf_init(&text, 0);
	buf_init(&canonical, 0);
	jw_init(&jw, &text);
	write_key(&jw, datum_tree(request), messages);
	struct datum *key = datum_take_buf(&text);
	jcs_write_whole(&canonical, datum_tree(key));
	sha256_hex(buf_text(&canonical), canonical.size, hex);
	datum_unref(key);
	buf_fini(&canonical);
}

void llm_call_key(struct datum *request, char hex[65])
{
	hash_key(request, true, hex);
}

void llm_call_family(struct datum *request, char hex[65])
{
	hash_key(request, false, hex);
}

bool llm_call_cacheable(struct datum *request)
{
	const struct json *json = datum_tree(request), *cache = json_get(json, "cache"),
					  *temperature = json_get(json, "temperature");
	if (cache != NULL && cache->kind == JS_STRING)
		return true; /* "force" */
	if (cache != NULL && cache->kind == JS_BOOL && !cache->boolean)
		return false;
	return temperature == NULL || json_number(temperature) <= CACHE_TEMPERATURE;
}

const char *llm_call_prompt(struct datum *request, struct arena *arena)
{
	const struct json *messages = json_get(datum_tree(request), "messages");
	struct buf text;
	buf_init(&text, 0);
	for (uint32_t i = 0; i < messages->count; i++) {
		const struct json *content = json_get(&messages->items[i], "content");
		struct jw jw;
		buf_addf(&text, "%s%s: ", i == 0 ? "" : "\n", json_text(&messages->items[i], "role"));
		jw_init(&jw, &text);
		if (content != NULL && content->kind == JS_STRING)
			buf_add(&text, content->text, content->size);
		else
			jw_json(&jw, content);
	}
	/* The end of a conversation says what is asked; a cut inside a character begins at the next one. */
	const char *from = buf_text(&text) + (text.size > LLM_EMBED_TEXT ? text.size - LLM_EMBED_TEXT : 0);
	while (((unsigned char)*from & 0xc0) == 0x80)
		from++;
	const char *kept = buf_ok(&text) ? arena_dup(arena, from) : NULL;
	buf_fini(&text);
	return kept;
}

/* --- output --- */

static void write_text(struct jw *jw, const struct json *content)
{
	struct buf text;
	if (content == NULL || content->kind != JS_ARRAY) {
		jw_str(jw, content != NULL && content->kind == JS_STRING ? content->text : NULL);
		return;
	}
	buf_init(&text, 0);
	for (uint32_t i = 0; i < content->count; i++)
		if (json_text(&content->items[i], "text") != NULL)
			buf_adds(&text, json_text(&content->items[i], "text"));
	jw_strn(jw, buf_text(&text), text.size);
	buf_fini(&text);
}

static void add_datum(struct jw *jw, const char *name, const struct datum *datum)
{
	size_t size = 4;
	const char *text = datum == NULL ? "null" : datum_bytes(datum, &size);
	jw_key(jw, name);
	jw_raw(jw, text, size);
}

struct datum *llm_answer_output(const struct llm_answer *answer, int64_t cost_micros, bool cached)
{
	char money[MONEY_TEXT];
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_key(&jw, "text");
	write_text(&jw, json_get(datum_tree(answer->message), "content"));
	add_datum(&jw, "message", answer->message);
	add_datum(&jw, "usage", answer->usage);
	jw_member_str(&jw, "cost", money_format(money, cost_micros));
	jw_member_int(&jw, "cost_micros", cost_micros);
	jw_member_bool(&jw, "cached", cached);
	add_datum(&jw, "model", answer->model);
	jw_object_end(&jw);
	return datum_take_buf(&text);
}
