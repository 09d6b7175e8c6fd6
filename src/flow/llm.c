#include "flow/llm.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/log.h"
#include "core/must.h"
#include "flow/breakers.h"
#include "flow/domain/datum.h"
#include "flow/domain/llm_call.h"
#include "flow/domain/trouble.h"
#include "flow/domain/vector.h"
#include "flow/llm_cache.h"
#include "link/circuit.h"
#include "link/outgoing.h"

enum { LINE_MAX_BYTES = 4096, URL_MAX_BYTES = 2048, EMBED_MS = 30000, SCRATCH = 1 << 20, FAILURES = 5 /* P-10.4 */ };
#define OPEN_US (INT64_C(60) * 1000000) /* P-10.4 */

struct llm {
	struct llm_options options;
	struct circuit *embeddings; /* one endpoint for everybody: one breaker */
};

struct llm *llm_open(const struct llm_options *options)
{
	struct llm *llm = calloc(1, sizeof *llm);
	must(llm != NULL);
	llm->options = *options;
	llm->embeddings = malloc(sizeof *llm->embeddings);
	must(llm->embeddings != NULL);
	circuit_init(llm->embeddings, FAILURES, OPEN_US);
	return llm;
}

void llm_close(struct llm *llm)
{
	if (llm == NULL)
		return;
	circuit_fini(llm->embeddings);
	free(llm->embeddings);
	free(llm);
}

/* --- what it costs --- */

static const char *model_of(struct datum *request)
{
	return json_text(datum_tree(request), "model");
}

/* The row for the model the author named; an unknown one has the pack's row for those, and the log says so. */
static const struct price *price_of(const struct llm *llm, const char *model)
{
	const struct prices *prices = llm->options.prices;
	int64_t now_us = env_wall_us(llm->options.env);
	const struct price *price = prices == NULL ? NULL : prices_find(prices, NULL, model, now_us);
	return price != NULL || prices == NULL ? price : prices_unknown(prices, now_us);
}

int64_t llm_bound(const struct llm *llm, struct datum *request, const char **provider, const char **currency)
{
	const struct price *price = price_of(llm, model_of(request));
	*provider = price == NULL ? NULL : price->provider;
	*currency = price == NULL ? NULL : llm->options.prices->currency;
	return price == NULL ? 0 : llm_call_bound_cost(request, price);
}

static void write_tokens(struct jw *jw, const struct tokens *tokens)
{
	jw_key(jw, "tokens");
	jw_object(jw);
	for (int kind = 0; kind < PRICE_KINDS; kind++)
		jw_member_int(jw, price_kind_names[kind], tokens->n[kind]);
	jw_object_end(jw);
}

/* `estimated`: the endpoint did not count, so the bound stands for what it took. */
static struct datum *cost_datum(const struct llm *llm, const char *model, int64_t amount, int64_t saved,
								const struct tokens *tokens, bool estimated)
{
	const struct price *price = price_of(llm, model);
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_member_int(&jw, "amount_micros", amount);
	jw_member_int(&jw, "saved_micros", saved);
	if (price != NULL) {
		jw_member_str(&jw, "currency", llm->options.prices->currency);
		jw_member_str(&jw, "provider", price->provider);
		jw_member_str(&jw, "priced_as", price->model);
	}
	jw_member_str(&jw, "model", model);
	if (tokens != NULL)
		write_tokens(&jw, tokens);
	if (estimated)
		jw_member_bool(&jw, "estimated", true);
	jw_object_end(&jw);
	return datum_take_buf(&text);
}

/* --- asking --- */

/* What came of a call: the reply, and what may be kept of it. */
struct told {
	struct llm_reply *reply;
	struct datum *kept; /* NULL: nothing */
	int64_t cost_micros;
};

static void warn_of_price(const struct llm *llm, const char *model)
{
	const struct price *price = price_of(llm, model);
	if (price != NULL && strcmp(price->model, PRICE_UNKNOWN) == 0)
		log_warn("flow: a model without a price was asked", log_str("model", model));
}

/* What is kept of an answer. */
static struct datum *kept_answer(const struct llm_answer *answer)
{
	const struct {
		const char *name;
		const struct datum *value;
	} members[] = {{"message", answer->message}, {"usage", answer->usage}, {"model", answer->model}};
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		size_t size = 4;
		const char *value = members[i].value == NULL ? "null" : datum_bytes(members[i].value, &size);
		jw_key(&jw, members[i].name);
		jw_raw(&jw, value, size);
	}
	jw_object_end(&jw);
	return datum_take_buf(&text);
}

