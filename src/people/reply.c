#include "people/reply.h"

#include "core/buf.h"
#include "core/env.h"
#include "http/exchange.h"
#include "http/service.h"

struct envelope_context reply_context(const struct exchange *x, char now[STAMP_TEXT])
{
	stamp_format(now, env_wall_us(x->service->env));
	return (struct envelope_context){
		.version = x->service->version,
		.git_sha = x->service->git_sha,
		.route = x->match.route != NULL ? x->match.route->path : NULL,
		.request_id = x->trace.request_id,
		.timestamp = now,
	};
}

static void finish(struct exchange *x, int status, bool written, struct buf *body)
{
	if (written)
		exchange_answer_buf(x, status, MEDIA_JSON, body);
	else
		exchange_failf(x, ERR_INTERNAL, "the result cannot be written");
	buf_fini(body);
}

void reply_fact(struct exchange *x, int status, const struct field_table *table, const void *result)
{
	reply_fact_warned(x, status, table, result, NULL);
}

void reply_fact_warned(struct exchange *x, int status, const struct field_table *table, const void *result,
					   const struct note *warning)
{
	char now[STAMP_TEXT];
	struct envelope_context context = reply_context(x, now);
	context.warning = warning;
	struct buf body;
	buf_init(&body, 0);
	finish(x, status, envelope_fact(&body, table, result, &context), &body);
}

void reply_calculated(struct exchange *x, const struct field_table *table, const void *result, const struct calc *calc,
					  const struct field_table *inputs_table, const void *inputs)
{
	char now[STAMP_TEXT];
	const struct envelope_context context = reply_context(x, now);
	const struct envelope envelope = {.result_table = table,
									  .result = result,
									  .calc = calc,
									  .inputs_table = inputs_table,
									  .inputs = inputs,
									  .context = &context};
	struct buf body;
	buf_init(&body, 0);
	finish(x, 200, envelope_calculated(&body, &envelope), &body);
}

void reply_fact_found(struct exchange *x, const struct field_table *table, const void *result, const char *search,
					  const struct note *warning)
{
	char now[STAMP_TEXT];
	struct envelope_context context = reply_context(x, now);
	context.warning = warning;
	context.search = search;
	struct buf body;
	buf_init(&body, 0);
	finish(x, 200, envelope_fact(&body, table, result, &context), &body);
}

void reply_fact_text(struct exchange *x, int status, const char *json, size_t size)
{
	reply_fact_text_warned(x, status, json, size, NULL);
}

void reply_fact_text_warned(struct exchange *x, int status, const char *json, size_t size, const struct note *warning)
{
	char now[STAMP_TEXT];
	struct envelope_context context = reply_context(x, now);
	context.warning = warning;
	struct buf body;
	buf_init(&body, 0);
	finish(x, status, envelope_fact_text(&body, json, size, &context), &body);
}

void reply_fact_hashed(struct exchange *x, int status, const char *json, size_t size,
					   const char sha256[SHA256_HEX_SIZE], const struct note *warning)
{
	char now[STAMP_TEXT];
	struct envelope_context context = reply_context(x, now);
	context.warning = warning;
	struct buf body;
	buf_init(&body, 0);
	finish(x, status, envelope_fact_hashed(&body, json, size, sha256, &context), &body);
}
