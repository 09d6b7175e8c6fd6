#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "seal/pack.h"
#include "seal/seals.h"
#include "sign/domain/design.h"
#include "sign/project_fixture.h"
#include "store/store.h"

#define CONFIG \
	"\"config\":{\"site\":{\"wind_speed_mph\":115,\"frost_depth_ft\":3},\"sign\":{\"height_ft\":25," \
	"\"sign_height_ft\":8,\"sign_width_ft\":10}}"
#define PAYLOAD \
	"{\"module\":\"signage.single_pole\"," CONFIG ",\"files\":[\"b\",\"a\"],\"cost_snapshot\":{\"x\":1,\"y\":2}}"

static const char *project_new(struct project_fixture *f)
{
	assert_int_equal(fixture_ask(f, "ann", "POST", "/api/v1/projects", "{\"name\":\"Diner\"}", NULL), 201);
	return fixture_text(f, "result.project_id");
}

static int post(struct project_fixture *f, const char *who, const char *id, const char *what, const char *body)
{
	return fixture_ask(f, who, "POST", arena_printf(&f->arena, "/api/v1/projects/%s/%s", id, what), body, NULL);
}

static int get(struct project_fixture *f, const char *id, const char *what)
{
	return fixture_ask(f, "ann", "GET", arena_printf(&f->arena, "/projects/%s/%s", id, what), NULL, NULL);
}

static void test_saves_and_seals(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f);
	assert_int_equal(post(f, "ann", id, "payload", PAYLOAD), 201);
	const char *sha = fixture_text(f, "result.sha256"), *seal = fixture_text(f, "result.seal_sha256");
	assert_int_equal(strlen(seal), 64);
	assert_non_null(fixture_at(f, "result.design.selected.pole.designation"));
	assert_int_equal(fixture_at(f, "result.duplicate")->boolean, false);
	assert_int_equal(get(f, id, ""), 200);
	assert_string_equal(fixture_text(f, "result.payload.sha256"), sha);
	assert_string_equal(fixture_text(f, "result.seal_sha256"), seal);
	assert_string_equal(fixture_text(f, "result.payload.files.0"), "a");
	assert_true(fixture_number_at(f, "result.payload.config.site.wind_speed_mph") == 115);
	assert_true(fixture_number_at(f, "result.version") == 2);
	assert_int_equal(get(f, id, "events"), 200);
	assert_string_equal(fixture_text(f, "result.items.0.type"), "payload.saved");
	assert_string_equal(fixture_text(f, "result.items.0.content_sha256"), sha);
	assert_true(fixture_chain_sound(f));
}

/* The order of members and of files says nothing; another value does. */
static void test_duplicates(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f);
	assert_int_equal(post(f, "ann", id, "payload", PAYLOAD), 201);
	const char *first = fixture_text(f, "result.payload_id"), *seal = fixture_text(f, "result.seal_sha256");
	assert_int_equal(post(f, "pat", id, "payload",
						  "{\"cost_snapshot\":{\"y\":2,\"x\":1.0},\"files\":[\"a\",\"b\"],\"config\":{\"sign\":{"
						  "\"sign_width_ft\":10,\"sign_height_ft\":8,\"height_ft\":25},\"site\":{\"frost_depth_ft\":3,"
						  "\"wind_speed_mph\":115}},\"module\":\"signage.single_pole\"}"),
					 200);
	assert_true(fixture_at(f, "result.duplicate")->boolean);
	assert_string_equal(fixture_text(f, "result.payload_id"), first);
	assert_int_equal(get(f, id, "payloads"), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, 1);
	assert_int_equal(post(f, "ann", id, "payload", "{\"module\":\"signage.single_pole\"," CONFIG "}"), 201);
	assert_string_equal(fixture_text(f, "result.seal_sha256"), seal); /* another payload of the same design */
	assert_int_equal(get(f, id, "payloads?limit=1"), 200);
	assert_string_not_equal(fixture_text(f, "result.items.0.payload_id"), first);
	assert_int_equal(
		get(f, id, arena_printf(&f->arena, "payloads?limit=1&cursor=%s", fixture_text(f, "result.next_cursor"))), 200);
	assert_string_equal(fixture_text(f, "result.items.0.payload_id"), first);
	assert_int_equal(fixture_at(f, "result.next_cursor")->kind, JS_NULL);
	/* the same content in another project is that project's own */
	const char *other = project_new(f);
	assert_int_equal(post(f, "ann", other, "payload", PAYLOAD), 201);
	assert_string_not_equal(fixture_text(f, "result.payload_id"), first);
}