static void take_answer(const struct llm *llm, const struct llm_question *question, const struct llm_answer *answer,
						struct told *told)
{
	const char *model = model_of(question->request);
	const struct price *price = price_of(llm, model);
	bool counted = answer->usage != NULL;
	const struct tokens tokens = counted ? answer->tokens : llm_call_bound(question->request);
	told->cost_micros = price == NULL ? 0 : price_tokens(price, &tokens, NULL);
	told->reply->output = llm_answer_output(answer, told->cost_micros, false);
	told->reply->cost = cost_datum(llm, model, told->cost_micros, 0, &tokens, !counted);
	told->kept = answer->sound_tools ? kept_answer(answer) : NULL;
	warn_of_price(llm, model);
}

/* An answer that refuses costs nothing: what was not completed is not charged. */
static void refuse(const struct llm *llm, const struct llm_question *question, const struct outgoing_answer *got,
				   struct llm_reply *reply, struct trouble *trouble)
{
	char why[300];
	llm_error_text(buf_text(&got->body), got->body.size, why, sizeof why);
	trouble_set(trouble, TROUBLE_COMMUNICATION, "The model's endpoint refused", "HTTP %d: %s", got->status, why);
	trouble->status = got->status;
	reply->definite = got->status != 502 && got->status != 504; /* a gateway's leave open what happened */
	if (reply->definite)
		reply->cost = cost_datum(llm, model_of(question->request), 0, 0, NULL, false);
}

static void take(const struct llm *llm, const struct llm_question *question, const struct outgoing_answer *got,
				 struct told *told, struct trouble *trouble)
{
	struct llm_answer answer;
	told->reply->definite = true;
	if (got->status / 100 != 2) {
		refuse(llm, question, got, told->reply, trouble);
		return;
	}
	if (!llm_answer_read(got->content_type, buf_text(&got->body), got->body.size, &answer, trouble))
		return; /* it answered, and will charge; what, nobody knows */
	take_answer(llm, question, &answer, told);
	llm_answer_fini(&answer);
}

static void tell(const struct llm *llm, const struct llm_question *question, const struct err *err,
				 const struct outgoing_answer *got, struct llm_reply *reply, struct trouble *trouble)
{
	reply->definite = !got->sent;
	if (!got->sent)
		reply->cost = cost_datum(llm, model_of(question->request), 0, 0, NULL, false);
	if (got->refused)
		trouble_set(trouble, TROUBLE_COMMUNICATION, "Address not allowed", "%s", err->message);
	else if (err->kind == ERR_DEADLINE)
		trouble_set(trouble, TROUBLE_TIMEOUT, "Timeout", "%s", err->message);
	else
		trouble_set(trouble, TROUBLE_COMMUNICATION, "No answer", "%s", err->message);
}

/* Lines of the request; `room` holds their bytes. */
struct lines {
	char authorization[LINE_MAX_BYTES], key[128], run[128], step[LINE_MAX_BYTES];
	const char *list[6];
};

static void write_lines(const struct llm *llm, const struct llm_question *q, struct lines *lines)
{
	size_t count = 0;
	lines->list[count++] = "Content-Type: application/json";
	snprintf(lines->key, sizeof lines->key, "Idempotency-Key: %s", q->effect_key);
	snprintf(lines->run, sizeof lines->run, "X-Countersign-Run: %s", q->run_id);
	snprintf(lines->step, sizeof lines->step, "X-Countersign-Step: %s", q->path);
	for (char *at = lines->step; *at != '\0'; at++) /* a name may hold anything, a line may not */
		if ((unsigned char)*at < ' ')
			*at = '?';
	snprintf(lines->authorization, sizeof lines->authorization, "Authorization: Bearer %s", llm->options.key);
	lines->list[count++] = lines->key;
	lines->list[count++] = lines->run;
	lines->list[count++] = lines->step;
	if (llm->options.key != NULL)
		lines->list[count++] = lines->authorization;
	lines->list[count] = NULL;
}

