#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/json.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "store/blob.h"
#include "trade/chart_cache.h"
#include "trade/desk_fixture.h"
#include "trade/kept_charts.h"
#include "trade/trade_internal.h"

#define BODY "{\"values\":[1,2,2,3,5],\"bins\":5,\"format\":\"png\",\"width\":200,\"height\":150}"
#define OTHER "{\"values\":[1,2,2,3,6],\"bins\":5,\"format\":\"png\",\"width\":200,\"height\":150}"

static void a_picture_is_drawn_once(void **state)
{
	(void)state;
	char url[128];
	assert_int_equal(ask("POST", "/api/v1/charts/histogram", BODY, NULL), 201);
	snprintf(url, sizeof url, "%s", text("result.url"));
	const char *sha256 = text("result.sha256");
	assert_non_null(strstr(url, sha256));
	assert_int_equal(ask("POST", "/api/v1/charts/histogram", BODY, NULL), 200);
	assert_string_equal(text("result.url"), url);
	/* the same question in another order of members is the same */
	assert_int_equal(ask("POST", "/api/v1/charts/histogram",
						 "{\"height\":150,\"width\":200,\"format\":\"png\",\"bins\":5,\"values\":[1,2,2,3,5]}", NULL),
					 200);
	assert_int_equal(ask("POST", "/api/v1/charts/histogram", OTHER, NULL), 201);
	assert_string_not_equal(text("result.url"), url);
	assert_int_equal(ask("GET", url, NULL, NULL), 200);
	char hash[SHA256_HEX_SIZE];
	sha256_hex(f.ask.answer, f.ask.answer_size, hash);
	assert_string_equal(hash, sha256);
	assert_memory_equal(f.ask.answer, "\x89PNG", 4);
	assert_non_null(strstr(loopback_header(&f.ask, "cache-control"), "immutable"));
	const char *etag = arena_dup(&f.arena, loopback_header(&f.ask, "etag"));
	const char *const seen[] = {"if-none-match", etag, NULL};
	assert_int_equal(ask("GET", url, NULL, seen), 304);
	f.who = STRANGER; /* another tenant asked for nothing */
	assert_int_equal(ask("GET", url, NULL, NULL), 404);
	f.who = OWNER;
	strcpy(strrchr(url, '.'), ".svg");
	assert_int_equal(ask("GET", url, NULL, NULL), 404);
	strcpy(strrchr(url, '.'), ".png");
	env_sim_advance(&f.sim, CHART_CACHE_S * STAMP_US_PER_S);
	assert_int_equal(ask("GET", url, NULL, NULL), 404);
}

static void the_picture_itself(void **state)
{
	(void)state;
	static const char *const image[] = {"content-type", "application/json", "accept", "image/png", NULL};
	assert_int_equal(ask("POST", "/api/v1/charts/histogram", BODY, image), 201);
	assert_string_equal(loopback_header(&f.ask, "content-type"), "image/png");
	assert_memory_equal(f.ask.answer, "\x89PNG", 4);
	assert_int_equal(ask("POST", "/api/v1/charts/histogram", BODY, image), 200);
}

static void what_cannot_be_drawn(void **state)
{
	(void)state;
	ask("POST", "/api/v1/charts/histogram", "{\"values\":[1],\"width\":1}", NULL);
	must_answer(422, "invalid");
	assert_true(names_fault("/width", "range"));
	assert_int_equal(ask("POST", "/api/v1/charts/histogram", "{\"values\":[]}", NULL), 200); /* no blank picture */
	assert_int_equal(member("result")->kind, JS_NULL);
}

static struct chart_picture picture(const char *account, const char *key, size_t size)
{
	static char bytes[1000];
	return (struct chart_picture){.account_id = account,
								  .key = key,
								  .sha256 = key,
								  .media_type = "image/png",
								  .result = "{}",
								  .bytes = bytes,
								  .size = size,
								  .until_us = 1};
}

