#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/err.h"
#include "core/json.h"
#include "seal/pack.h"
#include "seal/seals.h"
#include "sign/project_fixture.h"
#include "store/store.h"

#define SIGN "\"height_ft\":25,\"sign_height_ft\":8,\"sign_width_ft\":10"

static int ask(struct project_fixture *f, const char *body)
{
	return fixture_ask(f, "vic", "POST", "/quote", body, NULL);
}

/* Both ends stand on a seal; poor ground costs no less than good. */
static void test_range(void **state)
{
	struct project_fixture *f = *state;
	assert_int_equal(ask(f, "{" SIGN ",\"wind_speed_mph\":115}"), 200);
	double low = fixture_number_at(f, "result.low_usd"), high = fixture_number_at(f, "result.high_usd");
	double good = fixture_number_at(f, "result.basis.0.construction_usd");
	assert_true(low > 200 && high >= low && fmod(low, 50) == 0 && fmod(high, 50) == 0);
	assert_true(fixture_number_at(f, "result.basis.1.construction_usd") >= good);
	assert_true(low <= good + 200 && low > good + 150);
	assert_false(fixture_at(f, "result.engineering_review")->boolean);
	assert_string_equal(fixture_text(f, "result.valid_until"), "2025-07-15");
	const char *sha = fixture_text(f, "result.basis.1.seal_sha256");
	struct seal seal;
	struct err err;
	bool found = false;
	struct db *db = store_read(f->store);
	assert_true(seal_find(db, "01900000-0000-7000-8000-00000000000a", sha, &f->arena, &seal, &found, &err) && found);
	store_read_end(f->store, db);
	assert_string_equal(seal.subject_kind, "quote");
	const char *hash = fixture_text(f, "content_sha256");
	assert_int_equal(ask(f, "{\"wind_speed_mph\":115," SIGN "}"), 200);
	assert_string_equal(fixture_text(f, "content_sha256"), hash);
}

static void test_review(void **state)
{
	struct project_fixture *f = *state;
	assert_int_equal(ask(f, "{\"height_ft\":30,\"sign_height_ft\":10.1,\"sign_width_ft\":20,\"wind_speed_mph\":115}"),
					 200);
	assert_true(fixture_at(f, "result.engineering_review")->boolean);
	assert_int_equal(ask(f, "{\"height_ft\":51,\"sign_height_ft\":5,\"sign_width_ft\":5,\"wind_speed_mph\":115}"), 200);
	assert_true(fixture_at(f, "result.engineering_review")->boolean);
}

/* Every kind of a payload has a price here, from its own design; the same kind has the same seal. */
static void test_kinds(void **state)
{
	static const struct {
		const char *kind, *foundation;
	} rows[] = {{"single_pole", "deep"},         {"two_pole", "deep"},  {"baseplate", "deep"},
				{"direct_burial_2pole", "deep"}, {"monument", "thick"}, {"cantilever", "deep"}};
	struct project_fixture *f = *state;
	const char *seals[6];
	for (int i = 0; i < 6; i++) {
		assert_int_equal(
			ask(f, arena_printf(&f->arena, "{" SIGN ",\"wind_speed_mph\":115,\"kind\":\"%s\"}", rows[i].kind)), 200);
		assert_true(fixture_number_at(f, "result.low_usd") > 0);
		assert_true(fixture_number_at(f, "result.high_usd") >= fixture_number_at(f, "result.low_usd"));
		assert_non_null(strstr(fixture_text(f, "result.basis.0.foundation"), rows[i].foundation));
		assert_non_null(strstr(fixture_text(f, "result.assumptions.2"), "It stands on "));
		assert_string_equal(fixture_text(f, "trace.inputs.kind"), rows[i].kind);
		assert_true(fixture_number_at(f, "confidence") == 1);
		seals[i] = fixture_text(f, "result.basis.0.seal_sha256");
		for (int j = 0; j < i; j++)
			assert_string_not_equal(seals[i], seals[j]);
	}
	assert_int_equal(ask(f, "{" SIGN ",\"wind_speed_mph\":115}"), 200);
	assert_string_equal(fixture_text(f, "result.basis.0.seal_sha256"), seals[0]);
}

/* A sign beside its pole twists it: it never costs less than one that stands on it. */
static void test_beside(void **state)
{
	struct project_fixture *f = *state;
	for (int wind = 90; wind <= 180; wind += 30) {
		const char *body =
			"{\"height_ft\":20,\"sign_height_ft\":4,\"sign_width_ft\":6,\"wind_speed_mph\":%d,\"kind\":\"%s\"}";
		assert_int_equal(ask(f, arena_printf(&f->arena, body, wind, "single_pole")), 200);
		double on = fixture_number_at(f, "result.basis.0.construction_usd");
		assert_int_equal(ask(f, arena_printf(&f->arena, body, wind, "cantilever")), 200);
		assert_true(fixture_number_at(f, "result.basis.0.construction_usd") >= on);
	}
}

/* The low end is the cheaper one: here clay, whose cohesion holds a footing that would slide on gravel. */
static void test_low_is_low(void **state)
{
	struct project_fixture *f = *state;
	for (int wind = 90; wind <= 180; wind += 15) {
		const char *body =
			"{\"height_ft\":8,\"sign_height_ft\":8,\"sign_width_ft\":12,\"wind_speed_mph\":%d,\"kind\":\"monument\"}";
		assert_int_equal(ask(f, arena_printf(&f->arena, body, wind)), 200);
		assert_true(fixture_number_at(f, "result.low_usd") <= fixture_number_at(f, "result.high_usd"));
		assert_true(fixture_number_at(f, "result.basis.0.construction_usd") <=
					fixture_number_at(f, "result.basis.1.construction_usd"));
	}
}

