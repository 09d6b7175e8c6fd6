#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "seal/pack.h"
#include "sign/project_fixture.h"

#define DAY_US 86400000000LL

static int ask(struct project_fixture *f, const char *body)
{
	return fixture_ask(f, "ann", "POST", "/api/v1/sign/site", body, NULL);
}

static void test_overrides(void **state)
{
	struct project_fixture *f = *state;
	assert_int_equal(ask(f, "{\"lat\":32.78,\"lon\":-96.8,\"wind_speed_override\":105,\"frost_depth_override_in\":10}"),
					 200);
	assert_true(fixture_number_at(f, "result.wind_speed_mph") == 105);
	assert_string_equal(fixture_text(f, "result.wind_source"), "override");
	assert_true(fixture_number_at(f, "result.frost_depth_in") == 10);
	assert_int_equal(fixture_at(f, "result.snow_load_psf")->kind, JS_NULL); /* never zero in silence */
	assert_string_equal(fixture_text(f, "assumptions.0.code"), "snow_unknown");
	assert_true(fixture_number_at(f, "confidence") == 1);
	const char *hash = fixture_text(f, "content_sha256");
	assert_int_equal(
		fixture_ask(f, "vic", "POST", "/signage/common/site/resolve/",
					"{\"lon\":-96.8,\"lat\":32.78,\"frost_depth_override_in\":10,\"wind_speed_override\":105}", NULL),
		200);
	assert_string_equal(fixture_text(f, "content_sha256"), hash);
	assert_int_equal(f->fetches, 0);
}

static void test_refused(void **state)
{
	static const struct {
		const char *body, *pointer, *code;
	} rows[] = {
		{"{}", "/address", "required"},
		{"{\"lat\":1}", "/lon", "required"},
		{"{\"lat\":91,\"lon\":0}", "/lat", "range"},
		{"{\"address\":\"a\",\"exposure\":\"E\"}", "/exposure", "enum"},
		{"{\"address\":\"a\",\"wind_speed_override\":600}", "/wind_speed_override", "range"},
		{"{\"address\":\"a\",\"facts\":{}}", "/facts", "unknown_field"},
	};
	struct project_fixture *f = *state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(ask(f, rows[i].body), 422);
		assert_string_equal(fixture_text(f, "errors.0.pointer"), rows[i].pointer);
		assert_string_equal(fixture_text(f, "errors.0.code"), rows[i].code);
	}
}

/* What the table finds, what members need of each other and pins that nobody has: at once, and before anybody is asked.
 */
static void test_all_at_once(void **state)
{
	struct project_fixture *f = *state;
	assert_int_equal(ask(f, "{\"address\":\"12 Main St\",\"lat\":91,\"exposure\":\"E\",\"packs\":{\"nobody\":\"v1\"}}"),
					 422);
	static const char *const pointers[] = {"/lat", "/exposure", "/lon", "/packs/nobody"};
	assert_int_equal(fixture_at(f, "errors")->count, 4);
	for (uint32_t i = 0; i < 4; i++)
		assert_string_equal(json_text(&fixture_at(f, "errors")->items[i], "pointer"), pointers[i]);
	assert_int_equal(ask(f, "{\"address\":\"12 Main St\",\"packs\":{\"nobody\":\"v1\"}}"), 422);
	assert_int_equal(f->fetches, 0);
}

/* Nobody finds the address: an honest no, kept for half an hour. */
static void test_geocoding_fails(void **state)
{
	struct project_fixture *f = *state;
	f->geocodes = "{\"results\":[]}";
	assert_int_equal(ask(f, "{\"address\":\"12 Main St\"}"), 200);
	assert_int_equal(fixture_at(f, "result")->kind, JS_NULL);
	assert_string_equal(fixture_text(f, "assumptions.0.code"), "abstain.geocode");
	assert_true(fixture_number_at(f, "confidence") == .5);
	assert_int_equal(f->fetches, 1);
	assert_int_equal(ask(f, "{\"address\":\"12  MAIN st.\"}"), 200); /* the same address */
	assert_int_equal(f->fetches, 1);
	env_sim_advance(&f->env, 31 * 60 * 1000000LL);
	assert_int_equal(ask(f, "{\"address\":\"12 Main St\"}"), 200);
	assert_int_equal(f->fetches, 2);
	/* with a wind speed there is an answer all the same */
	assert_int_equal(ask(f, "{\"address\":\"12 Main St\",\"wind_speed_override\":110}"), 200);
	assert_true(fixture_number_at(f, "result.wind_speed_mph") == 110);
	assert_int_equal(fixture_at(f, "result.lat")->kind, JS_NULL);
}

