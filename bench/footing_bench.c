/* What piers cost on this machine: microseconds a call. */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "core/embedded.h"
#include "core/must.h"
#include "seal/pack.h"
#include "sign/domain/footing_direct.h"
#include "sign/domain/footing_spread.h"
#include "sign/domain/soil.h"
#include "sign/sign.h"

enum { ROUNDS = 200000 };

static double now_us(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static void row(const char *what, double from_us, double sum)
{
	printf("%-44s %9.3f us  (%.0f)\n", what, (now_us() - from_us) / ROUNDS, sum);
}

static void spread(const struct concrete_constants *concrete)
{
	enum { SEARCHES = 50 };
	struct spread_problem problem = {.concrete = concrete,
									 .soil_unit_pcf = 110,
									 .vertical_lb = 6000,
									 .self_weight = true,
									 .moment_lbft = NAN,
									 .force_lb = 2000,
									 .height_ft = 14,
									 .vertical_psf = 2000,
									 .friction = .25,
									 .cohesion_psf = NAN,
									 .increase = 1,
									 .sf_overturning = 1.5,
									 .sf_sliding = 1.5,
									 .frost_ft = NAN,
									 .column_depth_in = 12,
									 .column_width_in = 12,
									 .fc_psi = 3000,
									 .fy_psi = 60000,
									 .wind_factor = 1 / .6};
	struct spread_size size = {8, 6, 2};
	struct spread_answer answer;
	double sum = 0, from_us = now_us();
	for (int i = 0; i < ROUNDS; i++) {
		problem.force_lb = 2000 + i % 1000;
		spread_check(&problem, &size, &answer);
		sum += answer.utilization;
	}
	row("spread footing, all rows", from_us, sum);
	sum = 0, from_us = now_us();
	for (int i = 0; i < SEARCHES; i++) {
		problem.force_lb = 1000 + 100 * i;
		spread_search(&problem, &size);
		sum += size.length_ft;
	}
	printf("%-44s %9.3f us  (%.0f)\n", "spread footing, exact search", (now_us() - from_us) / SEARCHES, sum);
}

int main(void)
{
	struct packs *packs = packs_new(sign_pack_kinds, sign_pack_kinds_count);
	for (const struct embedded *file = embedded_packs; file->name != NULL; file++)
		must(packs_add(packs, file->bytes, file->size, false, NULL));
	const struct pier_site site = {.concrete = packs_find(packs, "concrete", NULL, NULL)->data,
								   .lateral = {150, 12},
								   .trial_ft = NAN,
								   .least_ft = 3,
								   .step_ft = .25,
								   .fc_psi = 3000};
	double sum = 0, from_us = now_us();
	for (int i = 0; i < ROUNDS; i++)
		sum += footing_nonconstrained(&site.lateral, 500 + i % 4000, 16, 3).depth_ft;
	row("depth, nonconstrained", from_us, sum);
	sum = 0, from_us = now_us();
	for (int i = 0; i < ROUNDS; i++) {
		const struct pier_case cases[] = {{500 + i % 4000, 16}, {500 + i % 4000, 16}, {400 + i % 4000, 17}};
		const struct pier_form form = {false, 3, 3};
		struct pier_answer answer;
		pier_solve(&site, &form, cases, 3, &answer);
		sum += answer.build_ft;
	}
	row("pier of three cases, with bars", from_us, sum);
	spread(site.concrete);
	packs_free(packs);
	return 0;
}
