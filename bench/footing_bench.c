/* What piers cost on this machine: microseconds a call. */
#include <math.h>
#include <stdio.h>
#include <time.h>

#include "core/embedded.h"
#include "core/must.h"
#include "seal/pack.h"
#include "sign/domain/footing_direct.h"
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
	packs_free(packs);
	return 0;
}
