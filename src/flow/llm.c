#include "flow/llm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/log.h"
#include "core/must.h"
#include "flow/domain/datum.h"
#include "flow/domain/llm_call.h"
#include "flow/domain/trouble.h"
#include "link/outgoing.h"

enum { LINE_MAX_BYTES = 4096, URL_MAX_BYTES = 2048 };

struct llm {
	struct llm_options options;
};

struct llm *llm_open(const struct llm_options *options)
{
	struct llm *llm = calloc(1, sizeof *llm);
	must(llm != NULL);
	llm->options = *options;
	return llm;
}

void llm_close(struct llm *llm)
{
	free(llm);
}

const struct prices *llm_prices(const struct llm *llm)
{
	return llm->options.prices;
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

static void warn_of_price(const struct llm *llm, const char *model)
{
	const struct price *price = price_of(llm, model);
	if (price != NULL && strcmp(price->model, PRICE_UNKNOWN) == 0)
		log_warn("flow: a model without a price was asked", log_str("model", model));
}

static void take_answer(const struct llm *llm, const struct llm_question *question, const struct llm_answer *answer,
						struct llm_reply *reply)
{
	const char *model = model_of(question->request);
	const struct price *price = price_of(llm, model);
	bool counted = answer->usage != NULL;
	const struct tokens tokens = counted ? answer->tokens : llm_call_bound(question->request);
	int64_t cost = price == NULL ? 0 : price_tokens(price, &tokens, NULL);
	reply->output = llm_answer_output(answer, cost, false);
	reply->cost = cost_datum(llm, model, cost, 0, &tokens, !counted);
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
				 struct llm_reply *reply, struct trouble *trouble)
{
	struct llm_answer answer;
	reply->definite = true;
	if (got->status / 100 != 2) {
		refuse(llm, question, got, reply, trouble);
		return;
	}
	if (!llm_answer_read(got->content_type, buf_text(&got->body), got->body.size, &answer, trouble))
		return; /* it answered, and will charge; what, nobody knows */
	take_answer(llm, question, &answer, reply);
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

void llm_ask(struct llm *llm, const struct llm_question *q, struct llm_reply *reply, struct trouble *trouble)
{
	const struct llm_options *o = &llm->options;
	char url[URL_MAX_BYTES];
	struct lines lines;
	struct outgoing_answer got;
	struct buf body;
	struct err err;
	*reply = (struct llm_reply){.definite = true};
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
		take(llm, q, &got, reply, trouble);
	else
		tell(llm, q, &err, &got, reply, trouble);
	outgoing_answer_fini(&got);
	buf_fini(&body);
}
