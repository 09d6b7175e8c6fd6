/*
 * How long the engineering takes, in C and as whole operations: medians of rounds, on this machine.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "core/embedded.h"
#include "core/json.h"
#include "seal/op.h"
#include "seal/pack.h"
#include "sign/domain/design.h"
#include "sign/domain/wind.h"
#include "sign/domain/wind_op.h"
#include "sign/sign.h"

enum { ROUNDS = 9 };

static double now_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void report(const char *what, double rounds[ROUNDS], int calls)
{
	qsort(rounds, ROUNDS, sizeof *rounds, ascending);
	printf("%-44s median %10.3f us   best %10.3f us\n", what, rounds[ROUNDS / 2] / calls, rounds[0] / calls);
}

static void bench_wind(const struct packs *packs)
{
	enum { CALLS = 100000 };
	const struct wind_site site = {.code = SIGN_ASCE7_16,
								   .exposure = EXPOSURE_C,
								   .wind_speed_mph = 115,
								   .kzt = 1,
								   .kd = .85,
								   .ke = 1,
								   .figure = packs_find(packs, "wind_figure", NULL, NULL)->data};
	struct wind_face face = {.height_ft = 20, .sign_height_ft = 4, .area_ft2 = 80, .solid_ratio = 1, .gust = .85};
	double rounds[ROUNDS], sum = 0;
	for (int r = 0; r < ROUNDS; r++) {
		double from = now_us();
		for (int i = 0; i < CALLS; i++) {
			struct wind_loads loads;
			face.sign_width_ft = 12 + i % 40;
			wind_on_face(&site, &face, &loads);
			sum += loads.a.force_lb + loads.c.torsion_lbft;
		}
		rounds[r] = now_us() - from;
	}
	report("wind_on_face (Cases A, B, C)", rounds, CALLS);
	if (sum < 0)
		puts("never");
}

/* Decode, decide, round, three hashes, envelope: what each door pays. */
static void bench_body(const struct packs *packs, const struct op *op, const char *what, const char *text, int calls)
{
	const struct op_context context = {.packs = packs, .envelope = {.version = "bench", .git_sha = "bench"}};
	double rounds[ROUNDS];
	struct arena arena;
	size_t used = 0;
	arena_init(&arena, ARENA_REQUEST_CAP);
	for (int r = 0; r < ROUNDS; r++) {
		double from = now_us();
		for (int i = 0; i < calls; i++) {
			const struct json *body;
			struct op_answer answer;
			struct faults faults;
			struct err err;
			arena_reset(&arena);
			if (!json_parse(&arena, text, strlen(text), &json_body_limits, &body, &err) ||
				!op_run(op, &context, body, &arena, &answer, &faults, &err)) {
				fprintf(stderr, "%s failed\n", op->name);
				exit(1);
			}
			used = arena.used;
		}
		rounds[r] = now_us() - from;
	}
	arena_fini(&arena);
	report(what, rounds, calls);
	printf("%-44s %zu bytes of arena\n", "", used);
}

static void bench_op(const struct packs *packs, const struct op *op, int calls)
{
	bench_body(packs, op, op->name, op->example, calls);
}

/* What is searched beside the pole: each kind of foundation, and objectives that bound the search less. */
static void bench_foundations(const struct packs *packs)
{
	static const struct {
		const char *what, *body;
	} rows[] = {
#define DESIGN(rest) \
	"{\"site\":{\"wind_speed_mph\":115},\"sign\":{\"height_ft\":25,\"sign_height_ft\":8,\"sign_width_ft\":10}," rest "}"
		{"sign.design on a spread footing", DESIGN("\"foundation\":{\"types\":[\"spread\"]}")},
		{"sign.design on a plate and pier", DESIGN("\"foundation\":{\"types\":[\"baseplate\"]}")},
		{"sign.design on any of the three", DESIGN("\"foundation\":{\"types\":[\"direct\",\"spread\",\"baseplate\"]}")},
		{"sign.design, spread, by depth", DESIGN("\"foundation\":{\"types\":[\"spread\"]},\"objective\":\"depth\"")},
		{"sign.design, plate, by depth", DESIGN("\"foundation\":{\"types\":[\"baseplate\"]},\"objective\":\"depth\"")},
		{"sign.design, plate, by weight",
		 DESIGN("\"foundation\":{\"types\":[\"baseplate\"]},\"objective\":\"weight\"")},
		{"sign.design, plate, 20 alternates", DESIGN("\"foundation\":{\"types\":[\"baseplate\"]},\"alternates\":20")},
		{"sign.design, spread, 20 alternates", DESIGN("\"foundation\":{\"types\":[\"spread\"]},\"alternates\":20")},
#undef DESIGN
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		bench_body(packs, &sign_design_op, rows[i].what, rows[i].body, 1);
}

int main(int argc, char **argv)
{
	/* With the name of an operation: only that one, for a profiler. */
	const struct op *const ops[] = {&sign_wind_op, &sign_footing_direct_op, &sign_price_op, &sign_design_op};
	static const int calls[] = {5000, 2000, 5000, 200};
	struct packs *packs = packs_new(sign_pack_kinds, sign_pack_kinds_count);
	double from = now_us();
	for (const struct embedded *file = embedded_packs; file->name != NULL; file++)
		if (!packs_add(packs, file->bytes, file->size, false, NULL))
			return 1;
	printf("%-44s        %10.3f us\n", "all packs read and checked", now_us() - from);
	bench_wind(packs);
	for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
		if (argc < 2 || strcmp(argv[1], ops[i]->name) == 0)
			bench_op(packs, ops[i], calls[i]);
	if (argc < 2 || strcmp(argv[1], "foundations") == 0)
		bench_foundations(packs);
	packs_free(packs);
	return 0;
}
