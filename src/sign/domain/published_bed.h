/*
 * For tests of published worked cases: a table of bodies and of the figures that a source printed for them, each case
 * a test of its own named after its source.  Not linked into the product.  docs/engineering/published_cases.md says
 * what each figure is and why it differs where it does.
 */
#ifndef CS_SIGN_DOMAIN_PUBLISHED_BED_H
#define CS_SIGN_DOMAIN_PUBLISHED_BED_H

#include <math.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/must.h"
#include "seal/harness.h"
#include "seal/op.h"
#include "sign/sign.h"

#define CLOSED .001 /* a closed form, printed with enough digits */
#define ROUNDED .01 /* printed to two or three digits, or computed from rounded figures */

enum { PUBLISHED_FIGURES = 8 };

struct published_figure {
	/* A member of the result ("case_b/torsion_lbft"), of the answer ("/trace/…"), or of a row (":flexure/capacity"). */
	const char *at;
	double printed;
	double share; /* how far ours may be, over what was printed */
};

struct published_case {
	const char *source;
	const struct op *op;
	const char *body;
	struct published_figure figures[PUBLISHED_FIGURES]; /* to the first without `at` */
};

static struct harness *published_harness;

/* Rows of sign.poles stand under its first option. */
static inline double published_row(const char *name, size_t length, const char *member)
{
	char text[40], pointer[96];
	must(length < sizeof text);
	memcpy(text, name, length);
	text[length] = '\0';
	const char *rows =
		harness_count(published_harness, "/result/options") > 0 ? "/result/options/0/checks" : "/result/checks";
	int at = harness_find(published_harness, rows, "name", text);
	snprintf(pointer, sizeof pointer, "%s/%d%s", rows, at, member);
	return at < 0 ? (double)NAN : harness_number(published_harness, pointer);
}

static inline double published_figure_of(const char *at)
{
	char pointer[96];
	if (at[0] == ':') {
		size_t length = strcspn(at, "/");
		return published_row(at + 1, length - 1, at + length);
	}
	snprintf(pointer, sizeof pointer, "%s%s", at[0] == '/' ? "" : "/result/", at);
	return harness_number(published_harness, pointer);
}

static inline void published_as_printed(void **state)
{
	const struct published_case *c = *state;
	if (!harness_call(published_harness, c->op, "%s", c->body))
		fail_msg("%s: refused: %s", c->source, harness_answer(published_harness));
	for (size_t i = 0; i < PUBLISHED_FIGURES && c->figures[i].at != NULL; i++) {
		const struct published_figure *figure = &c->figures[i];
		double ours = published_figure_of(figure->at);
		if (!(fabs(ours - figure->printed) <= figure->share * fabs(figure->printed)))
			fail_msg("%s: %s is %.8g, printed %.8g", c->source, figure->at, ours, figure->printed);
	}
}

static inline int published_run(const char *group, const struct published_case *cases, size_t count)
{
	struct CMUnitTest tests[128];
	must(count <= sizeof tests / sizeof *tests);
	for (size_t i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){cases[i].source, published_as_printed, NULL, NULL, (void *)(uintptr_t)&cases[i]};
	published_harness = harness_new(sign_pack_kinds, sign_pack_kinds_count);
	int failed = _cmocka_run_group_tests(group, tests, count, NULL, NULL);
	harness_free(published_harness);
	return failed;
}

#endif
