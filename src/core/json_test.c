#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"

/* A text to accept (y_) or to refuse (n_); size 0: up to the NUL. */
struct row {
	const char *name, *text;
	size_t size;
};

/* REF: RFC 8259 section 2; RFC 8259 section 7; RFC 8259 section 6; RFC 7493 section 2 */
static const struct row accepted[] = {
	{"y_array_empty", "[]", 0},
	{"y_array_in_array", "[[]]", 0},
	{"y_array_of_arrays", "[[],[[]],[[],[]]]", 0},
	{"y_array_of_each_kind", "[null,true,false,1,1.5,\"a\",[],{}]", 0},
	{"y_array_with_space_before_bracket", "[1 ]", 0},
	{"y_array_with_line_ends", "[\n1\n,\r\n2]", 0},
	{"y_array_with_an_empty_string", "[\"\"]", 0},
	{"y_false_alone", "false", 0},
	{"y_true_alone", "true", 0},
	{"y_null_alone", "null", 0},
	{"y_number_alone", "42", 0},
	{"y_string_alone", "\"a\"", 0},
	{"y_string_alone_empty", "\"\"", 0},
	{"y_space_around", " \t\r\n[ ] \t\r\n", 0},
	{"y_space_everywhere", " { \"a\" : [ 1 , 2 ] , \"b\" : { } } ", 0},
	{"y_line_end_last", "[1]\n", 0},
	{"y_number_zero", "[0]", 0},
	{"y_number_minus_zero", "[-0]", 0},
	{"y_number_minus_zero_point", "[-0.0]", 0},
	{"y_number_negative", "[-123]", 0},
	{"y_number_fraction", "[123.456]", 0},
	{"y_number_fraction_zero", "[0.0]", 0},
	{"y_number_long_fraction", "[0.123456789012345678901234567890123456789]", 0},
	{"y_number_exponent", "[1e2]", 0},
	{"y_number_exponent_capital", "[1E2]", 0},
	{"y_number_exponent_plus", "[1e+2]", 0},
	{"y_number_exponent_minus", "[1e-2]", 0},
	{"y_number_exponent_leading_zero", "[1e00002]", 0},
	{"y_number_zero_with_exponent", "[0e1]", 0},
	{"y_number_zero_with_huge_exponent", "[0e99999]", 0},
	{"y_number_fraction_and_exponent", "[-12.34e-5]", 0},
	{"y_number_int64_max", "[9223372036854775807]", 0},
	{"y_number_int64_min", "[-9223372036854775808]", 0},
	{"y_number_past_int64", "[9223372036854775808]", 0},
	{"y_number_past_int64_negative", "[-9223372036854775809]", 0},
	{"y_number_twenty_digits_beside_a_string", "[12345678901234567890,\"1\"]", 0},
	{"y_number_largest_double", "[1.7976931348623157e308]", 0},
	{"y_number_smallest_double", "[5e-324]", 0},
	{"y_number_that_underflows", "[1e-400]", 0},
	{"y_number_near_zero_negative", "[-1e-400]", 0},
	{"y_object_empty", "{}", 0},
	{"y_object_one_member", "{\"a\":1}", 0},
	{"y_object_empty_name", "{\"\":0}", 0},
	{"y_object_nested", "{\"a\":{\"b\":{\"c\":{}}}}", 0},
	{"y_object_same_name_at_two_depths", "{\"a\":{\"a\":1},\"b\":{\"a\":2}}", 0},
	{"y_object_names_differ_in_case", "{\"a\":1,\"A\":2}", 0},
	{"y_object_names_alike_not_normalized", "{\"\xc3\xa9\":1,\"e\xcc\x81\":2}", 0},
	{"y_object_escaped_name", "{\"\\u0061b\":1}", 0},
	{"y_object_proto_name", "{\"__proto__\":1,\"constructor\":2}", 0},
	{"y_string_each_short_escape", "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", 0},
	{"y_string_unicode_escape", "[\"\\u00e9\"]", 0},
	{"y_string_unicode_escape_capitals", "[\"\\u00E9\\uABCD\"]", 0},
	{"y_string_escaped_control", "[\"\\u0001\\u001f\"]", 0},
	{"y_string_surrogate_pair", "[\"\\ud83d\\ude00\"]", 0},
	{"y_string_surrogate_pair_capitals", "[\"\\uD834\\uDD1E\"]", 0},
	{"y_string_two_pairs", "[\"\\ud83d\\ude39\\ud83d\\udc8d\"]", 0},
	{"y_string_last_code_point", "[\"\\udbff\\udfff\"]", 0},
	{"y_string_first_past_the_plane", "[\"\\ud800\\udc00\"]", 0},
	{"y_string_noncharacter_escaped", "[\"\\ufffe\\uffff\"]", 0},
	{"y_string_noncharacter_plain", "[\"\xef\xbf\xbf\"]", 0},
	{"y_string_utf8_two_bytes", "[\"\xc2\x80\xdf\xbf\"]", 0},
	{"y_string_utf8_three_bytes", "[\"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\"]", 0},
	{"y_string_utf8_four_bytes", "[\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"]", 0},
	{"y_string_delete_byte", "[\"\x7f\"]", 0},
	{"y_string_line_separators", "[\"\xe2\x80\xa8\xe2\x80\xa9\"]", 0},
	{"y_string_no_break_space_inside", "[\"\xc2\xa0\"]", 0},
	{"y_string_bom_inside", "[\"\xef\xbb\xbf\"]", 0},
	{"y_string_comment_like", "[\"/* a */ // b\"]", 0},
	{"y_string_brackets", "[\"[{]}\\\"[[\"]", 0},
	{"y_string_backslash_then_quote", "[\"\\\\\"]", 0},
	{"y_string_escaped_solidus", "[\"\\/\"]", 0},
	{"y_string_number_like", "[\"123456789012345678901234567890\"]", 0},
	{"y_string_escape_then_letters", "[\"\\u00411\"]", 0},
};