/* The least recently used goes first, by bytes. */
static void the_cache_has_its_size(void **state)
{
	(void)state;
	struct arena arena;
	struct chart_picture found, a = picture("t", "a", 900), b = picture("t", "b", 900), c = picture("t", "c", 900);
	struct chart_cache *cache = chart_cache_new(2700);
	arena_init(&arena, 1 << 20);
	chart_cache_put(cache, &a, 0);
	chart_cache_put(cache, &b, 0);
	assert_true(chart_cache_find(cache, "t", "a", NULL, 0, &arena, &found) && found.size == 900);
	chart_cache_put(cache, &c, 0);
	assert_false(chart_cache_find(cache, "t", "b", NULL, 0, &arena, &found));
	assert_true(chart_cache_find(cache, "t", "a", NULL, 0, &arena, &found));
	assert_true(chart_cache_find(cache, "t", NULL, "c", 0, &arena, &found));
	assert_false(chart_cache_find(cache, "u", "a", NULL, 0, &arena, &found));
	const struct chart_picture huge = picture("t", "h", 1000);
	struct chart_cache *small = chart_cache_new(1000);
	chart_cache_put(small, &huge, 0);
	assert_false(chart_cache_find(small, "t", "h", NULL, 0, &arena, &found));
	chart_cache_free(small);
	chart_cache_free(cache);
	arena_fini(&arena);
}

/* Two questions may have one picture: it is there by its hash as long as either is; and nothing is past its time. */
static void one_picture_of_two_questions(void **state)
{
	(void)state;
	struct arena arena;
	struct chart_picture found, a = picture("t", "a", 900), b = picture("t", "b", 900), late = picture("t", "l", 10);
	struct chart_cache *cache = chart_cache_new(1 << 20);
	a.sha256 = b.sha256 = "p";
	a.until_us = 10;
	b.until_us = 20;
	late.until_us = 5;
	arena_init(&arena, 1 << 20);
	chart_cache_put(cache, &late, 5); /* too late to be kept */
	assert_false(chart_cache_find(cache, "t", "l", NULL, 5, &arena, &found));
	chart_cache_put(cache, &b, 0);
	chart_cache_put(cache, &a, 0);
	assert_true(chart_cache_find(cache, "t", NULL, "p", 9, &arena, &found) && found.until_us == 10);
	assert_true(chart_cache_find(cache, "t", NULL, "p", 10, &arena, &found) && found.until_us == 20);
	assert_false(chart_cache_find(cache, "t", "a", NULL, 10, &arena, &found));
	chart_cache_put(cache, &b, 10); /* asked again: the newer takes its place */
	assert_true(chart_cache_find(cache, "t", "b", NULL, 19, &arena, &found));
	assert_false(chart_cache_find(cache, "t", NULL, "p", 20, &arena, &found));
	assert_false(chart_cache_find(cache, "t", "b", NULL, 20, &arena, &found));
	chart_cache_free(cache);
	arena_fini(&arena);
}

/* However many there are, each is found by either name. */
static void many_pictures_are_each_found(void **state)
{
	(void)state;
	enum { PICTURES = 2000 };
	struct arena arena;
	struct chart_picture found;
	char key[16];
	struct chart_cache *cache = chart_cache_new(CHART_CACHE_BYTES);
	arena_init(&arena, 16 << 20);
	for (int i = 0; i < PICTURES; i++) {
		snprintf(key, sizeof key, "%d", i);
		struct chart_picture p = picture("t", key, 8);
		chart_cache_put(cache, &p, 0);
	}
	for (int i = 0; i < PICTURES; i++) {
		snprintf(key, sizeof key, "%d", i);
		assert_true(chart_cache_find(cache, "t", key, NULL, 0, &arena, &found));
		assert_string_equal(found.key, key);
		assert_true(chart_cache_find(cache, "t", NULL, key, 0, &arena, &found));
	}
	chart_cache_free(cache);
	arena_fini(&arena);
}

/* --- on disk --- */

static char url[128], drawn_sha256[SHA256_HEX_SIZE];

static int drawn(const char *body)
{
	int status = ask("POST", "/api/v1/charts/histogram", body, NULL);
	snprintf(url, sizeof url, "%s", text("result.url"));
	snprintf(drawn_sha256, sizeof drawn_sha256, "%s", text("result.sha256"));
	return status;
}

static int fetched(void)
{
	return ask("GET", url, NULL, NULL);
}

static bool is_kept(void)
{
	return blob_exists(f.charts, drawn_sha256);
}

/* Everything is on disk, and from now on at once; memory keeps nothing. */
static void without_memory(void)
{
	kept_charts_stop(f.api->kept_charts);
	chart_cache_free(f.api->charts);
	f.api->charts = chart_cache_new(0);
}