static void call(const struct llm *llm, const struct llm_question *q, struct told *told, struct trouble *trouble)
{
	const struct llm_options *o = &llm->options;
	char url[URL_MAX_BYTES];
	struct lines lines;
	struct outgoing_answer got;
	struct buf body;
	struct err err;
	snprintf(url, sizeof url, "%s/chat/completions",
			 llm_route(o->routes, o->routes_count, o->base_url, model_of(q->request)));
	write_lines(llm, q, &lines);
	buf_init(&body, 0);
	llm_call_body(q->request, &body);
	outgoing_answer_init(&got);
	const struct outgoing_request request = {.method = "POST",
											 .url = url,
											 .headers = lines.list,
											 .body = buf_text(&body),
											 .body_size = body.size,
											 .timeout_ms = q->timeout_ms,
											 .limit = DATUM_MAX,
											 .given_up = q->given_up,
											 .self = q->self};
	if (outgoing_ask(o->outgoing, &request, &got, &err))
		take(llm, q, &got, told, trouble);
	else
		tell(llm, q, &err, &got, told->reply, trouble);
	outgoing_answer_fini(&got);
	buf_fini(&body);
}

/* --- what is kept --- */

/* A hit costs nothing, and is booked as what it saved. */
static void take_hit(const struct llm *llm, const struct llm_question *q, struct llm_hit *hit, struct llm_reply *reply)
{
	const struct json *json = datum_tree(hit->answer), *usage = json_get(json, "usage");
	struct llm_answer answer = {.message = datum_json(json_get(json, "message")),
								.usage = usage->kind == JS_NULL ? NULL : datum_json(usage),
								.model = datum_json(json_get(json, "model"))};
	reply->output = llm_answer_output(&answer, 0, true);
	reply->cost = cost_datum(llm, model_of(q->request), 0, hit->cost_micros, NULL, false);
	llm_answer_fini(&answer);
	datum_unref(hit->answer);
}

/* Asked for only once the same question was not found: it costs a request. */
static void add_vector(const struct llm *llm, const struct llm_question *q, struct arena *arena,
					   struct llm_lookup *lookup)
{
	struct llm_vector vector;
	const char *prompt = lookup->vector == NULL ? llm_call_prompt(q->request, arena) : NULL;
	if (prompt == NULL || !llm_embed(llm, prompt, arena, &vector))
		return;
	lookup->vector = vector.numbers;
	lookup->dimension = vector.dimension;
	lookup->norm = vector.norm;
}

static bool found(struct llm *llm, const struct llm_question *q, struct arena *arena, struct llm_lookup *lookup,
				  struct llm_reply *reply)
{
	struct llm_hit hit;
	bool is = llm_cache_find(llm->options.cache, lookup, &hit);
	if (!is && llm->options.embedding_url != NULL) {
		add_vector(llm, q, arena, lookup);
		is = llm_cache_alike(llm->options.cache, lookup, &hit);
	}
	if (is)
		take_hit(llm, q, &hit, reply);
	return is;
}

static void call_and_keep(struct llm *llm, const struct llm_question *q, const struct llm_lookup *lookup,
						  struct told *told, struct trouble *trouble)
{
	call(llm, q, told, trouble);
	llm_cache_called(llm->options.cache, told->reply->output != NULL);
	if (lookup != NULL && told->kept != NULL)
		llm_cache_keep(llm->options.cache, lookup, told->kept, told->cost_micros);
}

static void look_first(struct llm *llm, const struct llm_question *q, struct arena *arena, struct told *told,
					   struct trouble *trouble)
{
	struct llm_lookup lookup = {.account_id = q->account_id, .model = model_of(q->request), .tags = q->tags};
	int64_t until_us = env_mono_us(llm->options.env) + q->timeout_ms * 1000;
	llm_call_key(q->request, lookup.key);
	llm_call_family(q->request, lookup.family);
	while (!found(llm, q, arena, &lookup, told->reply)) {
		int64_t left_ms = (until_us - env_mono_us(llm->options.env)) / 1000;
		if (llm_cache_enter(llm->options.cache, &lookup, left_ms > 0 ? left_ms : 0)) {
			call_and_keep(llm, q, &lookup, told, trouble);
			llm_cache_leave(llm->options.cache, &lookup);
			return;
		}
		if (left_ms <= 0 || (q->given_up != NULL && q->given_up(q->self))) {
			trouble_set(trouble, TROUBLE_TIMEOUT, "Timeout", "The same question was asked, and not answered in time.");
			told->reply->cost = cost_datum(llm, lookup.model, 0, 0, NULL, false);
			return;
		}
	}
}

