#include "http/loopback.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/buf.h"
#include "core/env.h"
#include "core/must.h"
#include "http/exchange.h"
#include "http/metrics.h"
#include "http/service.h"
#include "http/stream.h"

/* One call: the request as bytes, and where its answer arrives, perhaps from another thread. */
struct call {
	struct gate gate;
	struct exchange *x;
	struct buf request;
	size_t at;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool answered;
};

static bool given(const struct loopback *loopback, const char *name)
{
	for (const char *const *at = loopback->headers; at != NULL && *at != NULL; at += 2)
		if (strcasecmp(*at, name) == 0)
			return true;
	return false;
}

static void write_request(struct buf *out, const struct loopback *loopback)
{
	buf_addf(out, "%s %s HTTP/1.1\r\n", loopback->method, loopback->target);
	if (!given(loopback, "host"))
		buf_adds(out, "Host: localhost\r\n");
	for (const char *const *at = loopback->headers; at != NULL && *at != NULL; at += 2)
		buf_addf(out, "%s: %s\r\n", at[0], at[1]);
	if (loopback->body_size > 0 && !given(loopback, "content-length") && !given(loopback, "transfer-encoding"))
		buf_addf(out, "Content-Length: %zu\r\n", loopback->body_size);
	buf_adds(out, "\r\n");
	buf_add(out, loopback->body, loopback->body_size);
	must(buf_ok(out));
}

static void deliver(struct exchange *x)
{
	struct call *call = x->carrier;
	pthread_mutex_lock(&call->lock);
	call->answered = true;
	pthread_cond_signal(&call->changed);
	pthread_mutex_unlock(&call->lock);
}

static void await(struct call *call)
{
	pthread_mutex_lock(&call->lock);
	while (!call->answered)
		pthread_cond_wait(&call->changed, &call->lock);
	pthread_mutex_unlock(&call->lock);
}

static enum gate_event feed(struct call *call)
{
	size_t used;
	enum gate_event event =
		gate_feed(&call->gate, call->request.bytes + call->at, call->request.size - call->at, &used);
	call->at += used;
	return event;
}

static const struct err cut_short = {.kind = ERR_REQUEST_TIMEOUT, .message = "The request is not whole."};

static void read_body(struct call *call, uint64_t body_max)
{
	enum gate_event event = gate_body(&call->gate, &call->x->body, body_max);
	if (event == GATE_MORE)
		event = feed(call);
	if (event == GATE_DONE)
		service_run(call->x->service, call->x);
	else
		service_refuse(call->x, event == GATE_REFUSED ? &call->gate.err : &cut_short);
}

static void serve(struct call *call)
{
	struct exchange *x = call->x;
	struct err err = {0};
	uint64_t body_max;
	enum gate_event event = feed(call);
	if (event != GATE_HEAD)
		exchange_refuse(x, event == GATE_REFUSED ? &call->gate.err : &cut_short);
	else if (!exchange_begin(x, &call->gate.head, &err))
		service_refuse(x, &err);
	else if (service_check(x->service, x, &body_max))
		read_body(call, body_max);
}

static void fetch(struct call *call, struct loopback *loopback)
{
	struct exchange *x = call->x;
	struct answer_form form = {
		.trace = &x->trace, .wall_us = env_wall_us(x->service->env), .stream = x->stream != NULL};
	if (x->stream != NULL)
		stream_take(x->stream, &x->answer.body);
	struct buf head;
	buf_init(&head, 0);
	answer_head(&head, &x->answer, &form);
	loopback->status = x->answer.status;
	loopback->answer_head = buf_take(&head, NULL);
	bool body = answer_has_body(x->answer.status) && x->head.method != METHOD_HEAD;
	if (!body)
		buf_reset(&x->answer.body);
	loopback->answer = buf_take(&x->answer.body, &loopback->answer_size);
	must(loopback->answer_head != NULL && loopback->answer != NULL);
}

static void finish(struct call *call)
{
	struct exchange *x = call->x;
	if (x->state == EXCHANGE_ROUTED && x->held)
		exchange_move(x, EXCHANGE_WAITING);
	exchange_move(x, EXCHANGE_SENDING);
	exchange_move(x, EXCHANGE_DONE);
	service_finished(x->service, x, x->answer.status);
}

void loopback_ask(const struct service *service, struct loopback *loopback)
{
	struct call call = {
		.x = exchange_new(service), .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
	must(call.x != NULL);
	call.x->deliver = deliver;
	call.x->carrier = &call;
	call.x->connection = &call;
	call.x->local = loopback->local;
	call.x->peer_uid = loopback->peer_uid;
	if (!loopback->local)
		snprintf(call.x->peer, sizeof call.x->peer, "%s", loopback->peer != NULL ? loopback->peer : "127.0.0.1");
	if (service->metrics != NULL)
		http_metrics_began(service->metrics);
	gate_init(&call.gate, &service->config.gate);
	buf_init(&call.request, 0);
	write_request(&call.request, loopback);
	loopback_fini(loopback);
	serve(&call);
	await(&call);
	finish(&call);
	fetch(&call, loopback);
	gate_fini(&call.gate);
	buf_fini(&call.request);
	exchange_free(call.x);
	pthread_mutex_destroy(&call.lock);
	pthread_cond_destroy(&call.changed);
}

const char *loopback_header(struct loopback *loopback, const char *name)
{
	size_t size = strlen(name);
	free(loopback->found);
	loopback->found = NULL;
	for (const char *line = strchr(loopback->answer_head, '\n'); line != NULL; line = strchr(line, '\n')) {
		line++;
		if (strncasecmp(line, name, size) != 0 || line[size] != ':')
			continue;
		loopback->found = strndup(line + size + 2, strcspn(line + size + 2, "\r"));
		must(loopback->found != NULL);
		return loopback->found;
	}
	return NULL;
}

void loopback_fini(struct loopback *loopback)
{
	free(loopback->answer_head);
	free(loopback->answer);
	free(loopback->found);
	loopback->answer_head = loopback->answer = loopback->found = NULL;
	loopback->answer_size = 0;
	loopback->status = 0;
}
