#include <stdatomic.h>
#include <stdio.h>

#include "app/app.h"
#include "app/mailer.h"
#include "app/process_metrics.h"
#include "app/routes.h"
#include "core/env.h"
#include "core/err.h"
#include "flow/breakers.h"
#include "http/metrics.h"
#include "http/rate.h"
#include "link/circuits.h"
#include "people/dead_letters.h"
#include "people/idempotency.h"
#include "seal/seals.h"
#include "sign/sign_api.h"
#include "store/store.h"
#include "version.h"

/* Metrics of the store and of what the parts count [P-11.2]; the chain's are chain_metrics.c, the process's
 * process_metrics.c. */

static void store_bytes(void *self, struct metrics_out *out)
{
	struct app *app = self;
	struct store_figures f;
	store_figures(app->store, &f);
	metrics_sample(out, "part=\"data\"", (double)f.bytes);
	metrics_sample(out, "part=\"log\"", (double)f.wal_bytes);
	metrics_sample(out, "part=\"free\"", (double)f.free_bytes);
}

static void writer_queue(void *self, struct metrics_out *out)
{
	struct app *app = self;
	struct store_figures f;
	store_figures(app->store, &f);
	metrics_sample(out, NULL, (double)f.queue);
}

static void writer_ops(void *self, struct metrics_out *out)
{
	struct app *app = self;
	struct store_figures f;
	store_figures(app->store, &f);
	metrics_sample(out, "outcome=\"applied\"", (double)f.ops);
	metrics_sample(out, "outcome=\"failed\"", (double)f.failed_ops);
}

static void writer_batch_ops(void *self, struct metrics_out *out)
{
	struct app *app = self;
	struct store_figures f;
	store_figures(app->store, &f);
	metrics_buckets(out, f.batch_ops, store_batch_bounds, STORE_BUCKETS, 1, (double)(f.ops + f.failed_ops));
}

static void writer_commit_seconds(void *self, struct metrics_out *out)
{
	struct app *app = self;
	struct store_figures f;
	store_figures(app->store, &f);
	metrics_buckets(out, f.commits, store_commit_bounds_us, STORE_BUCKETS, 1e6, (double)f.commit_us / 1e6);
}

static void replays(void *self, struct metrics_out *out)
{
	struct app *app = self;
	char label[48];
	for (size_t i = 0; replay_outcome_names[i] != NULL; i++) {
		snprintf(label, sizeof label, "outcome=\"%s\"", replay_outcome_names[i]);
		metrics_sample(out, label, (double)app->replays[i]);
	}
}

/* What waits for a person. */
static void dead_letters(void *self, struct metrics_out *out)
{
	struct app *app = self;
	const char *kind;
	char label[48];
	int64_t count;
	struct err err;
	for (size_t i = 0; dead_letters_count(app->dead_letters, i, &kind, &count, &err); i++) {
		snprintf(label, sizeof label, "kind=\"%s\"", kind);
		metrics_sample(out, label, (double)count);
	}
}

/* Every breaker of ours, one sample each [P-10.4]. */
static void breakers(struct app *app, struct metrics_out *out, double (*figure)(const struct sign_breaker *breaker))
{
	struct sign_breaker breaker;
	struct mailer_figures figures;
	struct err err;
	char label[48];
	for (size_t i = 0; sign_breaker_at(app->sign, i, &breaker); i++) {
		snprintf(label, sizeof label, "dest=\"%s\"", breaker.dest);
		metrics_sample(out, label, figure(&breaker));
	}
	if (app->notice_hosts != NULL) { /* too many to be a label each */
		struct circuits_figures hosts = circuits_figures(app->notice_hosts, env_mono_us(app->env));
		breaker = (struct sign_breaker){.open = hosts.open > 0, .opened = hosts.opened};
		metrics_sample(out, "dest=\"notices\"", figure(&breaker));
	}
	if (!mailer_has_server(app->mailer) || !mailer_figures(app->mailer, &figures, &err))
		return;
	breaker = (struct sign_breaker){.open = figures.open, .opened = figures.opened};
	metrics_sample(out, "dest=\"smtp\"", figure(&breaker));
}

static double open_now(const struct sign_breaker *breaker)
{
	return breaker->open ? 1 : 0;
}

static double open_ever(const struct sign_breaker *breaker)
{
	return (double)breaker->opened;
}

