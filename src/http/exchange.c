#include "http/exchange.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/env.h"
#include "core/jw.h"
#include "core/must.h"
#include "core/problem.h"
#include "core/stamp.h"
#include "http/claims.h"
#include "http/etag.h"
#include "http/fitting.h"
#include "http/forwarded.h"
#include "http/media.h"
#include "http/service.h"
#include "http/squeeze.h"
#include "http/stream.h"
#include "http/target.h"
#include "http/workers.h"

enum {
	KEPT_ARENA = 64 * 1024, /* bytes an idle exchange may keep */
	US_PER_MS = 1000,
};

#define TO(state) (1u << EXCHANGE_##state)

/* Where each state may go. */
static const unsigned edges[EXCHANGE_STATES] = {
	[EXCHANGE_READING] = TO(ROUTED) | TO(SENDING) | TO(ABANDONED),
	[EXCHANGE_ROUTED] = TO(WAITING) | TO(SENDING) | TO(ABANDONED),
	[EXCHANGE_WAITING] = TO(SENDING) | TO(ABANDONED),
	[EXCHANGE_SENDING] = TO(DONE) | TO(ABANDONED),
};

void exchange_move(struct exchange *x, enum exchange_state state)
{
	must(edges[x->state] & 1u << state);
	x->state = state;
}

struct exchange *exchange_new(const struct service *service)
{
	struct exchange *x = calloc(1, sizeof *x);
	if (x == NULL)
		return NULL;
	x->service = service;
	arena_init(&x->arena, ARENA_REQUEST_CAP);
	buf_init(&x->body, 0);
	buf_init(&x->members, 0);
	answer_init(&x->answer);
	return x;
}

void exchange_free(struct exchange *x)
{
	if (x == NULL)
		return;
	if (x->stream != NULL)
		stream_gone(x->stream);
	arena_fini(&x->arena);
	buf_fini(&x->body);
	buf_fini(&x->members);
	answer_fini(&x->answer);
	free(x);
}

void exchange_reset(struct exchange *x)
{
	if (x->stream != NULL)
		stream_gone(x->stream);
	struct exchange kept = *x;
	if (kept.arena.used > KEPT_ARENA)
		arena_fini(&kept.arena);
	else
		arena_reset(&kept.arena);
	buf_fini(&kept.body);
	buf_fini(&kept.members);
	answer_reset(&kept.answer);
	kept.arena.cap = ARENA_REQUEST_CAP; /* an operation may have raised it for one exchange */
	*x = (struct exchange){.arena = kept.arena, .body = kept.body, .members = kept.members, .answer = kept.answer};
	x->service = kept.service;
}

static void start_clocks(struct exchange *x)
{
	const struct service *service = x->service;
	x->started_us = env_mono_us(service->env);
	x->received_us = env_wall_us(service->env);
	x->deadline_us = x->started_us + (int64_t)service->config.deadline_ms * US_PER_MS;
}

static bool decode_target(struct exchange *x, struct err *err)
{
	x->path = target_decode(&x->arena, x->head.path, strlen(x->head.path), false);
	if (x->path == NULL)
		return err_set(err, ERR_REQUEST_MALFORMED, "The path is not UTF-8.");
	return target_query(&x->arena, x->head.query, &x->query, &x->query_count, err);
}

bool exchange_begin(struct exchange *x, const struct head *head, struct err *err)
{
	start_clocks(x);
	trace_begin(&x->trace, head_get(head, "x-request-id"), head_get(head, "traceparent"), x->service->ids);
	if (!head_dup(&x->arena, head, &x->head))
		return err_set(err, ERR_LIMIT, "The request takes too much memory.");
	forwarded_apply(&x->service->config.proxies, x);
	return decode_target(x, err);
}

const char *exchange_header(const struct exchange *x, const char *name)
{
	return head_get(&x->head, name);
}

const char *exchange_param(const struct exchange *x, const char *name)
{
	for (size_t i = 0; i < x->match.param_count; i++)
		if (strcmp(x->match.params[i].name, name) == 0)
			return x->match.params[i].value;
	must_fail("the route has no such parameter", __FILE__, __LINE__);
}

const char *exchange_query(const struct exchange *x, const char *name)
{
	for (size_t i = 0; i < x->query_count; i++)
		if (strcmp(x->query[i].name, name) == 0)
			return x->query[i].value;
	return NULL;
}

