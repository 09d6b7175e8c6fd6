#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/rng.h"

struct bench {
	struct buf buf;
	struct jw jw;
};

static void begin(struct bench *bench)
{
	buf_init(&bench->buf, 0);
	jw_init(&bench->jw, &bench->buf);
}

static void must_end_as(struct bench *bench, const char *want)
{
	assert_true(jw_ok(&bench->jw));
	assert_string_equal(buf_text(&bench->buf), want);
	buf_fini(&bench->buf);
}

static void commas_are_the_writers(void **state)
{
	(void)state;
	struct bench bench;
	begin(&bench);
	struct jw *jw = &bench.jw;
	jw_object(jw);
	jw_member_str(jw, "a", "x");
	jw_key(jw, "b");
	jw_array(jw);
	jw_int(jw, 1);
	jw_array(jw);
	jw_array_end(jw);
	jw_object(jw);
	jw_object_end(jw);
	jw_null(jw);
	jw_array_end(jw);
	jw_member_bool(jw, "c", true);
	jw_key(jw, "d");
	jw_object(jw);
	jw_member_num(jw, "e", 0.5);
	jw_member_int(jw, "f", -3);
	jw_object_end(jw);
	jw_member_bool(jw, "g", false);
	jw_object_end(jw);
	must_end_as(&bench, "{\"a\":\"x\",\"b\":[1,[],{},null],\"c\":true,\"d\":{\"e\":0.5,\"f\":-3},\"g\":false}");
}

static void values_of_each_kind(void **state)
{
	(void)state;
	struct bench bench;
	begin(&bench);
	struct jw *jw = &bench.jw;
	jw_array(jw);
	jw_int(jw, INT64_MIN);
	jw_int(jw, INT64_MAX);
	jw_num(jw, -0.0);
	jw_num(jw, 1e21);
	jw_num(jw, 0.1);
	jw_str(jw, NULL);
	jw_str(jw, "");
	jw_strn(jw, "cut here", 3);
	jw_raw(jw, "[1, 2]", 6);
	jw_json(jw, NULL);
	jw_bool(jw, true);
	jw_array_end(jw);
	must_end_as(&bench, "[-9223372036854775808,9223372036854775807,0,1e+21,0.1,null,\"\",\"cut\",[1, 2],null,true]");
}

/* Each byte below 0x80, alone and among others: what is read back is what was written. */
static void strings_survive(void **state)
{
	(void)state;
	for (int c = 1; c < 0x80; c++) {
		const char text[] = {'a', (char)c, 'b', (char)c, '\0'};
		struct bench bench;
		struct arena arena;
		const struct json *json = NULL;
		begin(&bench);
		arena_init(&arena, 1 << 16);
		jw_object(&bench.jw);
		jw_member_str(&bench.jw, text, text);
		jw_object_end(&bench.jw);
		assert_true(json_parse(&arena, buf_text(&bench.buf), bench.buf.size, &json_body_limits, &json, NULL));
		assert_string_equal(json->members[0].name, text);
		assert_string_equal(json_text(json, text), text);
		size_t more = strchr("\b\t\n\f\r\"\\", c) != NULL ? 1 : c < 0x20 ? 5 : 0;
		assert_int_equal(bench.buf.size, strlen("{'axbx':'axbx'}") + 4 * more);
		arena_fini(&arena);
		buf_fini(&bench.buf);
	}
}

/* REF: RFC 8785 section 3.2.2.2 */
static void escapes_are_the_short_ones(void **state)
{
	(void)state;
	struct bench bench;
	begin(&bench);
	jw_str(&bench.jw, "\b\t\n\f\r\"\\/\x01\x1f\x7f\xc3\xa9\xf0\x9f\x98\x80<>&'");
	must_end_as(&bench, "\"\\b\\t\\n\\f\\r\\\"\\\\/\\u0001\\u001f\x7f\xc3\xa9\xf0\x9f\x98\x80<>&'\"");
}

static void what_is_no_number_never_leaves(void **state)
{
	(void)state;
	static const double numbers[] = {NAN, INFINITY, -INFINITY};
	for (size_t i = 0; i < 3; i++) {
		struct bench bench;
		begin(&bench);
		jw_array(&bench.jw);
		jw_num(&bench.jw, 1);
		jw_num(&bench.jw, numbers[i]);
		assert_false(jw_ok(&bench.jw));
		jw_num(&bench.jw, 2);
		jw_array_end(&bench.jw);
		assert_false(jw_ok(&bench.jw));
		buf_fini(&bench.buf);
	}
}

static void a_full_buffer_is_noticed(void **state)
{
	(void)state;
	struct bench bench;
	buf_init(&bench.buf, 8);
	jw_init(&bench.jw, &bench.buf);
	jw_array(&bench.jw);
	jw_str(&bench.jw, "1234");
	assert_true(jw_ok(&bench.jw));
	jw_str(&bench.jw, "5");
	assert_false(jw_ok(&bench.jw));
	jw_array_end(&bench.jw);
	assert_false(jw_ok(&bench.jw));
	buf_fini(&bench.buf);
}

static void write_random(struct jw *jw, struct rng *rng, int depth)
{
	static const char *const texts[] = {"", "a", "\"", "\\", "\n", "\xe2\x82\xac", "[1,2]", "\x01"};
	switch (rng_below(rng, depth > 0 ? 7 : 5)) {
	case 0:
		jw_null(jw);
		break;
	case 1:
		jw_bool(jw, rng_below(rng, 2) == 1);
		break;
	case 2:
		jw_int(jw, (int64_t)rng_next(rng));
		break;
	case 3:
		jw_num(jw, ldexp(rng_unit(rng) - 0.5, (int)rng_below(rng, 200) - 100));
		break;
	case 4:
		jw_str(jw, texts[rng_below(rng, 8)]);
		break;
	case 5:
		jw_array(jw);
		for (uint64_t left = rng_below(rng, 5); left > 0; left--)
			write_random(jw, rng, depth - 1);
		jw_array_end(jw);
		break;
	default:
		jw_object(jw);
		for (uint64_t i = rng_below(rng, 5); i > 0; i--) {
			jw_key(jw, texts[i]);
			write_random(jw, rng, depth - 1);
		}
		jw_object_end(jw);
	}
}

/* Random trees: written, read, written again: the same bytes. */
static void reading_and_writing_agree(void **state)
{
	(void)state;
	struct rng rng;
	rng_init(&rng, 11);
	for (int i = 0; i < 5000; i++) {
		struct bench first, second;
		struct arena arena;
		const struct json *json = NULL;
		begin(&first);
		begin(&second);
		arena_init(&arena, 1 << 22);
		write_random(&first.jw, &rng, 5);
		assert_true(jw_ok(&first.jw));
		assert_true(json_parse(&arena, buf_text(&first.buf), first.buf.size, &json_body_limits, &json, NULL));
		jw_json(&second.jw, json);
		must_end_as(&second, buf_text(&first.buf));
		arena_fini(&arena);
		buf_fini(&first.buf);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commas_are_the_writers),
		cmocka_unit_test(values_of_each_kind),
		cmocka_unit_test(strings_survive),
		cmocka_unit_test(escapes_are_the_short_ones),
		cmocka_unit_test(what_is_no_number_never_leaves),
		cmocka_unit_test(a_full_buffer_is_noticed),
		cmocka_unit_test(reading_and_writing_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