static void a_url_outlives_a_restart(void **state)
{
	(void)state;
	assert_int_equal(drawn(BODY), 201);
	assert_int_equal(fetched(), 200);
	const char *etag = arena_dup(&f.arena, loopback_header(&f.ask, "etag"));
	const char *bytes = arena_dupn(&f.arena, f.ask.answer, f.ask.answer_size);
	size_t size = f.ask.answer_size;
	desk_restart();
	f.who = STRANGER;
	assert_int_equal(fetched(), 404);
	f.who = OWNER;
	env_sim_advance(&f.sim, (CHART_CACHE_S - 1) * STAMP_US_PER_S);
	assert_int_equal(fetched(), 200);
	assert_int_equal(f.ask.answer_size, size);
	assert_memory_equal(f.ask.answer, bytes, size);
	assert_string_equal(loopback_header(&f.ask, "content-type"), "image/png");
	assert_string_equal(loopback_header(&f.ask, "etag"), etag);
	desk_restart();
	assert_int_equal(drawn(BODY), 200); /* not drawn again, and no longer good than it was */
	assert_true(number("result.width") == 200);
	desk_pass(STAMP_US_PER_S - 1);
	assert_true(is_kept());
	assert_int_equal(fetched(), 200);
	desk_pass(1);
	assert_int_equal(fetched(), 404);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM chart_pictures"), 0);
	assert_false(is_kept());
}

static void what_memory_forgot_is_on_disk(void **state)
{
	(void)state;
	assert_int_equal(drawn(BODY), 201);
	without_memory();
	assert_int_equal(fetched(), 200);
	assert_int_equal(drawn(BODY), 200);
	assert_int_equal(drawn(OTHER), 201); /* while the server stops, too */
	assert_int_equal(fetched(), 200);
}

static void overwrite(void)
{
	char path[512];
	snprintf(path, sizeof path, "%s/blobs/%.2s/%s", f.folder, drawn_sha256, drawn_sha256 + 2);
	FILE *file = fopen(path, "r+");
	assert_non_null(file);
	fputs("not a picture", file);
	assert_int_equal(fclose(file), 0);
}

static void a_damaged_or_missing_picture_is_drawn_again(void **state)
{
	(void)state;
	assert_int_equal(drawn(BODY), 201);
	without_memory();
	overwrite();
	assert_int_equal(fetched(), 404);
	assert_int_equal(drawn(BODY), 201);
	assert_int_equal(fetched(), 200);
	overwrite();
	assert_int_equal(drawn(BODY), 201);
	assert_int_equal(fetched(), 200);
	assert_true(blob_remove(f.charts, drawn_sha256, NULL));
	assert_int_equal(fetched(), 404);
	assert_int_equal(drawn(BODY), 201);
	assert_int_equal(fetched(), 200);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM chart_pictures"), 1);
}

/* As on a disk that takes no more: the picture is drawn all the same, and good while the process lives. */
static void a_picture_that_cannot_be_kept_is_answered(void **state)
{
	(void)state;
	char folder[512];
	snprintf(folder, sizeof folder, "%s/blobs/new", f.folder);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(drawn(BODY), 201);
	assert_int_equal(fetched(), 200);
	desk_restart();
	assert_int_equal(fetched(), 404);
	assert_int_equal(drawn(BODY), 201);
	without_memory();
	assert_int_equal(fetched(), 200);
	desk_sql("DROP TABLE chart_pictures");
	assert_int_equal(fetched(), 404);
	assert_int_equal(drawn(BODY), 201);
}

/* Of one account, by blocks; another's stay, even where they are the same. */
static void an_account_has_so_much_of_the_disk(void **state)
{
	(void)state;
	enum { PICTURES = 4 };
	char urls[PICTURES][128], body[128];
	without_memory();
	kept_charts_free(f.api->kept_charts);
	f.api->kept_charts = kept_charts_new(f.store, f.charts, 3 * KEPT_CHARTS_BLOCK);
	kept_charts_stop(f.api->kept_charts);
	f.who = STRANGER;
	assert_int_equal(drawn(BODY), 201);
	f.who = OWNER;
	for (int i = 0; i < PICTURES; i++) {
		env_sim_advance(&f.sim, STAMP_US_PER_S);
		snprintf(body, sizeof body,
				 "{\"values\":[1,2,2,3,%d],\"bins\":5,\"format\":\"png\",\"width\":200,\"height\":150}", 5 + i);
		assert_int_equal(drawn(body), 201);
		strcpy(urls[i], url);
	}
	assert_int_equal(desk_count("SELECT MAX(room) FROM chart_pictures"), KEPT_CHARTS_BLOCK);
	for (int i = 0; i < PICTURES; i++)
		assert_int_equal(ask("GET", urls[i], NULL, NULL), i == 0 ? 404 : 200);
	f.who = STRANGER;
	assert_int_equal(ask("GET", urls[0], NULL, NULL), 200);
	f.who = OWNER;
	assert_int_equal(drawn(body), 200); /* the newest is there, so nothing is drawn and nothing goes */
	assert_int_equal(drawn("{\"values\":[1,2,2,3,5],\"width\":1200,\"height\":900,\"format\":\"svg\"}"), 201);
	assert_int_equal(
		desk_count("SELECT SUM(room) / 4096 FROM chart_pictures GROUP BY account_id ORDER BY 1 DESC LIMIT 1"), 3);
}