static void test_refused(void **state)
{
	static const struct {
		const char *body, *pointer, *code;
	} rows[] = {
		{"{\"module\":\"signage.tower\"," CONFIG "}", "/module", "enum"},
		{"{\"module\":\"signage.single_pole\"}", "/config", "required"},
		{"{" CONFIG "}", "/module", "required"},
		{"{\"module\":\"signage.single_pole\",\"config\":{\"site\":{},\"sign\":{\"height_ft\":25,\"sign_height_ft\":8,"
		 "\"sign_width_ft\":10}}}",
		 "/config/site/wind_speed_mph", "required"},
		{"{\"module\":\"signage.single_pole\",\"config\":{\"site\":{\"wind_speed_mph\":600},\"sign\":{\"height_ft\":25,"
		 "\"sign_height_ft\":8,\"sign_width_ft\":10}}}",
		 "/config/site/wind_speed_mph", "range"},
		{"{\"module\":\"signage.single_pole\",\"config\":[]}", "/config", "type"},
	};
	struct project_fixture *f = *state;
	const char *id = project_new(f);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(post(f, "ann", id, "payload", rows[i].body), 422);
		assert_string_equal(fixture_text(f, "errors.0.pointer"), rows[i].pointer);
		assert_string_equal(fixture_text(f, "errors.0.code"), rows[i].code);
	}
	assert_int_equal(post(f, "vic", id, "payload", PAYLOAD), 403);
	assert_int_equal(post(f, "eve", id, "payload", PAYLOAD), 404);
	assert_int_equal(get(f, id, "payloads"), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, 0);
}

/* What was sealed can be computed again, and is the same. */
static void test_replays(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f);
	assert_int_equal(post(f, "ann", id, "payload", PAYLOAD), 201);
	const char *sha = fixture_text(f, "result.seal_sha256");
	assert_int_equal(get(f, id, ""), 200);
	const struct op *const ops[] = {&sign_design_op};
	const struct op_context context = {.packs = f->packs, .envelope = {.version = "1.2.3", .git_sha = "abc"}};
	struct seal seal;
	struct replay replay;
	struct err err;
	bool found = false;
	struct db *db = store_read(f->store);
	assert_true(seal_find(db, fixture_text(f, "result.account_id"), sha, &f->arena, &seal, &found, &err) && found);
	store_read_end(f->store, db);
	assert_string_equal(seal.subject_kind, "project");
	assert_string_equal(seal.subject_id, id);
	assert_true(seal_replay(&seal, ops, 1, &context, &f->arena, &replay, &err));
	assert_int_equal(replay.outcome, REPLAY_IDENTICAL);
	/* what was sealed otherwise is told with its differences; of other packs nothing can be said [P-6.5] */
	char *result = arena_dup(&f->arena, seal.result), *at = strstr(result, "\"pricing_version\":\"v1\"");
	assert_non_null(at);
	at[strlen("\"pricing_version\":\"v")] = '0';
	const char *sealed = seal.result;
	seal.result = result;
	seal.content_sha256 = "another";
	assert_true(seal_replay(&seal, ops, 1, &context, &f->arena, &replay, &err));
	assert_int_equal(replay.outcome, REPLAY_DIFFERENT);
	assert_int_equal(replay.count, 1);
	assert_string_equal(replay.differences[0].pointer, "/price/pricing_version");
	assert_string_equal(replay.differences[0].was, "\"v0\"");
	assert_string_equal(replay.differences[0].is, "\"v1\"");
	seal.result = sealed;
	char *packs = arena_dup(&f->arena, seal.packs);
	at = strstr(packs, "\"costs\":\"");
	assert_non_null(at);
	memset(at + strlen("\"costs\":\""), '0', 64);
	seal.packs = packs;
	assert_true(seal_replay(&seal, ops, 1, &context, &f->arena, &replay, &err));
	assert_int_equal(replay.outcome, REPLAY_NOT_REPLAYABLE);
	assert_string_equal(replay.reason, "pack_missing");
	assert_string_equal(replay.detail, "costs");
	assert_int_equal(replay.count, 0); /* the one in force gives the same */
	seal.result = result;
	assert_true(seal_replay(&seal, ops, 1, &context, &f->arena, &replay, &err));
	assert_int_equal(replay.outcome, REPLAY_NOT_REPLAYABLE);
	assert_string_equal(replay.reason, "pack_missing");
	assert_int_equal(replay.count, 1); /* else it is told [sign.md 10.11] */
	assert_string_equal(replay.differences[0].pointer, "/price/pricing_version");
}