void llm_ask(struct llm *llm, const struct llm_question *q, struct llm_reply *reply, struct trouble *trouble)
{
	struct told told = {.reply = reply};
	struct arena arena;
	*reply = (struct llm_reply){.definite = true};
	arena_init(&arena, SCRATCH);
	if (llm->options.cache == NULL || q->account_id == NULL)
		call(llm, q, &told, trouble);
	else if (!llm_call_cacheable(q->request))
		call_and_keep(llm, q, NULL, &told, trouble);
	else
		look_first(llm, q, &arena, &told, trouble);
	datum_unref(told.kept);
	arena_fini(&arena);
}

/* --- vectors --- */

static bool take_vector(const struct json *numbers, struct arena *arena, struct llm_vector *vector)
{
	if (numbers == NULL || numbers->kind != JS_ARRAY || numbers->count == 0 || numbers->count > VECTOR_MAX)
		return false;
	vector->numbers = arena_array(arena, numbers->count, sizeof *vector->numbers);
	vector->dimension = numbers->count;
	for (uint32_t i = 0; vector->numbers != NULL && i < numbers->count; i++) {
		if (!json_numeric(&numbers->items[i]))
			return false;
		vector->numbers[i] = (float)json_number(&numbers->items[i]);
	}
	if (vector->numbers == NULL)
		return false;
	vector->norm = vector_norm(vector->numbers, vector->dimension);
	return isfinite(vector->norm) && vector->norm > 0;
}

static bool read_vector(const struct outgoing_answer *got, struct arena *arena, struct llm_vector *vector)
{
	struct err err;
	struct datum *datum = got->status / 100 == 2 ? datum_parse(buf_text(&got->body), got->body.size, &err) : NULL;
	const struct json *data = datum == NULL ? NULL : json_get(datum_tree(datum), "data");
	bool good = data != NULL && data->kind == JS_ARRAY && data->count > 0 &&
				take_vector(json_get(data->items, "embedding"), arena, vector);
	datum_unref(datum);
	return good;
}

/* 4xx say something of the question, but for two. */
static bool is_well(int status, bool vector)
{
	return vector || (status / 100 == 4 && status != 408 && status != 429);
}

static bool ask_for_vector(const struct llm *llm, const char *text, struct arena *arena, struct llm_vector *vector,
						   bool *well)
{
	static const char *const lines[] = {"Content-Type: application/json", NULL};
	char url[URL_MAX_BYTES];
	struct outgoing_answer got;
	struct buf body;
	struct jw jw;
	struct err err = {.kind = ERR_NONE};
	snprintf(url, sizeof url, "%s/embeddings", llm->options.embedding_url);
	buf_init(&body, 0);
	jw_init(&jw, &body);
	jw_object(&jw);
	jw_member_str(&jw, "model", llm->options.embedding_model);
	jw_member_str(&jw, "input", text);
	jw_object_end(&jw);
	outgoing_answer_init(&got);
	const struct outgoing_request request = {.method = "POST",
											 .url = url,
											 .headers = lines,
											 .body = buf_text(&body),
											 .body_size = body.size,
											 .timeout_ms = EMBED_MS,
											 .limit = DATUM_MAX};
	bool good = outgoing_ask(llm->options.outgoing, &request, &got, &err) && read_vector(&got, arena, vector);
	if (!good)
		log_warn("flow: no vector was given for a question", log_int("status", got.status),
				 log_str("error", err.kind == ERR_NONE ? "" : err.message));
	*well = is_well(got.status, good);
	outgoing_answer_fini(&got);
	buf_fini(&body);
	return good;
}

bool llm_embed(const struct llm *llm, const char *text, struct arena *arena, struct llm_vector *vector)
{
	int64_t from_us = env_mono_us(llm->options.env);
	bool well;
	if (llm->options.embedding_url == NULL || !circuit_may(llm->embeddings, from_us))
		return false;
	bool good = ask_for_vector(llm, text, arena, vector, &well);
	int64_t now_us = env_mono_us(llm->options.env);
	circuit_tell_took(llm->embeddings, now_us, well, now_us - from_us);
	return good;
}

const char *llm_embedding_state(const struct llm *llm)
{
	if (llm->options.embedding_url == NULL)
		return NULL;
	return breaker_record_states[circuit_state(llm->embeddings, env_mono_us(llm->options.env))];
}

struct llm_cache *llm_answers(const struct llm *llm)
{
	return llm->options.cache;
}