/* [P-6.3] What is doubtful says so in its confidence, and which rule did it. */
static void test_confidence(void **state)
{
	struct project_fixture *f = *state;
	assert_int_equal(ask(f, "{\"height_ft\":51,\"sign_height_ft\":5,\"sign_width_ft\":5,\"wind_speed_mph\":115}"), 200);
	assert_true(fabs(fixture_number_at(f, "confidence") - .7) < 1e-9);
	assert_string_equal(fixture_text(f, "assumptions.0.code"), "review_requested");
	assert_int_equal(ask(f, "{\"height_ft\":150,\"sign_height_ft\":60,\"sign_width_ft\":100,\"wind_speed_mph\":300}"),
					 200);
	assert_true(fabs(fixture_number_at(f, "confidence") - .3) < 1e-9);
	assert_string_equal(fixture_text(f, "assumptions.0.code"), "no_feasible");
	assert_int_equal(fixture_at(f, "result.low_usd")->kind, JS_NULL);
	assert_int_equal(fixture_at(f, "result.high_usd")->kind, JS_NULL);
}

static void test_refused(void **state)
{
	static const struct {
		const char *body, *pointer, *code;
	} rows[] = {
		{"{" SIGN "}", "/wind_speed_mph", "required"},
		{"{" SIGN ",\"wind_speed_mph\":600}", "/wind_speed_mph", "range"},
		{"{\"height_ft\":5,\"sign_height_ft\":8,\"sign_width_ft\":10,\"wind_speed_mph\":115}", "/sign_height_ft",
		 "greater_than_height"},
		{"{" SIGN ",\"wind_speed_mph\":115,\"kind\":\"tower\"}", "/kind", "enum"},
		{"{\"height_ft\":5,\"sign_height_ft\":8,\"sign_width_ft\":10,\"wind_speed_mph\":115,\"kind\":\"cantilever\"}",
		 "/sign_height_ft", "greater_than_height"},
		{"{\"height_ft\":25,\"sign_height_ft\":8,\"sign_width_ft\":1500,\"wind_speed_mph\":115,\"kind\":"
		 "\"cantilever\"}",
		 "/sign_width_ft", "range"},
		{"{\"height_ft\":25,\"sign_height_ft\":8,\"sign_width_ft\":1500,\"wind_speed_mph\":115,\"kind\":\"two_pole\"}",
		 "/sign_width_ft", "range"},
	};
	struct project_fixture *f = *state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(ask(f, rows[i].body), 422);
		assert_string_equal(fixture_text(f, "errors.0.pointer"), rows[i].pointer);
		assert_string_equal(fixture_text(f, "errors.0.code"), rows[i].code);
	}
	assert_int_equal(fixture_ask(f, "nobody", "POST", "/quote", "{" SIGN ",\"wind_speed_mph\":115}", NULL), 401);
}

static const char grid[] = "name: windgrid_test\nversion: v1\neffective_from: \"2020-01-01\"\nsource: a test\nrows:\n"
						   "  - {lat: 32.7, lon: -96.8, code: ASCE7-16, risk_category: II, value: 115}\n";

/* An address in place of the wind: the geocoder and packs are asked once, and what they do not know is no guess. */
static void test_address(void **state)
{
	struct project_fixture *f = *state;
	struct err err;
	assert_true(packs_add(f->packs, grid, sizeof grid - 1, false, &err));
	f->geocodes = "{\"results\":[]}";
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask(f, "{" SIGN ",\"address\":\"1 Elm St, Nowhere\"}"), 422);
		assert_string_equal(fixture_text(f, "errors.0.pointer"), "/wind_speed_mph");
		assert_string_equal(fixture_text(f, "errors.0.code"), "required");
		assert_int_equal(f->fetches, 1); /* remembered */
	}
	f->geocodes = "{\"results\":[{\"formatted_address\":\"1 Elm St, Dallas, TX 75201\",\"geometry\":{\"location\":{"
				  "\"lat\":32.7,\"lng\":-96.8}}}]}";
	assert_int_equal(ask(f, "{" SIGN ",\"address\":\"1 Elm St, Dallas\"}"), 200);
	assert_string_equal(fixture_text(f, "result.assumptions.0"),
						"Wind speed 115 mph, for 1 Elm St, Dallas, TX 75201, by pack windgrid_test.");
	const char *seal = fixture_text(f, "result.basis.0.seal_sha256");
	assert_int_equal(f->fetches, 2);
	assert_int_equal(ask(f, "{" SIGN ",\"address\":\"1 ELM st Dallas\"}"), 200);
	assert_int_equal(f->fetches, 2);
	assert_int_equal(ask(f, "{" SIGN ",\"wind_speed_mph\":115}"), 200); /* the same designs */
	assert_string_equal(fixture_text(f, "result.basis.0.seal_sha256"), seal);
	assert_string_equal(fixture_text(f, "result.assumptions.0"), "Wind speed as given.");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, project_fixture_new, project_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_range),   TEST(test_review),     TEST(test_kinds),
									   TEST(test_beside),  TEST(test_low_is_low), TEST(test_confidence),
									   TEST(test_address), TEST(test_refused)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
