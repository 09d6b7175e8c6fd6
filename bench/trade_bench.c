/*
 * The desk's speed [trade.md 16]: durable signed signals from 32 senders at once, an idle terminal's poll, a picture of
 * 500 candles drawn and found, and the kernels on a million elements.  Requests go through gate, router and handler
 * without sockets; every signal is on disk before its answer.  Usage: trade_bench
 * [SECONDS [signals]].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "core/arena.h"
#include "core/must.h"
#include "core/stamp.h"
#include "trade/desk_fixture.h"
#include "trade/domain/backtest.h"
#include "trade/domain/indicators.h"
#include "trade/domain/performance.h"
#include "trade/domain/signature.h"
#include "trade/domain/strategy.h"
#include "trade/trade_api.h"

enum { SENDERS = 32, SENT_MAX = 200000, POLLS = 2000, MILLION = 1000000, CANDLES = 500, ROUNDS = 7 };

static double now_s(void)
{
	return (double)env_mono_us(env_real()) / 1e6;
}

static double cpu_s(void)
{
	struct rusage used;
	getrusage(RUSAGE_SELF, &used);
	return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
		   (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* --- signals --- */

static double took_ms[SENT_MAX];
static _Atomic int sent;
static double end_s;

static void *send_signals(void *self)
{
	char body[256], at[STAMP_TEXT], time[STAMP_TEXT], signature[SIGNATURE_TEXT];
	struct arena arena;
	arena_init(&arena, 1 << 20);
	while (now_s() < end_s) {
		int i = atomic_fetch_add(&sent, 1);
		must(i < SENT_MAX);
		stamp_format(at, f.sim.wall_us);
		stamp_format(time, f.sim.wall_us - i);
		int size = snprintf(body, sizeof body,
							"{\"instrument\":\"GOLD\",\"side\":\"buy\",\"price\":1950.5,\"stop_loss\":1940.0,"
							"\"take_profit\":1980.0,\"confidence\":0.85,\"reason\":\"rsi\",\"payload\":{\"n\":%d},"
							"\"time\":\"%s\"}",
							i, time);
		const struct canonical canonical =
			signature_producer(&arena, "POST", "/api/v1/signals", at, f.producer, body, (size_t)size);
		signature_make(f.secret, strlen(f.secret), canonical, signature);
		const char *const headers[] = {"content-type", "application/json", "x-producer-id",
									   f.producer,     "x-timestamp",      at,
									   "x-signature",  signature,          NULL};
		struct loopback l = {
			.method = "POST", .target = "/api/v1/signals", .headers = headers, .body = body, .body_size = (size_t)size};
		double began = now_s();
		loopback_ask(&f.service, &l);
		took_ms[i] = (now_s() - began) * 1e3;
		must(l.status == 201);
		loopback_fini(&l);
		arena_reset(&arena);
	}
	arena_fini(&arena);
	return self;
}

static void bench_signals(double seconds)
{
	pthread_t threads[SENDERS];
	double began = now_s(), cpu = cpu_s();
	end_s = began + seconds;
	for (int i = 0; i < SENDERS; i++)
		must(pthread_create(&threads[i], NULL, send_signals, NULL) == 0);
	for (int i = 0; i < SENDERS; i++)
		pthread_join(threads[i], NULL);
	double took = now_s() - began;
	int count = atomic_load(&sent);
	cpu = cpu_s() - cpu;
	qsort(took_ms, (size_t)count, sizeof *took_ms, ascending);
	printf("signals, 32 at once          %8.0f /s   p50 %6.2f ms   p99 %6.2f ms   %5.0f us of CPU\n", count / took,
		   took_ms[count / 2], took_ms[count * 99 / 100], cpu / count * 1e6);
}

static void bench_polls(void)
{
	add_device("desk");
	double began = now_s(), cpu = cpu_s();
	for (int i = 0; i < POLLS; i++)
		must(device_ask((struct device_send){.target = "/api/v1/client/poll"}) == 200);
	printf("an idle poll                 %8.0f us   %.0f us of CPU, its signing included\n",
		   (now_s() - began) / POLLS * 1e6, (cpu_s() - cpu) / POLLS * 1e6);
}

/* --- pictures --- */

static const char *candles(int shift)
{
	char *body = malloc(CANDLES * 120 + 200), *at = body;
	must(body != NULL);
	double price = 1950;
	at += sprintf(at, "{\"format\":\"png\",\"width\":1200,\"height\":600,\"rows\":[");
	for (int i = 0; i < CANDLES; i++) {
		double open = price, close = price + sin(i * .7 + shift) * 3;
		at += sprintf(
			at, "%s{\"time\":\"2025-01-%02dT%02d:%02d:00Z\",\"open\":%.2f,\"high\":%.2f,\"low\":%.2f,\"close\":%.2f}",
			i > 0 ? "," : "", 1 + i / 288, i / 12 % 24, i % 12 * 5, open, fmax(open, close) + 1, fmin(open, close) - 1,
			close);
		price = close;
	}
	sprintf(at, "]}");
	return body;
}

static double ask_picture(const char *body, int status)
{
	double began = now_s();
	must(ask("POST", "/api/v1/charts/candles", body, NULL) == status);
	return (now_s() - began) * 1e3;
}