/* --- of a signal --- */

/* What a terminal tells, a minute after the other. */
static void tell_bid(int sequence, double bid)
{
	char at[STAMP_TEXT];
	stamp_format(at, f.sim.wall_us);
	const char *body = arena_printf(
		&f.arena,
		"{\"seq\":%d,\"taken_at\":\"%s\",\"account\":{\"login\":\"1001\",\"broker\":\"Broker\",\"server\":\"Live\","
		"\"currency\":\"USD\",\"leverage\":100,\"balance\":10000,\"equity\":10000,\"margin\":0,\"free_margin\":10000},"
		"\"quotes\":[{\"symbol\":\"XAUUSD\",\"bid\":%.2f,\"ask\":%.2f,\"time\":\"%s\"}]}",
		sequence, at, bid, bid + .2, at);
	if (device_ask((struct device_send){.target = "/api/v1/client/snapshot", .body = body}) != 201)
		fail_msg("%s", f.ask.answer);
}

/* [trade.md 10] Twelve minutes of two quotes each, 1949 to 1951, and a signal in the last of them. */
static void a_signal_has_the_prices_around_it(void **state)
{
	(void)state;
	static const char *const image[] = {"accept", "image/png", NULL};
	add_device("desk");
	for (int i = 0; i < 24; i++) {
		tell_bid(i + 1, 1950 + (i % 3) - 1);
		env_sim_advance(&f.sim, i < 23 ? 30 * STAMP_US_PER_S : 0);
	}
	approved_signal("0.1");
	assert_int_equal(askf("GET", NULL, "/api/v1/signals/%s/chart", f.signal_id), 200);
	assert_true(number("result.rows") == 12);
	assert_true(number("result.price_min") == 1949 && number("result.price_max") == 1951);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM quote_bars"), 12);
	assert_int_equal(desk_count("SELECT open - low FROM quote_bars ORDER BY minute LIMIT 1"), 0);
	assert_int_equal(desk_count("SELECT (close - open) / 100000000 FROM quote_bars ORDER BY minute LIMIT 1"), 1);
	assert_int_equal(askf("GET", NULL, "/api/v1/signals/%s/chart?minutes=5&theme=dark&format=svg", f.signal_id), 200);
	assert_true(number("result.rows") == 3);
	assert_string_equal(text("result.media_type"), "image/svg+xml");
	char target[128];
	snprintf(target, sizeof target, "/api/v1/signals/%s/chart", f.signal_id);
	assert_int_equal(ask("GET", target, NULL, image), 200);
	assert_memory_equal(f.ask.answer, "\x89PNG", 4);
	f.who = STRANGER;
	assert_int_equal(ask("GET", target, NULL, NULL), 404);
	f.who = OWNER;
	assert_int_equal(ask("GET", "/api/v1/signals/x/chart", NULL, NULL), 404);
	assert_int_equal(askf("GET", NULL, "/api/v1/signals/%s/chart?minutes=7", f.signal_id), 422);
}

/* No quotes, no picture. */
static void a_signal_without_prices_abstains(void **state)
{
	(void)state;
	add_producer("");
	assert_int_equal(post((struct send){.body = signal_with("1950", "")}), 201);
	assert_int_equal(askf("GET", NULL, "/api/v1/signals/%s/chart", text("result.id")), 200);
	assert_int_equal(member("result")->kind, JS_NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_picture_is_drawn_once),
		TEST(the_picture_itself),
		TEST(what_cannot_be_drawn),
		TEST(the_cache_has_its_size),
		TEST(one_picture_of_two_questions),
		TEST(many_pictures_are_each_found),
		TEST(a_url_outlives_a_restart),
		TEST(what_memory_forgot_is_on_disk),
		TEST(a_damaged_or_missing_picture_is_drawn_again),
		TEST(a_picture_that_cannot_be_kept_is_answered),
		TEST(an_account_has_so_much_of_the_disk),
		TEST(a_signal_has_the_prices_around_it),
		TEST(a_signal_without_prices_abstains),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
