#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/jcs.h"
#include "core/json.h"
#include "core/rng.h"

static const struct json *parse(struct arena *arena, const char *text)
{
	static const struct json_limits limits = {.depth = 64, .values = 100000};
	const struct json *json = NULL;
	assert_true(json_parse(arena, text, strlen(text), &limits, &json, NULL));
	return json;
}

static void must_become(const char *text, const char *want)
{
	struct arena arena;
	struct buf buf;
	arena_init(&arena, 1 << 20);
	buf_init(&buf, 0);
	jcs_write(&buf, parse(&arena, text));
	assert_true(buf_ok(&buf));
	assert_string_equal(buf_text(&buf), want);
	buf_fini(&buf);
	arena_fini(&arena);
}

/* REF: RFC 8785 section 3.2.2; RFC 8785 section 3.2.3 */
static void examples_of_the_standard(void **state)
{
	(void)state;
	must_become("{\"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],\n"
				" \"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\",\n"
				" \"literals\": [null, true, false]}",
				"{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
				"\"string\":\"\xe2\x82\xac$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}");
	must_become("{\"\\u20ac\": \"Euro Sign\", \"\\r\": \"Carriage Return\", \"\\ufb33\": \"Hebrew Letter Dalet With "
				"Dagesh\", \"1\": \"One\", \"\\ud83d\\ude00\": \"Emoji: Grinning Face\", \"\\u0080\": \"Control\", "
				"\"\\u00f6\": \"Latin Small Letter O With Diaeresis\"}",
				"{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\","
				"\"\xc3\xb6\":\"Latin Small Letter O With Diaeresis\",\"\xe2\x82\xac\":\"Euro Sign\","
				"\"\xf0\x9f\x98\x80\":\"Emoji: Grinning Face\","
				"\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}");
}

/* [P-2.2] numbers become the nearest IEEE double */
static void integers_are_doubles(void **state)
{
	(void)state;
	must_become("[0,-0,-0.0,1.0,100,1e2]", "[0,0,0,1,100,100]");
	must_become("[9007199254740991,9007199254740992,9007199254740993]",
				"[9007199254740991,9007199254740992,9007199254740992]");
	must_become("[9223372036854775807,-9223372036854775808]", "[9223372036854776000,-9223372036854776000]");
	must_become("[12345678901234567890,123456789012345678901234567890,1]",
				"[12345678901234567000,1.2345678901234568e+29,1]");
}

/* REF: RFC 8785 section 3.2.2.2: only what must be escaped is, in its shortest form */
static void strings_are_escaped_as_little_as_possible(void **state)
{
	(void)state;
	must_become("\"\\u0001\\u0008\\u0009\\u000a\\u000b\\u000c\\u000d\\u001f\"",
				"\"\\u0001\\b\\t\\n\\u000b\\f\\r\\u001f\"");
	must_become("\"\\/\\u002f\\u003c\\u007f\\u2028\\u00e9\\ud83d\\ude00\"",
				"\"//<\x7f\xe2\x80\xa8\xc3\xa9\xf0\x9f\x98\x80\"");
}

static void structure_is_kept(void **state)
{
	(void)state;
	must_become(" [ ] ", "[]");
	must_become(" { } ", "{}");
	must_become("[[],{},[{}]]", "[[],{},[{}]]");
	must_become("{\"b\":[3,1,2],\"a\":{\"d\":1,\"c\":2}}", "{\"a\":{\"c\":2,\"d\":1},\"b\":[3,1,2]}");
	must_become("{\"aa\":1,\"a\":2,\"\":3,\"A\":4,\"a\xc3\xa9\":5,\"a1\":6}",
				"{\"\":3,\"A\":4,\"a\":2,\"a1\":6,\"aa\":1,\"a\xc3\xa9\":5}");
}

