#include "sign/search.h"

#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "link/client.h"
#include "sign/domain/words.h"
#include "sign/projects_repo.h"
#include "sign/search_call.h"
#include "sign/sign_internal.h"

enum { LOGIN_MAX = 200 };

static const struct json_limits answer_limits = {.depth = 20, .values = 100000};

bool sign_search(void *self, const struct sign_search_call *call, int *status, struct buf *answer, struct err *err)
{
	const struct sign_api_options *options = self;
	const char *headers[2] = {NULL, NULL};
	struct buf url, header;
	buf_init(&url, 0);
	buf_init(&header, 0);
	buf_addf(&url, "%s%s", options->search_url, call->path);
	if (options->search_login != NULL) {
		buf_adds(&header, "Authorization: Basic ");
		base64_add(&header, options->search_login, strlen(options->search_login));
		headers[0] = buf_text(&header);
	}
	const struct client_request request = {.method = call->method,
										   .url = buf_text(&url),
										   .headers = headers,
										   .body = call->body,
										   .body_size = call->body != NULL ? strlen(call->body) : 0,
										   .timeout_ms = call->timeout_ms,
										   .limit = SEARCH_ANSWER_MAX};
	bool asked = client_ask(&request, status, answer, err);
	buf_fini(&header);
	buf_fini(&url);
	return asked;
}

bool search_call(struct sign_api *api, const struct sign_search_call *call, struct arena *arena, int *status,
				 const struct json **answer, struct err *err)
{
	const struct sign_api_options *options = &api->options;
	struct buf body;
	int64_t began_us = env_mono_us(options->env);
	if (!circuit_may(&api->search, began_us))
		return err_set(err, ERR_UNAVAILABLE, "the search engine is left alone after failures");
	buf_init(&body, SEARCH_ANSWER_MAX);
	bool asked = options->search(options->search_self, call, status, &body, err);
	/* What it refuses (4xx) it does answer; only 429 and 5xx say that it is not well. */
	bool well = asked && *status != 429 && *status < 500;
	int64_t now_us = env_mono_us(options->env);
	circuit_tell_took(&api->search, now_us, well, now_us - began_us);
	*answer = NULL;
	if (asked && body.size > 0)
		json_parse(arena, buf_text(&body), body.size, &answer_limits, answer, NULL);
	buf_fini(&body);
	return well || (asked ? err_set(err, ERR_UNAVAILABLE, "the search engine answered %d", *status) : false);
}

bool sign_search_status(struct sign_api *api, char colour[16], struct err *err)
{
	static const struct sign_search_call call = {.method = "GET", .path = "/_cluster/health", .timeout_ms = 1800};
	struct arena arena;
	struct buf body;
	const struct json *answer = NULL;
	int status = 0;
	arena_init(&arena, ARENA_REQUEST_CAP);
	buf_init(&body, SEARCH_ANSWER_MAX);
	bool asked = api->options.search(api->options.search_self, &call, &status, &body, err);
	if (asked && status == 200)
		json_parse(&arena, buf_text(&body), body.size, &answer_limits, &answer, NULL);
	const char *said = answer != NULL ? json_text(answer, "status") : NULL;
	if (said != NULL)
		snprintf(colour, 16, "%s", said);
	buf_fini(&body);
	arena_fini(&arena);
	return asked && (said != NULL || err_set(err, ERR_UNAVAILABLE, "the search engine answered %d", status));
}

/* --- the question --- */

static void write_term(struct jw *jw, const char *field, const char *value)
{
	jw_object(jw);
	jw_key(jw, "term");
	jw_object(jw);
	jw_member_str(jw, field, value);
	jw_object_end(jw);
	jw_object_end(jw);
}

/* Each word must begin one of the project's, as the store has it. */
static void write_word(struct jw *jw, const char *word)
{
	static const char *const fields[] = {"name^2", "customer", "description", "site_name", "street"};
	jw_object(jw);
	jw_key(jw, "multi_match");
	jw_object(jw);
	jw_member_str(jw, "query", word);
	jw_member_str(jw, "type", "bool_prefix");
	jw_key(jw, "fields");
	jw_array(jw);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		jw_str(jw, fields[i]);
	jw_array_end(jw);
	jw_object_end(jw);
	jw_object_end(jw);
}