static void test_geocodes_and_keeps(void **state)
{
	struct project_fixture *f = *state;
	f->geocodes = "{\"results\":[{\"formatted_address\":\"12 Main St, Dallas\",\"geometry\":{\"location\":{"
				  "\"lat\":32.78,\"lng\":-96.8}}}]}";
	f->hazards = "{\"wind_speed_mph\":108,\"snow_load_psf\":5,\"frost_depth_in\":10,\"ground_elevation_ft\":430,"
				 "\"version\":\"7\"}";
	assert_int_equal(ask(f, "{\"address\":\"12 main st\"}"), 200);
	assert_string_equal(fixture_text(f, "assumptions.0.code"), "abstain.wind"); /* not asked without `live` */
	assert_int_equal(f->fetches, 1);
	assert_non_null(strstr(f->fetched, "address=12%20main%20st&key=secret"));
	assert_int_equal(ask(f, "{\"address\":\"12 main st\",\"live\":true}"), 200);
	assert_int_equal(f->fetches, 2);
	assert_string_equal(fixture_text(f, "result.address_resolved"), "12 Main St, Dallas");
	assert_true(fixture_number_at(f, "result.wind_speed_mph") == 108);
	assert_string_equal(fixture_text(f, "result.sources.1.what"), "wind");
	assert_string_equal(fixture_text(f, "result.sources.1.version"), "7");
	const char *hash = fixture_text(f, "content_sha256");
	env_sim_advance(&f->env, 6 * DAY_US);
	assert_int_equal(ask(f, "{\"address\":\"12 main st\",\"live\":true}"), 200);
	assert_int_equal(f->fetches, 2);
	assert_string_equal(fixture_text(f, "content_sha256"), hash);
	env_sim_advance(&f->env, 2 * DAY_US);
	assert_int_equal(ask(f, "{\"address\":\"12 main st\",\"live\":true}"), 200);
	assert_int_equal(f->fetches, 4);
}

/* Five failures in a row, and the provider is left alone for a minute. */
static void test_breaker(void **state)
{
	struct project_fixture *f = *state;
	f->geocodes = NULL;
	for (int i = 0; i < 7; i++)
		assert_int_equal(ask(f, arena_printf(&f->arena, "{\"address\":\"%d Main St\"}", i)), 200);
	assert_int_equal(f->fetches, 5);
	env_sim_advance(&f->env, 61000000);
	assert_int_equal(ask(f, "{\"address\":\"9 Main St\"}"), 200);
	assert_int_equal(f->fetches, 6);
}

static const char grid[] = "name: windgrid_test\nversion: v1\neffective_from: \"2020-01-01\"\nsource: a test\nrows:\n"
						   "  - {lat: 32.7, lon: -96.8, code: ASCE7-16, risk_category: II, value: 100}\n"
						   "  - {lat: 32.8, lon: -96.8, code: ASCE7-16, risk_category: II, value: 110}\n"
						   "  - {lat: 32.7, lon: -96.7, code: ASCE7-16, risk_category: II, value: 104}\n"
						   "  - {lat: 32.8, lon: -96.7, code: ASCE7-16, risk_category: II, value: 118}\n";
static const char places[] = "name: places\nversion: v1\nsource: a test\nrows:\n"
							 "  - {zip: \"75201\", city: Dallas, state: TX, lat: 32.7, lon: -96.8}\n";

static void test_packs(void **state)
{
	struct project_fixture *f = *state;
	struct err err;
	assert_true(packs_add(f->packs, grid, sizeof grid - 1, false, &err));
	assert_true(packs_add(f->packs, places, sizeof places - 1, false, &err));
	assert_int_equal(ask(f, "{\"lat\":32.75,\"lon\":-96.75}"), 200);
	assert_true(fixture_number_at(f, "result.wind_speed_mph") == 108); /* the mean of the four */
	assert_string_equal(fixture_text(f, "result.wind_source"), "pack windgrid_test");
	assert_non_null(fixture_at(f, "trace.pack_metadata.windgrid_test"));
	assert_int_equal(ask(f, "{\"lat\":32.8,\"lon\":-96.8}"), 200); /* a point of the grid needs no neighbours */
	assert_true(fixture_number_at(f, "result.wind_speed_mph") == 110);
	assert_int_equal(ask(f, "{\"lat\":32.85,\"lon\":-96.75}"), 200);
	assert_string_equal(fixture_text(f, "assumptions.0.code"), "abstain.wind");
	assert_int_equal(ask(f, "{\"lat\":32.75,\"lon\":-96.75,\"risk_category\":\"IV\"}"), 200);
	assert_string_equal(fixture_text(f, "assumptions.0.code"), "abstain.wind");
	f->geocodes = "{\"results\":[]}";
	assert_int_equal(ask(f, "{\"address\":\"1 Elm St, Dallas, TX\"}"), 200);
	assert_string_equal(fixture_text(f, "result.geocoder"), "places");
	assert_true(fixture_number_at(f, "confidence") == .9);
	assert_int_equal(ask(f, "{\"address\":\"75201-1234\"}"), 200);
	assert_true(fixture_number_at(f, "result.lat") == 32.7);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, project_fixture_new, project_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_overrides),          TEST(test_refused), TEST(test_all_at_once), TEST(test_geocoding_fails),
		TEST(test_geocodes_and_keeps), TEST(test_breaker), TEST(test_packs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
