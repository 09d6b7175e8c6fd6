#include "http/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/must.h"
#include "core/num.h"

#define US_PER_S 1e6

struct family {
	const char *name, *help;
	enum metrics_type type;
	void (*collect)(void *self, struct metrics_out *out);
	void *self;
};

struct metrics {
	struct family *families;
	size_t count;
};

static const double bounds_s[METRICS_BUCKETS] = {.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10};
static const char *const type_names[] = {"counter", "gauge", "histogram"};

struct metrics *metrics_new(void)
{
	struct metrics *metrics = calloc(1, sizeof *metrics);
	must(metrics != NULL);
	return metrics;
}

void metrics_free(struct metrics *metrics)
{
	if (metrics == NULL)
		return;
	free(metrics->families);
	free(metrics);
}

void metrics_add(struct metrics *metrics, const char *name, enum metrics_type type, const char *help,
				 void (*collect)(void *self, struct metrics_out *out), void *self)
{
	for (size_t i = 0; i < metrics->count; i++)
		must(strcmp(metrics->families[i].name, name) != 0);
	struct family *families = reallocarray(metrics->families, metrics->count + 1, sizeof *families);
	must(families != NULL);
	metrics->families = families;
	families[metrics->count++] = (struct family){name, help, type, collect, self};
}

void metrics_add_all(struct metrics *metrics, const struct metrics_family *families, size_t count, void *self)
{
	for (size_t i = 0; i < count; i++)
		metrics_add(metrics, families[i].name, families[i].type, families[i].help, families[i].collect, self);
}

/* Dashboards and alerts know the figures of any process by names that no program puts its own before. */
static const char *prefix_of(const char *name)
{
	return strncmp(name, "process_", strlen("process_")) == 0 ? "" : "countersign_";
}

static void write_value(struct buf *out, double value)
{
	char text[NUM_TEXT_MAX];
	if (isnan(value))
		buf_adds(out, "NaN");
	else if (isinf(value))
		buf_adds(out, value > 0 ? "+Inf" : "-Inf");
	else
		buf_add(out, text, num_format(text, value));
	buf_addc(out, '\n');
}

static void sample(struct metrics_out *out, const char *suffix, const char *labels, const char *more, double value)
{
	bool some = labels != NULL && *labels != '\0', extra = more != NULL;
	buf_addf(out->buf, "%s%s%s", prefix_of(out->name), out->name, suffix);
	if (some || extra)
		buf_addf(out->buf, "{%s%s%s}", some ? labels : "", some && extra ? "," : "", extra ? more : "");
	buf_addc(out->buf, ' ');
	write_value(out->buf, value);
}

void metrics_sample(struct metrics_out *out, const char *labels, double value)
{
	sample(out, "", labels, NULL, value);
}

void metrics_label(struct buf *labels, const char *key, const char *value)
{
	buf_addf(labels, "%s%s=\"", labels->size > 0 ? "," : "", key);
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"')
			buf_addc(labels, '\\');
		if (*value == '\n')
			buf_adds(labels, "\\n");
		else
			buf_addc(labels, *value);
	}
	buf_addc(labels, '"');
}

void metrics_observe(struct metrics_histogram *histogram, int64_t us)
{
	size_t bucket = 0;
	while (bucket < METRICS_BUCKETS && (double)us > bounds_s[bucket] * US_PER_S)
		bucket++;
	atomic_fetch_add_explicit(&histogram->counts[bucket], 1, memory_order_relaxed);
	atomic_fetch_add_explicit(&histogram->sum_us, (uint64_t)(us > 0 ? us : 0), memory_order_relaxed);
}

void metrics_histogram(struct metrics_out *out, const char *labels, struct metrics_histogram *histogram)
{
	uint64_t total = 0;
	for (size_t i = 0; i <= METRICS_BUCKETS; i++) {
		total += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
		char bound[NUM_TEXT_MAX + 8] = "le=\"+Inf\"", text[NUM_TEXT_MAX];
		if (i < METRICS_BUCKETS) {
			num_format(text, bounds_s[i]);
			stpcpy(stpcpy(stpcpy(bound, "le=\""), text), "\"");
		}
		sample(out, "_bucket", labels, bound, (double)total);
	}
	sample(out, "_sum", labels, NULL, (double)atomic_load(&histogram->sum_us) / US_PER_S);
	sample(out, "_count", labels, NULL, (double)total);
}

void metrics_buckets(struct metrics_out *out, const int64_t *counts, const int64_t *bounds, size_t count, double per,
					 double sum)
{
	int64_t total = 0;
	for (size_t i = 0; i < count; i++) {
		char bound[NUM_TEXT_MAX + 8] = "le=\"+Inf\"", text[NUM_TEXT_MAX];
		total += counts[i];
		if (i + 1 < count) {
			num_format(text, (double)bounds[i] / per);
			stpcpy(stpcpy(stpcpy(bound, "le=\""), text), "\"");
		}
		sample(out, "_bucket", NULL, bound, (double)total);
	}
	sample(out, "_sum", NULL, NULL, sum);
	sample(out, "_count", NULL, NULL, (double)total);
}

void metrics_render(struct metrics *metrics, struct buf *out)
{
	for (size_t i = 0; i < metrics->count; i++) {
		const struct family *family = &metrics->families[i];
		struct metrics_out to = {out, family->name};
		const char *prefix = prefix_of(family->name);
		buf_addf(out, "# HELP %s%s %s\n", prefix, family->name, family->help);
		buf_addf(out, "# TYPE %s%s %s\n", prefix, family->name, type_names[family->type]);
		family->collect(family->self, &to);
	}
}