static void test_estimate(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f);
	assert_int_equal(post(f, "ann", id, "estimate", "{\"height_ft\":30,\"addons\":[\"calc_packet\"]}"), 200);
	assert_true(fixture_number_at(f, "result.total_usd") == 335);
	assert_string_equal(fixture_text(f, "trace.route"), "/api/v1/projects/{id}/estimate");
	assert_int_equal(get(f, id, ""), 200);
	assert_string_equal(fixture_text(f, "result.status"), "estimating");
	assert_string_equal(fixture_text(f, "result.pricing_version"), "v1");
	assert_int_equal(post(f, "ann", id, "estimate", "{\"height_ft\":25,\"version\":\"v1\"}"), 200);
	assert_true(fixture_number_at(f, "result.total_usd") == 200);
	assert_int_equal(post(f, "ann", id, "estimate", "{\"height_ft\":25,\"addons\":[\"gold\",\"calc_packet\"]}"), 422);
	assert_string_equal(fixture_text(f, "errors.0.pointer"), "/addons/0");
	assert_string_equal(fixture_text(f, "errors.0.code"), "unknown_addon");
	assert_int_equal(post(f, "ann", id, "estimate", "{\"height_ft\":25,\"version\":\"v9\"}"), 409);
	assert_string_equal(fixture_text(f, "code"), "pack_version");
	assert_string_equal(fixture_text(f, "available.0"), "v1");
	assert_int_equal(post(f, "ann", id, "estimate", "{\"height_ft\":501}"), 422);
	assert_int_equal(post(f, "vic", id, "estimate", "{\"height_ft\":25}"), 403);
	assert_int_equal(get(f, id, "events"), 200);
	assert_string_equal(fixture_text(f, "result.items.0.type"), "estimate.made");
	assert_true(fixture_chain_sound(f));
}

static const char later_list[] =
	"name: pricing\nversion: v2\neffective_from: \"2025-01-01\"\nsource: a test\ncurrency: USD\nbase:\n"
	"  - {up_to_height_ft: 500, code: base, label: Any, amount_usd: 999}\naddons: []\n";

/* A project keeps the list that it was first priced by; a newer one is only looked at. */
static void test_price_lists(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f);
	struct err err;
	assert_int_equal(post(f, "ann", id, "estimate", "{\"height_ft\":25}"), 200);
	assert_true(packs_add(f->packs, later_list, sizeof later_list - 1, false, &err));
	assert_int_equal(post(f, "ann", id, "estimate", "{\"height_ft\":25}"), 200);
	assert_true(fixture_number_at(f, "result.total_usd") == 200);
	assert_int_equal(post(f, "ann", id, "estimate", "{\"height_ft\":25,\"version\":\"v2\"}"), 409);
	assert_string_equal(fixture_text(f, "available.1"), "v2");
	assert_int_equal(post(f, "ann", id, "estimate", "{\"height_ft\":25,\"version\":\"v2\",\"preview\":true}"), 200);
	assert_true(fixture_number_at(f, "result.total_usd") == 999);
	assert_int_equal(get(f, id, ""), 200);
	assert_string_equal(fixture_text(f, "result.pricing_version"), "v1");
	const char *fresh = project_new(f); /* priced by the list in force today */
	assert_int_equal(post(f, "ann", fresh, "estimate", "{\"height_ft\":25}"), 200);
	assert_true(fixture_number_at(f, "result.total_usd") == 999);
}

/* The rows add up to the design's own costs. */
static void test_bom(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f);
	assert_int_equal(get(f, id, "bom"), 422);
	assert_string_equal(fixture_text(f, "code"), "no_payload");
	assert_int_equal(post(f, "ann", id, "payload", PAYLOAD), 201);
	double total = fixture_number_at(f, "result.design.selected.cost_usd.total"), sum = 0;
	double yards = fixture_number_at(f, "result.design.selected.foundation.concrete_yards");
	assert_int_equal(get(f, id, "bom"), 200);
	uint32_t count = fixture_at(f, "result.items")->count;
	assert_true(fixture_number_at(f, "result.total_items") == count);
	for (uint32_t i = 0; i < count; i++) {
		sum += fixture_number_at(f, arena_printf(&f->arena, "result.items.%u.cost_usd", i));
		if (strcmp(fixture_text(f, arena_printf(&f->arena, "result.items.%u.item", i)), "concrete") == 0)
			assert_true(fixture_number_at(f, arena_printf(&f->arena, "result.items.%u.quantity", i)) == yards);
	}
	assert_true(sum > total - .01 && sum < total + .01);
	const char *hash = fixture_text(f, "content_sha256");
	assert_int_equal(post(f, "vic", id, "bom", NULL), 200);
	assert_string_equal(fixture_text(f, "content_sha256"), hash);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, project_fixture_new, project_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_saves_and_seals), TEST(test_duplicates),  TEST(test_refused), TEST(test_replays),
		TEST(test_estimate),        TEST(test_price_lists), TEST(test_bom),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