static const struct row refused[] = {
	{"n_nothing", "", 0},
	{"n_only_space", " \n\t", 0},
	{"n_a_nul", "\0", 1},
	{"n_nul_after_the_value", "[]\0", 3},
	{"n_nul_inside", "[1,\0002]", 6},
	{"n_nul_after_a_number", "7\0", 2},
	{"n_byte_order_mark", "\xef\xbb\xbf[]", 0},
	{"n_byte_order_mark_alone", "\xef\xbb\xbf", 0},
	{"n_utf16", "[\0\"\0a\0\"\0]\0", 10},
	{"n_text_after_the_value", "[1] x", 0},
	{"n_two_values", "[] []", 0},
	{"n_two_numbers", "1 2", 0},
	{"n_comma_after_the_value", "[1],", 0},
	{"n_bracket_after_the_value", "[1]]", 0},
	{"n_brace_after_the_value", "{}}", 0},
	{"n_comment_block", "[1/* one */]", 0},
	{"n_comment_line", "[1] // one", 0},
	{"n_comment_hash", "[1] # one", 0},
	{"n_array_open", "[", 0},
	{"n_array_not_closed", "[1", 0},
	{"n_array_not_closed_after_comma", "[1,", 0},
	{"n_array_comma_last", "[1,]", 0},
	{"n_array_comma_first", "[,1]", 0},
	{"n_array_comma_only", "[,]", 0},
	{"n_array_comma_twice", "[1,,2]", 0},
	{"n_array_no_comma", "[1 2]", 0},
	{"n_array_colon", "[1:2]", 0},
	{"n_array_closed_by_brace", "[1}", 0},
	{"n_array_not_opened", "]", 0},
	{"n_array_semicolon", "[1;2]", 0},
	{"n_array_form_feed", "[\f1]", 0},
	{"n_array_vertical_tab", "[\v1]", 0},
	{"n_array_no_break_space", "[\xc2\xa0]", 0},
	{"n_array_zero_width_space", "[\xe2\x80\x8b]", 0},
	{"n_array_line_separator", "[\xe2\x80\xa8]", 0},
	{"n_object_open", "{", 0},
	{"n_object_not_closed", "{\"a\":1", 0},
	{"n_object_comma_last", "{\"a\":1,}", 0},
	{"n_object_comma_first", "{,\"a\":1}", 0},
	{"n_object_comma_twice", "{\"a\":1,,\"b\":2}", 0},
	{"n_object_no_colon", "{\"a\" 1}", 0},
	{"n_object_colon_twice", "{\"a\"::1}", 0},
	{"n_object_no_value", "{\"a\":}", 0},
	{"n_object_name_only", "{\"a\"}", 0},
	{"n_object_name_unquoted", "{a:1}", 0},
	{"n_object_name_single_quotes", "{'a':1}", 0},
	{"n_object_name_number", "{1:1}", 0},
	{"n_object_name_null", "{null:1}", 0},
	{"n_object_name_array", "{[]:1}", 0},
	{"n_object_equals", "{\"a\"=1}", 0},
	{"n_object_semicolon", "{\"a\":1;\"b\":2}", 0},
	{"n_object_closed_by_bracket", "{\"a\":1]", 0},
	{"n_object_duplicate_name", "{\"a\":1,\"a\":2}", 0},
	{"n_object_duplicate_name_same_value", "{\"a\":1,\"a\":1}", 0},
	{"n_object_duplicate_name_escaped", "{\"a\":1,\"\\u0061\":2}", 0},
	{"n_object_duplicate_empty_name", "{\"\":1,\"\":2}", 0},
	{"n_object_duplicate_name_deep", "[{\"b\":{\"a\":1,\"c\":2,\"a\":3}}]", 0},
	{"n_object_nul_in_name", "{\"a\\u0000b\":1}", 0},
	{"n_literal_capitals", "[True]", 0},
	{"n_literal_all_capitals", "[NULL]", 0},
	{"n_literal_cut", "[nul]", 0},
	{"n_literal_cut_alone", "tru", 0},
	{"n_literal_too_long", "[truex]", 0},
	{"n_literal_nan", "[NaN]", 0},
	{"n_literal_nan_small", "[nan]", 0},
	{"n_literal_infinity", "[Infinity]", 0},
	{"n_literal_infinity_negative", "[-Infinity]", 0},
	{"n_literal_inf", "[inf]", 0},
	{"n_literal_undefined", "[undefined]", 0},
	{"n_number_plus", "[+1]", 0},
	{"n_number_minus_only", "[-]", 0},
	{"n_number_minus_space", "[- 1]", 0},
	{"n_number_minus_twice", "[--1]", 0},
	{"n_number_leading_zero", "[01]", 0},
	{"n_number_leading_zero_negative", "[-01]", 0},
	{"n_number_two_zeros", "[00]", 0},
	{"n_number_starts_with_point", "[.5]", 0},
	{"n_number_minus_point", "[-.5]", 0},
	{"n_number_ends_with_point", "[1.]", 0},
	{"n_number_point_exponent", "[1.e2]", 0},
	{"n_number_exponent_empty", "[1e]", 0},
	{"n_number_exponent_sign_only", "[1e+]", 0},
	{"n_number_exponent_fraction", "[1e2.5]", 0},
	{"n_number_exponent_twice", "[1e2e3]", 0},
	{"n_number_exponent_first", "[e2]", 0},
	{"n_number_two_points", "[1.2.3]", 0},
	{"n_number_comma_for_point", "{\"a\":1,5}", 0},
	{"n_number_grouped", "[1 000]", 0},
	{"n_number_underscore", "[1_000]", 0},
	{"n_number_hexadecimal", "[0x1f]", 0},
	{"n_number_octal", "[0o17]", 0},
	{"n_number_binary", "[0b11]", 0},
	{"n_number_suffix", "[1L]", 0},
	{"n_number_full_width_digit", "[\xef\xbc\x91]", 0},
	{"n_number_overflows", "[1e400]", 0},
	{"n_number_overflows_negative", "[-1e400]", 0},
	{"n_number_exponent_overflows", "[1e99999999999999999999]", 0},
	{"n_number_just_past_the_largest", "[1.7976931348623159e308]", 0},
	{"n_string_not_closed", "[\"a", 0},
	{"n_string_not_closed_alone", "\"", 0},
	{"n_string_ends_in_backslash", "[\"\\", 0},
	{"n_string_only_escaped_quote", "[\"\\\"]", 0},
	{"n_string_single_quotes", "['a']", 0},
	{"n_string_backquotes", "[`a`]", 0},
	{"n_string_unquoted", "[a]", 0},
	{"n_string_line_end_inside", "[\"a\nb\"]", 0},
	{"n_string_tab_inside", "[\"a\tb\"]", 0},
	{"n_string_control_inside", "[\"\x01\"]", 0},
	{"n_string_last_control_inside", "[\"\x1f\"]", 0},
	{"n_string_nul_inside", "[\"a\0b\"]", 7},
	{"n_string_nul_escaped", "[\"\\u0000\"]", 0},
	{"n_string_escape_unknown", "[\"\\a\"]", 0},
	{"n_string_escape_hexadecimal", "[\"\\x41\"]", 0},
	{"n_string_escape_single_quote", "[\"\\'\"]", 0},
	{"n_string_escape_octal", "[\"\\101\"]", 0},
	{"n_string_escape_capital_u", "[\"\\U0041\"]", 0},
	{"n_string_escape_cut", "[\"\\u00\"]", 0},
	{"n_string_escape_cut_by_the_end", "[\"\\u00", 0},
	{"n_string_escape_not_hexadecimal", "[\"\\u00g0\"]", 0},
	{"n_string_escape_with_sign", "[\"\\u+041\"]", 0},
	{"n_string_high_surrogate_alone", "[\"\\ud800\"]", 0},
	{"n_string_low_surrogate_alone", "[\"\\udc00\"]", 0},
	{"n_string_surrogates_swapped", "[\"\\ude00\\ud83d\"]", 0},
	{"n_string_high_surrogate_twice", "[\"\\ud83d\\ud83d\"]", 0},
	{"n_string_high_surrogate_then_letter", "[\"\\ud83dx\"]", 0},
	{"n_string_high_surrogate_then_escape", "[\"\\ud83d\\n\"]", 0},
	{"n_string_high_surrogate_then_cut", "[\"\\ud83d\\u\"]", 0},
	{"n_string_high_surrogate_then_no_surrogate", "[\"\\ud83d\\u0041\"]", 0},
	{"n_string_utf8_continuation_alone", "[\"\x80\"]", 0},
	{"n_string_utf8_cut", "[\"\xc3\"]", 0},
	{"n_string_utf8_cut_in_three", "[\"\xe2\x82\"]", 0},
	{"n_string_utf8_cut_in_four", "[\"\xf0\x9f\x98\"]", 0},
	{"n_string_utf8_overlong_solidus", "[\"\xc0\xaf\"]", 0},
	{"n_string_utf8_overlong_nul", "[\"\xc0\x80\"]", 0},
	{"n_string_utf8_overlong_three", "[\"\xe0\x80\xaf\"]", 0},
	{"n_string_utf8_overlong_four", "[\"\xf0\x80\x80\xaf\"]", 0},
	{"n_string_utf8_surrogate", "[\"\xed\xa0\x80\"]", 0},
	{"n_string_utf8_surrogate_pair", "[\"\xed\xa0\xbd\xed\xb8\x80\"]", 0},
	{"n_string_utf8_past_the_last", "[\"\xf4\x90\x80\x80\"]", 0},
	{"n_string_utf8_five_bytes", "[\"\xf8\x88\x80\x80\x80\"]", 0},
	{"n_string_utf8_byte_fe", "[\"\xfe\"]", 0},
	{"n_string_utf8_byte_ff", "[\"\xff\"]", 0},
	{"n_string_latin_1", "[\"\xe9\"]", 0},
	{"n_name_bad_utf8", "{\"\xff\":1}", 0},
	{"n_bytes_outside_strings", "[\xff]", 0},
	{"n_escape_outside_strings", "[\\n]", 0},
	{"n_unicode_outside_strings", "[\\u0031]", 0},
	{"n_angle_brackets", "<null>", 0},
	{"n_star", "*", 0},
	{"n_closing_only", "}", 0},
	{"n_json_lines", "{}\n{}", 0},
	{"n_python_tuple", "(1,2)", 0},
};