static void bench_pictures(void)
{
	double cold[ROUNDS], cached[ROUNDS];
	f.who = OWNER;
	for (int i = 0; i < ROUNDS; i++) {
		const char *body = candles(i);
		cold[i] = ask_picture(body, 201);
		cached[i] = ask_picture(body, 200);
		free((void *)(uintptr_t)body);
	}
	qsort(cold, ROUNDS, sizeof *cold, ascending);
	qsort(cached, ROUNDS, sizeof *cached, ascending);
	printf("500 candles, 1200x600        %8.2f ms   %.2f ms when they are there, the 50 KB of question included\n",
		   cold[ROUNDS / 2], cached[ROUNDS / 2]);
}

/* --- kernels: processor time, which neighbours disturb less --- */

static double uniform(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(*seed >> 11) * 0x1p-53;
}

static void bench_metrics(double *returns)
{
	double best = INFINITY;
	for (int i = 0; i < ROUNDS; i++) {
		struct arena arena;
		struct performance out;
		const struct performance_input in = {.has_series = true,
											 .returns = returns,
											 .count = MILLION,
											 .periods_per_year = 252,
											 .days_per_year = 365,
											 .var_cutoff = .05,
											 .drawdowns = 5,
											 .start_balance = NAN};
		arena_init(&arena, (size_t)1 << 30);
		double began = cpu_s();
		must(performance_find(&arena, &in, &out));
		best = fmin(best, cpu_s() - began);
		arena_fini(&arena);
	}
	printf("metrics of a million returns %8.2f ms\n", best * 1e3);
}

static void bench_indicators(const struct bars *bars)
{
	for (size_t k = 0; k < indicator_kinds_count; k++) {
		double best = INFINITY;
		for (int i = 0; i < 3; i++) {
			struct arena arena;
			struct indicator_values values;
			arena_init(&arena, (size_t)1 << 30);
			double began = cpu_s();
			must(indicator_find(&arena, &indicator_kinds[k], bars, &indicator_kinds[k].defaults, CONVENTION_TALIB,
								&values));
			best = fmin(best, cpu_s() - began);
			arena_fini(&arena);
		}
		printf("%-8s of a million bars    %8.2f ms\n", indicator_kinds[k].name, best * 1e3);
	}
}

static double *average(struct arena *arena, const struct bars *bars, int64_t period, size_t *begin)
{
	struct indicator_values values;
	const struct indicator_options options = {.period = period};
	must(indicator_find(arena, indicator_find_kind("sma"), bars, &options, CONVENTION_TALIB, &values));
	*begin = values.begin;
	return values.output[0];
}

static void bench_backtest(const struct bars *bars)
{
	struct arena arena;
	struct backtest out;
	struct operand fast = {.number = NAN}, slow = {.number = NAN};
	arena_init(&arena, (size_t)1 << 30);
	double began = cpu_s();
	fast.values = average(&arena, bars, 10, &fast.begin);
	slow.values = average(&arena, bars, 30, &slow.begin);
	const struct rule up = {.op = RULE_CROSS_ABOVE, .a = fast, .b = slow},
					  down = {.op = RULE_CROSS_BELOW, .a = fast, .b = slow};
	const struct backtest_input in = {
		.bars = bars, .enter_long = &up, .exit_long = &down, .cash = 1e6, .share = 1, .finalize = FINALIZE_LAST_CLOSE};
	must(backtest_run(&arena, &in, &out));
	printf("SMA cross on a million bars  %8.2f ms   %zu trades\n", (cpu_s() - began) * 1e3, out.count);
	arena_fini(&arena);
}

static void bench_kernels(void)
{
	uint64_t seed = 5;
	double *returns = malloc(MILLION * sizeof *returns), *prices[4], price = 100;
	must(returns != NULL);
	for (int k = 0; k < 4; k++)
		must((prices[k] = malloc(MILLION * sizeof **prices)) != NULL);
	for (size_t i = 0; i < MILLION; i++) {
		returns[i] = (uniform(&seed) + uniform(&seed) + uniform(&seed) + uniform(&seed) - 1.9998) / 100;
		prices[0][i] = price;
		price = fmax(10, price + uniform(&seed) - .5);
		prices[1][i] = fmax(prices[0][i], price) + uniform(&seed);
		prices[2][i] = fmin(prices[0][i], price) - uniform(&seed);
		prices[3][i] = price;
	}
	const struct bars bars = {MILLION, prices[0], prices[1], prices[2], prices[3]};
	bench_metrics(returns);
	bench_backtest(&bars);
	bench_indicators(&bars);
	free(returns);
	for (int k = 0; k < 4; k++)
		free(prices[k]);
}

int main(int argc, char **argv)
{
	desk_set_up(NULL);
	f.service.config.check_answers = false;                               /* that is for tests */
	trade_api_serve(f.api, &(struct trade_serving){.idempotency = NULL}); /* nothing is limited here */
	add_producer("");
	bench_signals(argc > 1 ? atof(argv[1]) : 3);
	if (argc > 2) /* that alone, for a profiler */
		return 0;
	bench_polls();
	bench_pictures();
	bench_kernels();
	desk_tear_down(NULL);
	return 0;
}