/* Targets of the calls of runs, which are too many to be a label each. */
static void flow_breakers(void *self, struct metrics_out *out)
{
	struct app *app = self;
	char label[40];
	int64_t counts[BREAKER_STATES];
	if (app->breakers == NULL)
		return;
	breakers_count(app->breakers, env_wall_us(app->env), counts);
	for (int i = 0; i < BREAKER_STATES; i++) {
		snprintf(label, sizeof label, "state=\"%s\"", breaker_record_states[i]);
		metrics_sample(out, label, (double)counts[i]);
	}
}

static void breaker_state(void *self, struct metrics_out *out)
{
	breakers(self, out, open_now);
}

static void breaker_opens(void *self, struct metrics_out *out)
{
	breakers(self, out, open_ever);
}

static void task_failures(void *self, struct metrics_out *out)
{
	struct app *app = self;
	struct mailer_figures figures;
	struct err err;
	const char *name;
	uint64_t count;
	char label[64];
	for (size_t i = 0; sign_failures_at(app->sign, i, &name, &count); i++) {
		snprintf(label, sizeof label, "name=\"%s\"", name);
		metrics_sample(out, label, (double)count);
	}
	if (mailer_figures(app->mailer, &figures, &err))
		metrics_sample(out, "name=\"mail.send\"", (double)figures.given_up);
}

static void rate_limited(void *self, struct metrics_out *out)
{
	const struct app *app = self;
	const char *name;
	uint64_t count;
	char label[64];
	for (size_t i = 0; rates_refused(app->rates, i, &name, &count); i++) {
		snprintf(label, sizeof label, "class=\"%s\"", name);
		metrics_sample(out, label, (double)count);
	}
}

static void idempotent_replays(void *self, struct metrics_out *out)
{
	const struct app *app = self;
	metrics_sample(out, NULL, (double)idempotency_replays(app->idempotency));
}

/* Operations that never abstained are left out, or there would be hundreds of zeros. */
static void abstains(void *self, struct metrics_out *out)
{
	const struct app *app = self;
	char label[96];
	for (size_t i = 0; i < app->ops.count; i++) {
		uint64_t count = atomic_load_explicit(&app->abstained[i], memory_order_relaxed);
		snprintf(label, sizeof label, "operation=\"%s\"", app->ops.ops[i]->name);
		if (count > 0)
			metrics_sample(out, label, (double)count);
	}
}

static void build_info(void *self, struct metrics_out *out)
{
	(void)self;
	metrics_sample(out, "version=\"" APP_VERSION "\",git_sha=\"" APP_GIT_SHA "\"", 1);
}

static const struct metrics_family families[] = {
	{"build_info", METRICS_GAUGE, "Version and commit; always 1", build_info},
	{"store_bytes", METRICS_GAUGE, "Bytes of the store and of the disk", store_bytes},
	{"writer_queue", METRICS_GAUGE, "Writes that wait", writer_queue},
	{"writer_ops_total", METRICS_COUNTER, "Writes by outcome", writer_ops},
	{"writer_batch_ops", METRICS_HISTOGRAM, "Writes of one commit", writer_batch_ops},
	{"writer_commit_seconds", METRICS_HISTOGRAM, "Time of one commit", writer_commit_seconds},
	{"rate_limited_total", METRICS_COUNTER, "Requests refused for their number", rate_limited},
	{"idempotent_replays_total", METRICS_COUNTER, "Answers given again", idempotent_replays},
	{"abstain_total", METRICS_COUNTER, "Calculations that gave no result", abstains},
	{"replays_total", METRICS_COUNTER, "Sealed results computed again", replays},
	{"task_failures_total", METRICS_COUNTER, "Background work that ran out of tries", task_failures},
	{"dead_letters", METRICS_GAUGE, "Work that was given up", dead_letters},
	{"breaker_open_total", METRICS_COUNTER, "Times that a destination was begun to be left alone", breaker_opens},
	{"breaker_state", METRICS_GAUGE, "1: a destination is left alone", breaker_state},
	{"flow_breakers", METRICS_GAUGE, "Targets of the calls of runs, by state", flow_breakers},
};

void app_metrics_add(struct app *app)
{
	metrics_add_all(app->metrics, families, sizeof families / sizeof *families, app);
	process_metrics_add(app->metrics);
}