static bool parse(struct arena *arena, const char *text, size_t size, const struct json **json, struct err *err)
{
	return json_parse(arena, text, size, &json_body_limits, json, err);
}

/* Parse a copy that ends at a page of its own, so that a read past the end is found by the sanitizer. */
static bool accepts(const struct row *row, struct err *err)
{
	size_t size = row->size > 0 ? row->size : strlen(row->text);
	char *copy = malloc(size > 0 ? size : 1);
	assert_non_null(copy);
	memcpy(copy, row->text, size);
	struct arena arena;
	const struct json *json = NULL;
	arena_init(&arena, 1 << 20);
	bool done = parse(&arena, copy, size, &json, err);
	assert_int_equal(done, json != NULL);
	arena_fini(&arena);
	free(copy);
	return done;
}

static void each_text_is_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof accepted / sizeof *accepted; i++) {
		struct err err = {.kind = ERR_NONE};
		if (!accepts(&accepted[i], &err))
			fail_msg("%s was refused: %s", accepted[i].name, err.message);
		assert_int_equal(err.kind, ERR_NONE);
	}
}

static void each_text_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		struct err err = {.kind = ERR_NONE};
		if (accepts(&refused[i], &err))
			fail_msg("%s was accepted", refused[i].name);
		assert_int_equal(err.kind, ERR_JSON_INVALID);
		assert_true(strncmp(err.message, "at byte ", 8) == 0);
	}
}