static void write_bool(struct jw *jw, const struct search_query *query, const struct words *words)
{
	jw_object(jw);
	jw_key(jw, "bool");
	jw_object(jw);
	jw_key(jw, "filter");
	jw_array(jw);
	write_term(jw, "account_id", query->account_id);
	if (query->status >= 0)
		write_term(jw, "status", project_status_names[query->status]);
	jw_array_end(jw);
	jw_key(jw, "must");
	jw_array(jw);
	for (size_t i = 0; i < words->count && i < PROJECT_QUERY_WORDS; i++)
		write_word(jw, words->items[i]);
	jw_array_end(jw);
	jw_object_end(jw);
	jw_object_end(jw);
}

static void write_order(struct jw *jw, const char *field)
{
	jw_object(jw);
	jw_member_str(jw, field, "desc");
	jw_object_end(jw);
}

static const char *question(const struct search_query *query, const struct words *words, struct arena *arena)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_int(&jw, "size", (int64_t)query->limit);
	jw_member_bool(&jw, "_source", false);
	jw_member_bool(&jw, "track_total_hits", false);
	jw_key(&jw, "query");
	write_bool(&jw, query, words);
	jw_key(&jw, "sort");
	jw_array(&jw);
	write_order(&jw, "_score");
	write_order(&jw, "project_id");
	jw_array_end(&jw);
	if (query->after != NULL) {
		jw_key(&jw, "search_after");
		jw_raw(&jw, query->after, strlen(query->after));
	}
	jw_object_end(&jw);
	const char *text = jw_ok(&jw) ? arena_dup(arena, buf_text(&buf)) : NULL;
	buf_fini(&buf);
	return text;
}

/* --- the answer --- */

static const char *text_of(const struct json *json, struct arena *arena)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_json(&jw, json);
	const char *text = arena_dup(arena, buf_text(&buf));
	buf_fini(&buf);
	return text;
}

static bool read_hits(const struct json *answer, size_t limit, struct arena *arena, struct search_found *found)
{
	const struct json *hits = json_get(json_get(answer, "hits"), "hits");
	if (hits == NULL || hits->kind != JS_ARRAY)
		return false;
	found->count = 0;
	found->ids = arena_array(arena, limit, sizeof *found->ids);
	found->marks = arena_array(arena, limit, sizeof *found->marks);
	if (found->ids == NULL || found->marks == NULL)
		return false;
	for (uint32_t i = 0; i < hits->count && found->count < limit; i++) {
		const char *id = json_text(&hits->items[i], "_id");
		if (id == NULL)
			return false;
		found->ids[found->count] = id;
		found->marks[found->count++] = text_of(json_get(&hits->items[i], "sort"), arena);
	}
	return true;
}

/* NULL: answered; or why not, and *again: another try may help. */
static const char *ask_once(struct sign_api *api, const struct sign_search_call *call, size_t limit,
							struct arena *arena, struct search_found *found, bool *again)
{
	const struct json *answer;
	struct err err;
	int status = 0;
	*again = false;
	if (circuit_wait_us(&api->search, env_mono_us(api->options.env)) > 0)
		return "circuit_open";
	if (!search_call(api, call, arena, &status, &answer, &err)) {
		*again = err.kind != ERR_DEADLINE;
		return err.kind == ERR_DEADLINE ? "timeout" : "unavailable";
	}
	if (status == 404) { /* somebody took the index away: the worker makes it anew */
		api->search_state = SEARCH_UNKNOWN;
		return "index_missing";
	}
	if (status != 200)
		return "refused";
	return read_hits(answer, limit, arena, found) ? NULL : "bad_answer";
}

const char *search_find(struct sign_api *api, const struct search_query *query, struct arena *arena,
						struct search_found *found)
{
	struct words words = {.count = 0};
	int64_t until_us = env_mono_us(api->options.env) + SEARCH_TIME_MS * 1000LL;
	const char *why = "timeout";
	bool again = true;
	if (api->options.search == NULL)
		return "not_configured";
	if (api->search_state != SEARCH_READY)
		return api->search_state == SEARCH_FILLING ? "index_filling" : "index_missing";
	words_add(&words, query->text);
	*found = (struct search_found){.count = 0};
	if (words.count == 0)
		return NULL; /* nothing but punctuation is in no project's words */
	struct sign_search_call call = {
		.method = "POST", .path = "/projects/_search", .body = question(query, &words, arena)};
	for (int try = 0; try < SEARCH_TRIES && again && call.body != NULL; try++) {
		call.timeout_ms = (int)((until_us - env_mono_us(api->options.env)) / 1000);
		if (call.timeout_ms <= 0)
			break;
		why = ask_once(api, &call, query->limit, arena, found, &again);
	}
	return why;
}