/* One more member than the sorter keeps on its stack. */
static void large_objects_are_sorted(void **state)
{
	(void)state;
	for (int count = 30; count <= 300; count += 3) {
		struct arena arena;
		struct buf text, out;
		arena_init(&arena, 1 << 22);
		buf_init(&text, 0);
		buf_init(&out, 0);
		buf_addc(&text, '{');
		for (int i = 0; i < count; i++)
			buf_addf(&text, "%s\"k%03d\":%d", i > 0 ? "," : "", i * 7 % count, i);
		buf_addc(&text, '}');
		if (count % 7 != 0) { /* else the names repeat */
			jcs_write(&out, parse(&arena, buf_text(&text)));
			const struct json *sorted = parse(&arena, buf_text(&out));
			assert_int_equal(sorted->count, count);
			for (uint32_t i = 1; i < sorted->count; i++)
				assert_true(strcmp(sorted->members[i - 1].name, sorted->members[i].name) < 0);
		}
		buf_fini(&text);
		buf_fini(&out);
		arena_fini(&arena);
	}
}

static size_t put_utf8(char *at, uint32_t c)
{
	if (c < 0x80) {
		at[0] = (char)c;
		return 1;
	}
	size_t size = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = size - 1; i > 0; i--, c >>= 6)
		at[i] = (char)(0x80 | (c & 0x3f));
	at[0] = (char)((0xf0 << (4 - size)) | (int)c);
	return size;
}

static size_t put_utf16(uint16_t *at, uint32_t c)
{
	if (c < 0x10000) {
		at[0] = (uint16_t)c;
		return 1;
	}
	at[0] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
	at[1] = (uint16_t)(0xdc00 + ((c - 0x10000) & 0x3ff));
	return 2;
}

struct name {
	char utf8[64];
	uint16_t units[32];
	size_t count;
};

static struct name random_name(struct rng *rng)
{
	static const uint32_t starts[] = {1, 0x61, 0x7f0, 0xd7f0, 0xe000, 0xfff0, 0x10000, 0x10fff0};
	struct name name = {.count = 0};
	size_t bytes = 0;
	for (uint64_t left = rng_below(rng, 6); left > 0; left--) {
		uint32_t c = starts[rng_below(rng, 8)] + (uint32_t)rng_below(rng, 16);
		bytes += put_utf8(name.utf8 + bytes, c);
		name.count += put_utf16(name.units + name.count, c);
	}
	return name;
}

static int by_units(const struct name *a, const struct name *b)
{
	for (size_t i = 0; i < a->count && i < b->count; i++)
		if (a->units[i] != b->units[i])
			return a->units[i] < b->units[i] ? -1 : 1;
	return (a->count > b->count) - (a->count < b->count);
}

/* Against names spelt in UTF-16 and compared unit by unit. */
static void order_is_of_utf16_units(void **state)
{
	(void)state;
	struct rng rng;
	rng_init(&rng, 8785);
	for (int i = 0; i < 200000; i++) {
		struct name a = random_name(&rng), b = random_name(&rng);
		int got = jcs_compare(a.utf8, b.utf8), want = by_units(&a, &b);
		assert_int_equal((got > 0) - (got < 0), want);
	}
}

static void a_full_buffer_is_noticed(void **state)
{
	(void)state;
	struct arena arena;
	struct buf buf;
	arena_init(&arena, 1 << 20);
	buf_init(&buf, 10);
	jcs_write(&buf, parse(&arena, "[1,2,3,4,5,6,7,8]"));
	assert_false(buf_ok(&buf));
	buf_fini(&buf);
	arena_fini(&arena);
}

static void test_whole(void **state)
{
	(void)state;
	struct arena arena;
	struct buf buf;
	arena_init(&arena, 1 << 20);
	buf_init(&buf, 0);
	jcs_write_whole(&buf,
					parse(&arena, "{\"b\":[9007199254740992,9007199254740993],\"a\":-9223372036854775808,\"c\":1.0}"));
	assert_string_equal(buf_text(&buf),
						"{\"a\":\"-9223372036854775808\",\"b\":[9007199254740992,\"9007199254740993\"],\"c\":1}");
	buf_fini(&buf);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),
		cmocka_unit_test(examples_of_the_standard),
		cmocka_unit_test(integers_are_doubles),
		cmocka_unit_test(strings_are_escaped_as_little_as_possible),
		cmocka_unit_test(structure_is_kept),
		cmocka_unit_test(large_objects_are_sorted),
		cmocka_unit_test(order_is_of_utf16_units),
		cmocka_unit_test(a_full_buffer_is_noticed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