/* No prefix of a text is a text of its own, but for numbers. */
static void each_prefix_is_refused(void **state)
{
	(void)state;
	static const char whole[] =
		"{\"a\":[1,-2.5e3,true,null,\"x\\u00e9\\ud83d\\ude00\\n\xc3\xa9\"],\"b\":{\"c\":false}}";
	for (size_t size = 0; size < sizeof whole - 1; size++) {
		const struct row row = {"prefix", whole, size};
		struct err err = {.kind = ERR_NONE};
		if (size > 0 && accepts(&row, &err))
			fail_msg("%zu bytes were accepted", size);
	}
	assert_true(accepts(&(struct row){"whole", whole, 0}, NULL));
}

static void numbers_keep_their_kind(void **state)
{
	(void)state;
	/* One number past 64 bits must not change the others. */
	static const char text[] = "[0,-0,1,-1,9007199254740993,9223372036854775807,-9223372036854775808,"
							   "9223372036854775808,-0.0,1.0,1e2,12345678901234567890,1e-400]";
	static const struct {
		enum json_kind kind;
		int64_t integer;
		double real;
		bool integral;
	} rows[] = {
		{JS_INT, 0, 0},
		{JS_INT, 0, 0},
		{JS_INT, 1, 0},
		{JS_INT, -1, 0},
		{JS_INT, INT64_C(9007199254740993), 0},
		{JS_INT, INT64_MAX, 0},
		{JS_INT, INT64_MIN, 0},
		{JS_REAL, 0, 9223372036854775808.0, true},
		{JS_REAL, 0, -0.0},
		{JS_REAL, 0, 1},
		{JS_REAL, 0, 100},
		{JS_REAL, 0, 12345678901234567890.0, true},
		{JS_REAL, 0, 0},
	};
	struct arena arena;
	const struct json *json = NULL;
	arena_init(&arena, 1 << 20);
	assert_true(parse(&arena, text, strlen(text), &json, NULL));
	assert_int_equal(json->count, sizeof rows / sizeof *rows);
	for (size_t i = 0; i < json->count; i++) {
		const struct json *item = &json->items[i];
		if (item->kind != rows[i].kind)
			fail_msg("number %zu has kind %d", i, item->kind);
		if (item->kind == JS_INT)
			assert_true(item->integer == rows[i].integer);
		else
			assert_true(item->real == rows[i].real && signbit(item->real) == signbit(rows[i].real) &&
						item->integral == rows[i].integral);
	}
	arena_fini(&arena);
}

