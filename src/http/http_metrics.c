/* The front's own figures, kept per row of the router so that labels are few [P-11.2]. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/must.h"
#include "http/head.h"
#include "http/metrics.h"
#include "http/router.h"

/* Those that are counted apart; 0: nothing was sent.  Whatever else there may be is "other". */
static const int statuses[] = {0,   200, 201, 202, 204, 206, 207, 301, 302, 303, 304, 307, 308,
							   400, 401, 403, 404, 405, 406, 408, 409, 410, 412, 413, 415, 416,
							   417, 422, 428, 429, 431, 500, 501, 502, 503, 504, 505};
enum { STATUSES = sizeof statuses / sizeof *statuses, OTHER = STATUSES };

struct row {
	_Atomic uint64_t requests[STATUSES + 1];
	struct metrics_histogram duration;
};

struct http_metrics {
	const struct router *router;
	struct row *rows; /* one more than the router has: requests that found no route */
	size_t count;
	_Atomic int64_t in_flight, connections;
	_Atomic uint64_t rejected[ERR_KINDS];
};

enum { STATUS_TEXT = 16 };

static const char *status_name(size_t i, char text[STATUS_TEXT])
{
	if (i == OTHER)
		return "other";
	if (statuses[i] == 0)
		return "none";
	snprintf(text, STATUS_TEXT, "%d", statuses[i]);
	return text;
}

static size_t status_place(int status)
{
	size_t i = 0;
	while (i < STATUSES && statuses[i] != status)
		i++;
	return i;
}

static void row_labels(const struct http_metrics *http, size_t i, struct buf *labels)
{
	const struct route *route = i + 1 < http->count ? router_at(http->router, i) : NULL;
	metrics_label(labels, "route", route != NULL ? route->path : "none");
	metrics_label(labels, "method", route != NULL ? method_name(route->method) : "none");
}

static void collect_requests(void *self, struct metrics_out *out)
{
	const struct http_metrics *http = self;
	struct buf labels;
	char name[STATUS_TEXT];
	buf_init(&labels, 0);
	for (size_t i = 0; i < http->count; i++)
		for (size_t status = 0; status <= OTHER; status++) {
			uint64_t count = atomic_load_explicit(&http->rows[i].requests[status], memory_order_relaxed);
			if (count == 0)
				continue;
			buf_reset(&labels);
			row_labels(http, i, &labels);
			metrics_label(&labels, "status", status_name(status, name));
			metrics_sample(out, buf_text(&labels), (double)count);
		}
	buf_fini(&labels);
}

static bool row_used(const struct row *row)
{
	for (size_t status = 0; status <= OTHER; status++)
		if (atomic_load_explicit(&row->requests[status], memory_order_relaxed) > 0)
			return true;
	return false;
}

static void collect_durations(void *self, struct metrics_out *out)
{
	const struct http_metrics *http = self;
	struct buf labels;
	buf_init(&labels, 0);
	for (size_t i = 0; i < http->count; i++) {
		if (!row_used(&http->rows[i]))
			continue;
		buf_reset(&labels);
		row_labels(http, i, &labels);
		metrics_histogram(out, buf_text(&labels), &http->rows[i].duration);
	}
	buf_fini(&labels);
}

static void collect_in_flight(void *self, struct metrics_out *out)
{
	metrics_sample(out, NULL, (double)atomic_load(&((struct http_metrics *)self)->in_flight));
}

static void collect_connections(void *self, struct metrics_out *out)
{
	metrics_sample(out, NULL, (double)atomic_load(&((struct http_metrics *)self)->connections));
}

/* Kinds share codes, and a sample's labels are unique: the first kind of a code sums up all of them. */
static void collect_rejected(void *self, struct metrics_out *out)
{
	const struct http_metrics *http = self;
	uint64_t counts[ERR_KINDS] = {0};
	for (enum err_kind kind = 0; kind < ERR_KINDS; kind++) {
		enum err_kind first = 0;
		while (strcmp(err_code(first), err_code(kind)) != 0)
			first++;
		counts[first] += atomic_load_explicit(&http->rejected[kind], memory_order_relaxed);
	}
	for (enum err_kind kind = 0; kind < ERR_KINDS; kind++) {
		char label[96];
		snprintf(label, sizeof label, "reason=\"%s\"", err_code(kind));
		if (counts[kind] > 0)
			metrics_sample(out, label, (double)counts[kind]);
	}
}

struct http_metrics *http_metrics_new(struct metrics *metrics, const struct router *router)
{
	struct http_metrics *http = calloc(1, sizeof *http);
	must(http != NULL);
	http->router = router;
	http->count = router_count(router) + 1;
	http->rows = calloc(http->count, sizeof *http->rows);
	must(http->rows != NULL);
	metrics_add(metrics, "http_requests_total", METRICS_COUNTER, "Requests by route, method and status.",
				collect_requests, http);
	metrics_add(metrics, "http_request_duration_seconds", METRICS_HISTOGRAM, "From the whole head to the sent answer.",
				collect_durations, http);
	metrics_add(metrics, "http_in_flight", METRICS_GAUGE, "Requests being worked on.", collect_in_flight, http);
	metrics_add(metrics, "http_rejected_total", METRICS_COUNTER, "Requests refused before a handler, by code.",
				collect_rejected, http);
	metrics_add(metrics, "connections", METRICS_GAUGE, "Open connections.", collect_connections, http);
	return http;
}

void http_metrics_free(struct http_metrics *http)
{
	if (http == NULL)
		return;
	free(http->rows);
	free(http);
}

void http_metrics_began(struct http_metrics *http)
{
	atomic_fetch_add_explicit(&http->in_flight, 1, memory_order_relaxed);
}

void http_metrics_ended(struct http_metrics *http, size_t route, int status, int64_t us)
{
	struct row *row = &http->rows[route < http->count ? route : http->count - 1];
	atomic_fetch_sub_explicit(&http->in_flight, 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&row->requests[status_place(status)], 1, memory_order_relaxed);
	metrics_observe(&row->duration, us);
}

void http_metrics_rejected(struct http_metrics *http, enum err_kind kind)
{
	atomic_fetch_add_explicit(&http->rejected[kind], 1, memory_order_relaxed);
}

void http_metrics_connections(struct http_metrics *http, int change)
{
	atomic_fetch_add_explicit(&http->connections, change, memory_order_relaxed);
}
