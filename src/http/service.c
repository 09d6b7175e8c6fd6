#include "http/service.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/env.h"
#include "core/must.h"
#include "http/exchange.h"
#include "http/media.h"
#include "http/metrics.h"
#include "http/router.h"
#include "http/workers.h"

static const char *const json_only[] = {"application/json", NULL};

static unsigned core_count(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	return cores < 1 ? 1 : (unsigned)cores;
}

void http_config_init(struct http_config *config)
{
	unsigned cores = core_count();
	*config = (struct http_config){
		.loops = cores < 4 ? cores : 4,
		.max_connections = 4096,
		.max_per_ip = 1024,
		.gate = {.target_bytes = 8192, .header_bytes = 32768, .header_lines = 100},
		.max_body_bytes = 1048576,
		.header_timeout_ms = 10000,
		.body_timeout_ms = 30000,
		.keepalive_ms = 75000,
		.deadline_ms = 30000,
		.drain_ms = 30000,
		.slow_reader_ms = 30000,
		.stream_comment_ms = 15000,
	};
}

bool service_refuse(struct exchange *x, const struct err *err)
{
	if (x->service->metrics != NULL)
		http_metrics_rejected(x->service->metrics, err->kind);
	exchange_fail(x, err);
	return false;
}

static bool answer_options(struct exchange *x, unsigned allow)
{
	char text[ROUTER_ALLOW_TEXT];
	router_allow(allow, text);
	exchange_set(x, "Allow", text);
	cors_preflight(x->service->config.cors, x, text);
	exchange_answer(x, 204, NULL, NULL, 0);
	return false;
}

static bool refuse_astray(struct exchange *x, const struct err *err)
{
	const struct http_hooks *hooks = &x->service->hooks;
	if (hooks->astray != NULL)
		hooks->astray(hooks->self, x);
	return service_refuse(x, err);
}

/* 404, 405, OPTIONS.  True: x->match is filled. */
static bool find_route(const struct service *service, struct exchange *x)
{
	struct err err = {0};
	unsigned allow = 0;
	if (x->head.method == METHOD_OPTIONS && strcmp(x->path, "*") == 0)
		return answer_options(x, (1u << METHODS) - (1u << METHOD_GET));
	char *path = arena_dup(&x->arena, x->path);
	must(path != NULL); /* a head fits many times into an arena */
	struct route_match match;
	enum route_found found = router_find(service->router, x->head.method, path, &match, &allow);
	if (found == ROUTE_UNKNOWN) {
		err_set(&err, ERR_NOT_FOUND, "There is nothing at this path; /docs lists what there is.");
		return refuse_astray(x, &err);
	}
	if (x->head.method == METHOD_OPTIONS)
		return answer_options(x, allow);
	if (found == ROUTE_OTHER_METHOD) {
		char text[ROUTER_ALLOW_TEXT];
		router_allow(allow, text);
		exchange_set(x, "Allow", text);
		err_set(&err, ERR_METHOD_NOT_ALLOWED, "This path answers to %s.", text);
		return refuse_astray(x, &err);
	}
	x->match = match;
	x->owner = match.owner;
	exchange_move(x, EXCHANGE_ROUTED);
	return true;
}

static bool ask_hooks(const struct service *service, struct exchange *x)
{
	const struct route *route = x->match.route;
	const struct http_hooks *hooks = &service->hooks;
	struct err err = {0};
	if (!route_public(route)) {
		err_set(&err, ERR_UNAUTHENTICATED, "This needs a login.");
		if (hooks->authorise == NULL || !hooks->authorise(hooks->self, x, route, &err))
			return service_refuse(x, &err);
	}
	if (hooks->admit != NULL && !hooks->admit(hooks->self, x, route, &err))
		return service_refuse(x, &err);
	return true;
}

static bool check_media(struct exchange *x, const struct route *route, struct err *err)
{
	const char *type = exchange_header(x, "content-type"), *encoding = exchange_header(x, "content-encoding");
	if (!head_has_body(&x->head) || route->self_verified)
		return true;
	if (encoding != NULL && strcasecmp(encoding, "identity") != 0)
		return err_set(err, ERR_MEDIA_TYPE, "A body is sent without Content-Encoding.");
	bool reads_none = route->body == NULL && route->accepts == NULL && type == NULL;
	if (!reads_none && !media_is(type, route->accepts != NULL ? route->accepts : json_only))
		return err_set(err, ERR_MEDIA_TYPE, "The body has to be %s.",
					   route->accepts != NULL ? route->accepts[0] : "application/json");
	return true;
}

static bool check_accept(struct exchange *x, const struct route *route, struct err *err)
{
	const char *const *type = route->produces != NULL ? route->produces : json_only;
	const char *accept = exchange_header(x, "accept");
	if (accept == NULL || *type == NULL)
		return true;
	for (; *type != NULL; type++)
		if (media_accepts(accept, *type) > 0)
			return true;
	return err_set(err, ERR_NOT_ACCEPTABLE, "The answer is %s.",
				   route->produces != NULL ? route->produces[0] : "application/json");
}

bool service_check(const struct service *service, struct exchange *x, uint64_t *body_max)
{
	cors_headers(service->config.cors, x);
	if (!find_route(service, x) || !ask_hooks(service, x))
		return false;
	const struct route *route = x->match.route;
	struct err err = {0};
	*body_max = route->body_max > 0 ? route->body_max : service->config.max_body_bytes;
	if (x->head.content_length > 0 && (uint64_t)x->head.content_length > *body_max) {
		err_set(&err, ERR_BODY_TOO_LARGE, "A body here has at most %llu bytes.", (unsigned long long)*body_max);
		return service_refuse(x, &err);
	}
	return (check_media(x, route, &err) && check_accept(x, route, &err)) || service_refuse(x, &err);
}

void service_handle(struct exchange *x)
{
	const struct http_hooks *hooks = &x->service->hooks;
	bool taken = false;
	x->taken = &taken;
	if (hooks->enter == NULL || hooks->enter(hooks->self, x))
		x->match.route->handler(x);
	if (!taken)
		exchange_failf(x, ERR_INTERNAL, "The handler of %s gave no answer.", x->match.route->operation);
}

/* On a worker.  Nobody waits for a late one: its answer is made without its handler. */
static void run_job(void *job, int worker)
{
	struct exchange *x = job;
	x->worker = worker;
	if (exchange_late(x))
		exchange_failf(x, ERR_DEADLINE, "The request waited too long.");
	else
		service_handle(x);
}

int service_deadline_ms(const struct service *service, const struct exchange *x)
{
	return x->local ? SERVICE_LOCAL_DEADLINE_MS : service->config.deadline_ms;
}

void service_run(const struct service *service, struct exchange *x)
{
	x->deadline_us = env_mono_us(service->env) + (int64_t)service_deadline_ms(service, x) * 1000;
	if (service->workers == NULL || x->match.route->run == RUN_INLINE) {
		service_handle(x);
		return;
	}
	exchange_move(x, EXCHANGE_WAITING);
	if (!workers_push(service->workers, run_job, x)) {
		struct err err = {0};
		err_set(&err, ERR_OVERLOADED, "All workers are busy and the queue is full.");
		service_refuse(x, &err);
	}
}

void service_finished(const struct service *service, const struct exchange *x, int status)
{
	int64_t us = env_mono_us(service->env) - x->started_us;
	if (service->metrics != NULL)
		http_metrics_ended(service->metrics, x->match.route != NULL ? x->match.index : SIZE_MAX, status, us);
	if (service->hooks.finished != NULL)
		service->hooks.finished(service->hooks.self, x, status, us);
}