int exchange_accepts(const struct exchange *x, const char *media_type)
{
	return media_accepts(head_get(&x->head, "accept"), media_type);
}

void exchange_set(struct exchange *x, const char *name, const char *value)
{
	answer_header(&x->answer, name, value);
}

void exchange_setf(struct exchange *x, const char *name, const char *format, ...)
{
	char value[1024];
	va_list args;
	va_start(args, format);
	vsnprintf(value, sizeof value, format, args);
	va_end(args);
	answer_header(&x->answer, name, value);
}

/* The handler has done its duty.  Told to its caller by a flag outside, as the exchange may be gone when it returns. */
static void take(struct exchange *x)
{
	if (x->taken != NULL)
		*x->taken = true;
	x->taken = NULL;
}

void exchange_hold(struct exchange *x)
{
	x->held = true;
	take(x);
}

bool exchange_late(const struct exchange *x)
{
	return atomic_load_explicit(&x->gone, memory_order_relaxed) || env_mono_us(x->service->env) >= x->deadline_us;
}

static void squeeze_and_deliver(void *self, int worker)
{
	struct exchange *x = self;
	(void)worker;
	squeeze(x);
	x->deliver(x);
}

/* Refusals before the handler are fetched by the loop at once; only what a handler said can wait for a worker. */
static bool squeezed_elsewhere(struct exchange *x, bool in_handler)
{
	struct workers *workers = x->service->workers;
	if ((!x->held && !in_handler) || workers == NULL || !squeeze_wanted(x))
		return false;
	if (in_handler && x->worker > 0) {
		squeeze(x);
		return false;
	}
	x->held = true; /* the loop waits for it, as for any answer from elsewhere */
	return workers_push(workers, squeeze_and_deliver, x);
}

/* A success that does not say what the body claims is none: its headers go with it. */
static bool refuse_claims(struct exchange *x)
{
	struct faults refused;
	bool hold = claims_hold(x, &refused);
	x->claims = NULL;
	if (hold)
		return false;
	x->misclaimed = true;
	if (x->answer.headers.size > x->claims_headers)
		buf_cut(&x->answer.headers, x->claims_headers);
	exchange_fail_faults(x, ERR_INVALID, &refused);
	return true;
}

bool exchange_misclaimed(const struct exchange *x)
{
	return x->misclaimed;
}

/* A success that is not as the document says: a fault of the program, as the log tells. */
static bool refuse_unfitting(struct exchange *x)
{
	struct err err = {0};
	if (x->answer.status / 100 != 2 || x->match.route == NULL || x->head.method == METHOD_OPTIONS ||
		fitting_answer(x->match.route, &x->answer, &err))
		return false;
	exchange_fail(x, &err);
	return true;
}

/*
 * [P-8.4] Is what is about to be answered known to whoever asks, by its ETag?  Reads alone: a GET that hands something
 * out (a terminal's poll) looks for itself.
 */
static bool is_known(const struct exchange *x, int status)
{
	char etag[128];
	size_t length;
	if (status != 200 || x->match.route == NULL || x->match.route->effect != EFFECT_READ ||
		exchange_header(x, "if-none-match") == NULL)
		return false;
	const char *value = answer_value(&x->answer, "ETag", &length);
	if (value == NULL || length >= sizeof etag)
		return false;
	memcpy(etag, value, length);
	etag[length] = '\0';
	return etag_none_match(x, etag);
}

/* From here on the exchange belongs to whoever carries it: nothing may touch it after deliver(). */
static void deliver(struct exchange *x, int status, const char *type)
{
	must(!x->answered);
	if (is_known(x, status)) {
		buf_reset(&x->answer.body);
		status = 304;
		type = NULL;
	}
	x->answer.status = status;
	x->answer.type = type;
	if (x->claims != NULL && claims_asked(x, status) && refuse_claims(x))
		return;
	if (x->service->config.check_answers && refuse_unfitting(x))
		return;
	if (x->drafting)
		return;
	x->answered = true;
	bool in_handler = x->taken != NULL;
	take(x);
	if (!squeezed_elsewhere(x, in_handler))
		x->deliver(x);
}

void exchange_draft(struct exchange *x, bool drafting)
{
	x->drafting = drafting;
	if (drafting)
		x->draft_headers = x->answer.headers.size;
}

void exchange_undraft(struct exchange *x)
{
	must(!x->drafting && !x->answered);
	if (x->answer.headers.size > x->draft_headers)
		buf_cut(&x->answer.headers, x->draft_headers);
	buf_reset(&x->answer.body);
	x->answer.status = 0;
}

