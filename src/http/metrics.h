/*
 * Metrics in the Prometheus text format 0.0.4, pulled when asked for.
 *
 * Who has figures keeps them itself (atomics) and registers a collector that writes them; nothing is pushed.  Names
 * begin with countersign_ (process_… alone stays as it is: what any process has is known by those names), counters end
 * in _total, labels have few values: route templates, never paths [P-11.2]. Thread: register before serving; render
 * any.
 */
#ifndef CS_HTTP_METRICS_H
#define CS_HTTP_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct buf;
struct metrics;
struct router;

enum metrics_type { METRICS_COUNTER, METRICS_GAUGE, METRICS_HISTOGRAM };

/* Where a collector writes. */
struct metrics_out {
	struct buf *buf;
	const char *name;
};

struct metrics *metrics_new(void);
void metrics_free(struct metrics *metrics);

/*
 * Register one family.  `name` without the prefix ("store_bytes"), unique (must); `collect` is called at each rendering
 * with `self`, from any thread, and writes samples.
 */
void metrics_add(struct metrics *metrics, const char *name, enum metrics_type type, const char *help,
				 void (*collect)(void *self, struct metrics_out *out), void *self);

/* A table of them, all with one `self`. */
struct metrics_family {
	const char *name;
	enum metrics_type type;
	const char *help;
	void (*collect)(void *self, struct metrics_out *out);
};
void metrics_add_all(struct metrics *metrics, const struct metrics_family *families, size_t count, void *self);

/* One sample.  `labels` is NULL or `key="value",…` with values escaped by metrics_label(). */
void metrics_sample(struct metrics_out *out, const char *labels, double value);

/* Append key="escaped value" (and a comma before it when the buffer is not empty). */
void metrics_label(struct buf *labels, const char *key, const char *value);

/* A histogram with the buckets that the platform names: .0005 to 10 seconds. */
enum { METRICS_BUCKETS = 14 };
struct metrics_histogram {
	_Atomic uint64_t counts[METRICS_BUCKETS + 1]; /* the last: +Inf */
	_Atomic uint64_t sum_us;
};
void metrics_observe(struct metrics_histogram *histogram, int64_t us);
void metrics_histogram(struct metrics_out *out, const char *labels, struct metrics_histogram *histogram);

/*
 * A histogram that somebody else counts: `counts` of each bucket, not added up, the last one without a bound; `bounds`
 * divided by `per` are the upper ones.
 */
void metrics_buckets(struct metrics_out *out, const int64_t *counts, const int64_t *bounds, size_t count, double per,
					 double sum);

/* All families in the order they were added. */
void metrics_render(struct metrics *metrics, struct buf *out);
#define MEDIA_METRICS "text/plain; version=0.0.4; charset=utf-8"

/* --- the front's own --- */

struct http_metrics;

/* Counters per row of `router` (all added already), registered with `metrics`. */
struct http_metrics *http_metrics_new(struct metrics *metrics, const struct router *router);
void http_metrics_free(struct http_metrics *http);

/* An exchange began, or ended: route is SIZE_MAX when none was found; status 0: nothing was sent. */
void http_metrics_began(struct http_metrics *http);
void http_metrics_ended(struct http_metrics *http, size_t route, int status, int64_t us);

/* A refusal before any handler, by kind. */
void http_metrics_rejected(struct http_metrics *http, enum err_kind kind);

/* Open connections, by +1 and -1. */
void http_metrics_connections(struct http_metrics *http, int change);

#endif