static void strings_are_decoded(void **state)
{
	(void)state;
	static const char text[] = "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\",\"\\u00e9\\u20ac\",\"\\ud83d\\ude00\",\"\"]";
	static const char *const want[] = {"\"\\/\b\f\n\r\t", "\xc3\xa9\xe2\x82\xac", "\xf0\x9f\x98\x80", ""};
	struct arena arena;
	const struct json *json = NULL;
	arena_init(&arena, 1 << 20);
	assert_true(parse(&arena, text, strlen(text), &json, NULL));
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(json->items[i].kind, JS_STRING);
		assert_string_equal(json->items[i].text, want[i]);
		assert_int_equal(json->items[i].size, strlen(want[i]));
	}
	arena_fini(&arena);
}

static void members_keep_their_order(void **state)
{
	(void)state;
	static const char text[] = "{\"z\":1,\"a\":\"t\",\"\":null,\"m\":[true]}";
	static const char *const names[] = {"z", "a", "", "m"};
	struct arena arena;
	const struct json *json = NULL;
	arena_init(&arena, 1 << 20);
	assert_true(parse(&arena, text, strlen(text), &json, NULL));
	assert_int_equal(json->count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(json->members[i].name, names[i]);
	assert_ptr_equal(json_get(json, "a"), &json->members[1].value);
	assert_ptr_equal(json_get(json, ""), &json->members[2].value);
	assert_null(json_get(json, "b"));
	assert_null(json_get(NULL, "a"));
	assert_null(json_get(json_get(json, "m"), "a"));
	assert_string_equal(json_text(json, "a"), "t");
	assert_null(json_text(json, "z"));
	assert_null(json_text(json, "nowhere"));
	assert_true(json_get(json, "m")->items[0].boolean);
	assert_true(json_number(json_get(json, "z")) == 1);
	arena_fini(&arena);
}

static bool parse_nested(unsigned levels, unsigned allowed, struct err *err)
{
	const struct json_limits limits = {.depth = allowed, .values = 100000};
	struct arena arena;
	struct buf text;
	const struct json *json = NULL;
	buf_init(&text, 0);
	for (unsigned i = 0; i < levels; i++)
		buf_adds(&text, i % 2 == 0 ? "[" : "{\"a\":");
	buf_adds(&text, "1");
	for (unsigned i = levels; i > 0; i--)
		buf_addc(&text, i % 2 == 1 ? ']' : '}');
	arena_init(&arena, 64 << 20);
	bool done = json_parse(&arena, buf_text(&text), text.size, &limits, &json, err);
	arena_fini(&arena);
	buf_fini(&text);
	return done;
}

/* [P-8.2] 32 levels, [P-2.2] 64 */
static void depth_is_limited(void **state)
{
	(void)state;
	struct err err;
	assert_true(parse_nested(32, json_body_limits.depth, NULL));
	assert_false(parse_nested(33, json_body_limits.depth, &err));
	assert_int_equal(err.kind, ERR_JSON_INVALID);
	assert_non_null(strstr(err.message, "32 levels"));
	assert_true(parse_nested(64, 64, NULL));
	assert_false(parse_nested(65, 64, NULL));
	assert_false(parse_nested(1000000, 64, NULL));
	/* Brackets in strings are no levels. */
	assert_true(accepts(&(struct row){"", "[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[\"]", 0}, NULL));
}

static bool parse_many(unsigned count, unsigned allowed, struct err *err)
{
	const struct json_limits limits = {.depth = 4, .values = allowed};
	struct arena arena;
	struct buf text;
	const struct json *json = NULL;
	buf_init(&text, 0);
	buf_adds(&text, "[0");
	for (unsigned i = 1; i < count; i++)
		buf_adds(&text, ",0");
	buf_addc(&text, ']');
	arena_init(&arena, 64 << 20);
	bool done = json_parse(&arena, buf_text(&text), text.size, &limits, &json, err);
	assert_true(!done || json->count == count);
	arena_fini(&arena);
	buf_fini(&text);
	return done;
}

static void values_are_limited(void **state)
{
	(void)state;
	struct err err;
	assert_true(parse_many(90, 100, NULL));
	assert_false(parse_many(110, 100, &err));
	assert_int_equal(err.kind, ERR_JSON_INVALID);
	assert_non_null(strstr(err.message, "100 values"));
	assert_true(parse_many(json_body_limits.values - 10, json_body_limits.values, NULL));
	assert_false(parse_many(json_body_limits.values + 10, json_body_limits.values, NULL));
}

static void a_full_arena_is_an_error_of_its_own(void **state)
{
	(void)state;
	static const char text[] = "{\"a\":[1,2,3,\"four\",{\"five\":6}],\"b\":\"text\"}";
	struct arena arena;
	unsigned refusals = 0;
	for (size_t cap = 0; cap < 2000; cap += 16) {
		struct err err = {.kind = ERR_NONE};
		const struct json *json = NULL;
		arena_init(&arena, cap);
		if (!parse(&arena, text, strlen(text), &json, &err)) {
			assert_int_equal(err.kind, ERR_LIMIT);
			assert_null(json);
			refusals++;
		}
		arena_fini(&arena);
	}
	assert_in_range(refusals, 5, 120);
}

struct pair {
	const char *a, *b;
	bool same;
};

static void equality_is_of_values(void **state)
{
	(void)state;
	static const struct pair rows[] = {
		{"1", "1.0", true},
		{"1e2", "100", true},
		{"0", "-0.0", true},
		{"9223372036854775807", "9223372036854775806", false},
		{"1", "true", false},
		{"1", "\"1\"", false},
		{"null", "false", false},
		{"null", "null", true},
		{"true", "true", true},
		{"true", "false", false},
		{"\"a\"", "\"\\u0061\"", true},
		{"\"a\"", "\"b\"", false},
		{"\"a\"", "\"ab\"", false},
		{"[]", "{}", false},
		{"[1,2]", "[1,2]", true},
		{"[1,2]", "[2,1]", false},
		{"[1,2]", "[1]", false},
		{"[1]", "[1,2]", false},
		{"{\"a\":1,\"b\":[2]}", "{\"b\":[2.0],\"a\":1}", true},
		{"{\"a\":1}", "{\"b\":1}", false},
		{"{\"a\":1}", "{\"a\":2}", false},
		{"{\"a\":1}", "{\"a\":1,\"b\":2}", false},
		{"{\"a\":null}", "{}", false},
	};
	struct arena arena;
	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct json *a, *b;
		assert_true(parse(&arena, rows[i].a, strlen(rows[i].a), &a, NULL));
		assert_true(parse(&arena, rows[i].b, strlen(rows[i].b), &b, NULL));
		if (json_same(a, b) != rows[i].same || json_same(b, a) != rows[i].same)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
	arena_fini(&arena);
}

static void kinds_have_names(void **state)
{
	(void)state;
	assert_string_equal(json_kind_name(JS_NULL), "null");
	assert_string_equal(json_kind_name(JS_BOOL), "boolean");
	assert_string_equal(json_kind_name(JS_INT), "number");
	assert_string_equal(json_kind_name(JS_REAL), "number");
	assert_string_equal(json_kind_name(JS_STRING), "string");
	assert_string_equal(json_kind_name(JS_ARRAY), "array");
	assert_string_equal(json_kind_name(JS_OBJECT), "object");
}

static void test_dup(void **state)
{
	(void)state;
	static const char text[] = "{\"a\":[1,2.5,\"x\",null,true,[],{}],\"b\":{\"c\":\"d\"}}";
	struct arena from, to;
	const struct json *json;
	arena_init(&from, 1 << 20);
	arena_init(&to, 1 << 20);
	assert_true(json_parse(&from, text, strlen(text), &json_body_limits, &json, NULL));
	const struct json *copy = json_dup(&to, json);
	arena_fini(&from);
	assert_true(json_parse(&from, text, strlen(text), &json_body_limits, &json, NULL));
	assert_true(json_same(copy, json));
	assert_null(json_dup(&to, NULL));
	arena_fini(&to);
	arena_init(&to, 64);
	assert_null(json_dup(&to, json));
	arena_fini(&to);
	arena_fini(&from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dup),
		cmocka_unit_test(each_text_is_accepted),
		cmocka_unit_test(each_text_is_refused),
		cmocka_unit_test(each_prefix_is_refused),
		cmocka_unit_test(numbers_keep_their_kind),
		cmocka_unit_test(strings_are_decoded),
		cmocka_unit_test(members_keep_their_order),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(values_are_limited),
		cmocka_unit_test(a_full_arena_is_an_error_of_its_own),
		cmocka_unit_test(equality_is_of_values),
		cmocka_unit_test(kinds_have_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