void exchange_send(struct exchange *x)
{
	must(!x->drafting && x->answer.status != 0);
	deliver(x, x->answer.status, x->answer.type);
}

void exchange_answer(struct exchange *x, int status, const char *type, const void *bytes, size_t size)
{
	must(status >= 200 && status < 600);
	buf_reset(&x->answer.body);
	buf_add(&x->answer.body, bytes, size);
	if (!buf_ok(&x->answer.body))
		exchange_failf(x, ERR_OVERLOADED, "There is no memory for the answer.");
	else
		deliver(x, status, type);
}

void exchange_answer_buf(struct exchange *x, int status, const char *type, struct buf *body)
{
	must(status >= 200 && status < 600);
	bool whole = buf_ok(body);
	buf_fini(&x->answer.body);
	x->answer.body = *body;
	buf_init(body, body->limit);
	if (whole)
		deliver(x, status, type);
	else
		exchange_failf(x, ERR_INTERNAL, "The answer could not be written.");
}

void exchange_member(struct exchange *x, const char *name, const char *json)
{
	struct jw jw;
	jw_init(&jw, &x->members);
	jw.comma = true;
	jw_key(&jw, name);
	jw_raw(&jw, json, strlen(json));
}

/* What goes with a status whatever the reason: RFC 9110 11.6.1 and 10.2.3. */
static void usual_headers(struct answer *answer, enum err_kind kind)
{
	int status = err_status(kind);
	if (status == 401 && !answer_has(answer, "WWW-Authenticate"))
		answer_header(answer, "WWW-Authenticate", "Bearer");
	if (status == 503 && !answer_has(answer, "Retry-After"))
		answer_header(answer, "Retry-After", "1");
}

/* What exchange_member() gathered, each with its comma. */
static void write_members(struct jw *jw, const void *self)
{
	const struct buf *members = self;
	buf_add(jw->buf, members->bytes, members->size);
}

static void write_problem(const struct exchange *x, struct answer *answer, const struct err *err,
						  const struct faults *faults, const struct buf *members)
{
	const struct service *service = x->service;
	struct problem problem = problem_of(err, NULL);
	char now[STAMP_TEXT];
	stamp_format(now, env_wall_us(service->env));
	problem.faults = faults;
	problem.instance = x->head.path != NULL ? x->head.path : "";
	problem.route = x->match.route != NULL ? x->match.route->path : NULL;
	problem.request_id = x->trace.request_id;
	problem.timestamp = now;
	problem.version = service->version;
	problem.git_sha = service->git_sha;
	problem.extend = members != NULL && members->size > 0 ? write_members : NULL;
	problem.self = members;
	struct jw jw;
	buf_reset(&answer->body);
	jw_init(&jw, &answer->body);
	problem_write(&jw, &problem);
	usual_headers(answer, err->kind);
	answer->status = err_status(err->kind);
	answer->type = MEDIA_PROBLEM;
}

void exchange_problem(const struct exchange *x, struct answer *answer, const struct err *err)
{
	write_problem(x, answer, err, NULL, NULL);
}

static void fail(struct exchange *x, const struct err *err, const struct faults *faults)
{
	const struct http_hooks *hooks = &x->service->hooks;
	if (err_status(err->kind) == 500 && hooks->failed != NULL)
		hooks->failed(hooks->self, x, err);
	write_problem(x, &x->answer, err, faults, &x->members);
	deliver(x, x->answer.status, x->answer.type);
}

void exchange_fail(struct exchange *x, const struct err *err)
{
	fail(x, err, NULL);
}

void exchange_failf(struct exchange *x, enum err_kind kind, const char *format, ...)
{
	struct err err = {0};
	char message[ERR_MESSAGE_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(message, sizeof message, format, args);
	va_end(args);
	err_set(&err, kind, "%s", message);
	fail(x, &err, NULL);
}

void exchange_fail_faults(struct exchange *x, enum err_kind kind, const struct faults *faults)
{
	struct err err = {0};
	err_set(&err, kind, "%s", err_title(kind));
	fail(x, &err, faults);
}

void exchange_refuse(struct exchange *x, const struct err *err)
{
	start_clocks(x);
	trace_begin(&x->trace, NULL, NULL, x->service->ids);
	service_refuse(x, err);
}
