#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"

enum shape { SHAPE_ROUND, SHAPE_SQUARE };

static const char *const shape_names[] = {"round", "square", NULL};

struct arm {
	double length_ft;
	const char *name;
};

static const struct field arm_fields[] = {
	F_NUM(arm, length_ft, REQUIRED, ABOVE(0, 20), UNIT("ft")),
	F_STR(arm, name, NULLABLE, LENGTH(1, 4)),
};
static const struct field_table arm_table = FIELD_TABLE("arm", arm, arm_fields);

struct pole {
	double height_ft, wall_in;
	int64_t count;
	bool painted;
	const char *label, *colour;
	int shape, finish;
	struct arm top, *spare;
	const struct json *notes;
	int64_t version;
	struct {
		size_t count;
		double *items;
	} loads;
	struct {
		size_t count;
		int64_t *items;
	} bolts;
	struct {
		size_t count;
		const char **items;
	} tags;
	struct {
		size_t count;
		int *items;
	} shapes;
	struct {
		size_t count;
		struct arm *items;
	} arms;
};

static const struct field pole_fields[] = {
	F_NUM(pole, height_ft, REQUIRED, RANGE(1, 60), UNIT("ft"), DOC("Length above grade"), ALSO("height")),
	F_NUM(pole, wall_in, NULLABLE, RANGE(0, INFINITY), SIGNIFICANT(3)),
	F_INT(pole, count, DEFAULT(2), RANGE(1, 9)),
	F_BOOL(pole, painted, DEFAULT(1)),
	F_STR(pole, label, NULLABLE, LENGTH(2, 5), FORMAT("uri")),
	F_STR(pole, colour, DEFAULT_TEXT("white")),
	F_ENUM(pole, shape, shape_names, DEFAULT(SHAPE_SQUARE), DOC("Form of the section")),
	F_ENUM(pole, finish, shape_names, NULLABLE),
	F_OBJECT(pole, top, &arm_table),
	F_OBJECT_PTR(pole, spare, &arm_table, NULLABLE),
	F_JSON(pole, notes, NULLABLE),
	F_INT(pole, version, NULLABLE, READ_ONLY),
	F_NUMS(pole, loads, NULLABLE, RANGE(0, 100), COUNT(1, 3), DECIMALS(1)),
	F_INTS(pole, bolts, COUNT(0, 2)),
	F_STRS(pole, tags, NULLABLE, LENGTH(1, 3), NAMED("tag-names"), SECRET),
	F_ENUMS(pole, shapes, shape_names),
	F_OBJECTS(pole, arms, &arm_table, COUNT(0, 2), DOC("From the top down")),
};
static const struct field_table pole_table = FIELD_TABLE("pole", pole, pole_fields);

struct bench {
	struct arena arena;
	struct faults faults;
	struct pole pole;
};

static void begin(struct bench *bench)
{
	arena_init(&bench->arena, 1 << 20);
	faults_init(&bench->faults, &bench->arena);
}

static void end(struct bench *bench)
{
	arena_fini(&bench->arena);
}

static bool decode(struct bench *bench, const char *text)
{
	const struct json *json = NULL;
	struct err err;
	if (!json_parse(&bench->arena, text, strlen(text), &json_body_limits, &json, &err))
		fail_msg("%s: %s", text, err.message);
	memset(&bench->pole, 0xa5, sizeof bench->pole);
	return field_decode(&pole_table, json, &bench->pole, &bench->arena, "", &bench->faults);
}

static void what_is_absent_has_its_default_or_its_mark(void **state)
{
	(void)state;
	struct bench bench;
	begin(&bench);
	assert_true(decode(&bench, "{\"height_ft\":20,\"top\":{\"length_ft\":3}}"));
	const struct pole *pole = &bench.pole;
	assert_true(pole->height_ft == 20);
	assert_false(given(pole->wall_in));
	assert_int_equal(pole->count, 2);
	assert_true(pole->painted);
	assert_null(pole->label);
	assert_string_equal(pole->colour, "white");
	assert_int_equal(pole->shape, SHAPE_SQUARE);
	assert_int_equal(pole->finish, -1);
	assert_true(pole->top.length_ft == 3);
	assert_null(pole->top.name);
	assert_null(pole->spare);
	assert_null(pole->notes);
	assert_true(pole->version == FIELD_NO_INT);
	assert_int_equal(pole->loads.count + pole->bolts.count + pole->tags.count + pole->shapes.count + pole->arms.count,
					 0);
	assert_null(pole->arms.items);
	struct pole defaults;
	field_defaults(&pole_table, &defaults);
	assert_false(given(defaults.height_ft));
	assert_false(given(defaults.top.length_ft));
	assert_int_equal(defaults.count, 2);
	end(&bench);
}

static void every_form_is_decoded(void **state)
{
	(void)state;
	struct bench bench;
	begin(&bench);
	assert_true(decode(
		&bench, "{\"height\":59.5,\"wall_in\":0.5,\"count\":3.0,\"painted\":false,\"label\":\"\\u00e9\\u00e9\","
				"\"colour\":\"red\",\"shape\":\"round\",\"finish\":\"square\",\"top\":{\"length_ft\":1,\"name\":\"t\"},"
				"\"spare\":{\"length_ft\":2},\"notes\":{\"any\":[1]},\"loads\":[0,null,99.95],\"bolts\":[1,2e0],"
				"\"tag-names\":[\"a\",\"bcd\"],\"shapes\":[\"square\",\"round\"],"
				"\"arms\":[{\"length_ft\":5},{\"length_ft\":6,\"name\":\"six\"}]}"));
	const struct pole *pole = &bench.pole;
	assert_true(pole->height_ft == 59.5 && pole->wall_in == 0.5 && pole->count == 3 && !pole->painted);
	assert_string_equal(pole->label, "\xc3\xa9\xc3\xa9");
	assert_string_equal(pole->colour, "red");
	assert_int_equal(pole->shape, SHAPE_ROUND);
	assert_int_equal(pole->finish, SHAPE_SQUARE);
	assert_string_equal(pole->top.name, "t");
	assert_true(pole->spare->length_ft == 2);
	assert_int_equal(json_get(pole->notes, "any")->count, 1);
	assert_int_equal(pole->loads.count, 3);
	assert_true(pole->loads.items[0] == 0 && isnan(pole->loads.items[1]) && pole->loads.items[2] == 99.95);
	assert_int_equal(pole->bolts.count, 2);
	assert_true(pole->bolts.items[0] == 1 && pole->bolts.items[1] == 2);
	assert_string_equal(pole->tags.items[1], "bcd");
	assert_int_equal(pole->shapes.items[0], SHAPE_SQUARE);
	assert_int_equal(pole->shapes.items[1], SHAPE_ROUND);
	assert_int_equal(pole->arms.count, 2);
	assert_null(pole->arms.items[0].name);
	assert_string_equal(pole->arms.items[1].name, "six");
	end(&bench);
}

static void null_is_absence(void **state)
{
	(void)state;
	struct bench bench;
	begin(&bench);
	assert_true(decode(&bench,
					   "{\"height_ft\":20,\"wall_in\":null,\"count\":null,\"label\":null,\"shape\":null,"
					   "\"top\":{\"length_ft\":1},\"spare\":null,\"notes\":null,\"arms\":null,\"version\":null}"));
	assert_int_equal(bench.pole.count, 2);
	assert_int_equal(bench.pole.shape, SHAPE_SQUARE);
	assert_null(bench.pole.spare);
	assert_int_equal(bench.pole.notes->kind, JS_NULL); /* any value is null too */
	end(&bench);
}

struct fault_row {
	const char *members; /* beside the required ones */
	const char *pointer, *code;
};

static const struct fault_row fault_rows[] = {
	{"\"wall_in\":\"1\"", "/wall_in", "type"},
	{"\"wall_in\":true", "/wall_in", "type"},
	{"\"wall_in\":-1", "/wall_in", "range"},
	{"\"wall_in\":9007199254740993", "/wall_in", "number_range"},
	{"\"wall_in\":12345678901234567890", "/wall_in", "number_range"},
	{"\"wall_in\":-12345678901234567890123456789", "/wall_in", "number_range"},
	{"\"count\":1.5", "/count", "type"},
	{"\"count\":\"1\"", "/count", "type"},
	{"\"count\":0", "/count", "range"},
	{"\"count\":10", "/count", "range"},
	{"\"count\":1e300", "/count", "number_range"},
	{"\"count\":-9007199254740993", "/count", "number_range"},
	{"\"painted\":1", "/painted", "type"},
	{"\"painted\":\"true\"", "/painted", "type"},
	{"\"label\":5", "/label", "type"},
	{"\"label\":\"a\"", "/label", "length"},
	{"\"label\":\"\\u00e9\"", "/label", "length"},
	{"\"label\":\"abcdef\"", "/label", "length"},
	{"\"shape\":\"oval\"", "/shape", "enum"},
	{"\"shape\":\"Round\"", "/shape", "enum"},
	{"\"shape\":0", "/shape", "type"},
	{"\"spare\":[]", "/spare", "type"},
	{"\"spare\":{}", "/spare/length_ft", "required"},
	{"\"spare\":{\"length_ft\":null}", "/spare/length_ft", "required"},
	{"\"spare\":{\"length_ft\":0}", "/spare/length_ft", "range"},
	{"\"spare\":{\"length_ft\":20.001}", "/spare/length_ft", "range"},
	{"\"spare\":{\"length_ft\":1,\"x/y~z\":1}", "/spare/x~1y~0z", "unknown_field"},
	{"\"version\":3", "/version", "read_only"},
	{"\"height\":20", "/height", "conflict"},
	{"\"loads\":{}", "/loads", "type"},
	{"\"loads\":[]", "/loads", "count"},
	{"\"loads\":[1,2,3,4]", "/loads", "count"},
	{"\"loads\":[1,\"2\"]", "/loads/1", "type"},
	{"\"loads\":[1,2,101]", "/loads/2", "range"},
	{"\"bolts\":[null]", "/bolts/0", "type"},
	{"\"tag-names\":[\"abcd\"]", "/tag-names/0", "length"},
	{"\"tag-names\":[\"a\",null]", "/tag-names/1", "type"},
	{"\"tags\":[\"a\"]", "/tags", "unknown_field"},
	{"\"shapes\":[\"round\",\"oval\"]", "/shapes/1", "enum"},
	{"\"arms\":[{\"length_ft\":1},{\"length_ft\":\"1\"}]", "/arms/1/length_ft", "type"},
	{"\"arms\":[{\"length_ft\":1},7]", "/arms/1", "type"},
	{"\"arms\":[{\"length_ft\":1,\"name\":\"\"}]", "/arms/0/name", "length"},
	{"\"\":1", "/", "unknown_field"},
	{"\"Wall_in\":1", "/Wall_in", "unknown_field"},
};

/* Each fault alone: once, at its pointer, with its code and a sentence. */
static void each_fault_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof fault_rows / sizeof *fault_rows; i++) {
		const struct fault_row *row = &fault_rows[i];
		struct bench bench;
		char text[256];
		begin(&bench);
		snprintf(text, sizeof text, "{\"height_ft\":20,\"top\":{\"length_ft\":1},%s}", row->members);
		if (decode(&bench, text) || bench.faults.count != 1)
			fail_msg("%s: %zu faults", row->members, bench.faults.count);
		assert_string_equal(bench.faults.first->pointer, row->pointer);
		assert_string_equal(bench.faults.first->code, row->code);
		assert_true(strlen(bench.faults.first->message) > 5);
		end(&bench);
	}
}

static void all_faults_come_at_once(void **state)
{
	(void)state;
	static const char *const wanted[][2] = {
		{"/count", "range"},        {"/oops", "unknown_field"},        {"/arms/0/length_ft", "range"},
		{"/arms/1/name", "type"},   {"/arms/1/length_ft", "required"}, {"/shape", "enum"},
		{"/height_ft", "required"},
	};
	struct bench bench;
	begin(&bench);
	assert_false(decode(&bench, "{\"count\":50,\"oops\":1,\"arms\":[{\"length_ft\":-1},{\"name\":1}],\"shape\":\"x\","
								"\"top\":{\"length_ft\":1}}"));
	const struct fault *fault = bench.faults.first;
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++, fault = fault->next) {
		assert_non_null(fault);
		assert_string_equal(fault->pointer, wanted[i][0]);
		assert_string_equal(fault->code, wanted[i][1]);
	}
	assert_null(fault);
	end(&bench);
}

static void messages_say_what_is_allowed(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"{\"height_ft\":0}", "must be at least 1 and at most 60 ft"},
		{"{\"height_ft\":true}", "must be a number, not boolean"},
		{"{\"wall_in\":-1}", "must be at least 0"},
		{"{\"top\":{\"length_ft\":0}}", "must be above 0 and at most 20 ft"},
		{"{\"shape\":\"x\"}", "must be one of: round, square"},
		{"{\"loads\":[]}", "must have 1 to 3 elements"},
		{"{\"label\":\"x\"}", "must have 2 to 5 characters"},
		{"{\"count\":[]}", "must be an integer, not array"},
		{"{\"heigth_ft\":3}", "is not a member of this object; did you mean height_ft?"},
		{"{\"bananas\":3}", "is not a member of this object"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct bench bench;
		begin(&bench);
		assert_false(decode(&bench, rows[i][0]));
		assert_string_equal(bench.faults.first->message, rows[i][1]);
		end(&bench);
	}
}

static void the_bounds_belong_to_the_range(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"{\"height_ft\":1,\"top\":{\"length_ft\":20}}",
		"{\"height_ft\":60,\"top\":{\"length_ft\":5e-324}}",
		"{\"height_ft\":20,\"top\":{\"length_ft\":1},\"wall_in\":9007199254740992}",
		"{\"height_ft\":20,\"top\":{\"length_ft\":1},\"wall_in\":1e300}",
		"{\"height_ft\":20,\"top\":{\"length_ft\":1},\"label\":\"12345\",\"count\":9}",
		"{\"height_ft\":20,\"top\":{\"length_ft\":1},\"loads\":[100],\"bolts\":[]}",
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct bench bench;
		begin(&bench);
		if (!decode(&bench, rows[i]))
			fail_msg("%s: %s", rows[i], bench.faults.first->message);
		end(&bench);
	}
}

static void a_body_that_is_no_object(void **state)
{
	(void)state;
	static const char *const rows[] = {"[]", "null", "1", "\"x\"", "true"};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct bench bench;
		begin(&bench);
		assert_false(decode(&bench, rows[i]));
		assert_int_equal(bench.faults.count, 1);
		assert_string_equal(bench.faults.first->pointer, "");
		assert_string_equal(bench.faults.first->code, "type");
		assert_int_equal(bench.pole.count, 2); /* safe to read all the same */
		end(&bench);
	}
}

/* [P-8.2] at most 100 are named, all are counted */
static void a_hundred_faults_are_named(void **state)
{
	(void)state;
	struct bench bench;
	struct buf text;
	buf_init(&text, 0);
	buf_adds(&text, "{\"height_ft\":20,\"top\":{\"length_ft\":1}");
	for (int i = 0; i < 250; i++)
		buf_addf(&text, ",\"x%d\":1", i);
	buf_addc(&text, '}');
	begin(&bench);
	assert_false(decode(&bench, buf_text(&text)));
	assert_int_equal(bench.faults.count, 250);
	size_t named = 0;
	for (const struct fault *fault = bench.faults.first; fault != NULL; fault = fault->next)
		named++;
	assert_int_equal(named, FAULTS_MAX);
	end(&bench);
	buf_fini(&text);
}

static void pointers_are_escaped(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, 1 << 16);
	/* REF: RFC 6901 section 3 */
	assert_string_equal(field_pointer(&arena, "", "a/b~c"), "/a~1b~0c");
	assert_string_equal(field_pointer(&arena, "/x", ""), "/x/");
	assert_string_equal(field_pointer_index(&arena, "/x", 12), "/x/12");
	arena_fini(&arena);
	arena_init(&arena, 0);
	assert_string_equal(field_pointer(&arena, "/kept", "a"), "/kept");
	assert_string_equal(field_pointer_index(&arena, "/kept", 1), "/kept");
	arena_fini(&arena);
}

static void fields_are_found_by_either_name(void **state)
{
	(void)state;
	assert_ptr_equal(field_find(&pole_table, "height_ft"), &pole_fields[0]);
	assert_ptr_equal(field_find(&pole_table, "height"), &pole_fields[0]);
	assert_string_equal(field_name(field_find(&pole_table, "tag-names")), "tag-names");
	assert_null(field_find(&pole_table, "tags"));
	assert_null(field_find(&pole_table, ""));
}

/* At every size of the arena: decoded, or the arena says that it is full. */
static void a_full_arena_is_survived(void **state)
{
	(void)state;
	static const char text[] =
		"{\"height_ft\":20,\"top\":{\"length_ft\":1},\"spare\":{\"length_ft\":1},\"loads\":[1,2],"
		"\"arms\":[{\"length_ft\":1},{\"length_ft\":0,\"u\":1}],\"x\":1}";
	struct arena tree;
	const struct json *json = NULL;
	size_t full = 0;
	arena_init(&tree, 1 << 20);
	assert_true(json_parse(&tree, text, strlen(text), &json_body_limits, &json, NULL));
	for (size_t cap = 0; cap < 1600; cap += 8) {
		struct arena arena;
		struct faults faults;
		struct pole pole;
		arena_init(&arena, cap);
		faults_init(&faults, &arena);
		bool done = field_decode(&pole_table, json, &pole, &arena, "", &faults);
		assert_true(arena.full || (!done && faults.count == 3));
		for (size_t i = 0; i < pole.arms.count; i++)
			assert_true(isnan(pole.arms.items[i].length_ft) || pole.arms.items[i].length_ft <= 1);
		full += arena.full;
		arena_fini(&arena);
	}
	assert_in_range(full, 3, 190);
	arena_fini(&tree);
}

static void must_write(const struct pole *pole, int mode, const char *want)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	field_write(&jw, &pole_table, pole, mode);
	if (!jw_ok(&jw))
		fail_msg("not written after %s", buf_text(&buf));
	assert_string_equal(buf_text(&buf), want);
	buf_fini(&buf);
}

/* Secrets (tag-names) are in results, never in inputs, which are traced and sealed. */
static void what_was_decoded_is_written(void **state)
{
	(void)state;
	struct bench bench;
	begin(&bench);
	assert_true(decode(&bench, "{\"height_ft\":20.00049,\"top\":{\"length_ft\":1.23456},\"wall_in\":0.0012345,"
							   "\"loads\":[1.25,null,99.96],\"notes\":{\"b\":1,\"a\":0.12345},\"finish\":\"round\","
							   "\"arms\":[{\"length_ft\":2.71828,\"name\":\"e\"}]}"));
	must_write(&bench.pole, FIELD_RESULT,
			   "{\"height_ft\":20,\"wall_in\":0.00123,\"count\":2,\"painted\":true,\"label\":null,\"colour\":\"white\","
			   "\"shape\":\"square\",\"finish\":\"round\",\"top\":{\"length_ft\":1.235,\"name\":null},\"spare\":null,"
			   "\"notes\":{\"b\":1,\"a\":0.12345},\"version\":null,\"loads\":[1.2,null,100],\"bolts\":[],"
			   "\"tag-names\":[],\"shapes\":[],\"arms\":[{\"length_ft\":2.718,\"name\":\"e\"}]}");
	must_write(&bench.pole, FIELD_INPUTS,
			   "{\"height_ft\":20.00049,\"wall_in\":0.0012345,\"count\":2,\"painted\":true,\"colour\":\"white\","
			   "\"shape\":\"square\",\"finish\":\"round\",\"top\":{\"length_ft\":1.23456},"
			   "\"notes\":{\"b\":1,\"a\":0.12345},\"loads\":[1.25,null,99.96],\"bolts\":[],"
			   "\"shapes\":[],\"arms\":[{\"length_ft\":2.71828,\"name\":\"e\"}]}");
	must_write(&bench.pole, FIELD_INPUTS | FIELD_CANONICAL,
			   "{\"arms\":[{\"length_ft\":2.71828,\"name\":\"e\"}],\"bolts\":[],\"colour\":\"white\",\"count\":2,"
			   "\"finish\":\"round\",\"height_ft\":20.00049,\"loads\":[1.25,null,99.96],"
			   "\"notes\":{\"a\":0.12345,\"b\":1},\"painted\":true,\"shape\":\"square\",\"shapes\":[],"
			   "\"top\":{\"length_ft\":1.23456},\"wall_in\":0.0012345}");
	end(&bench);
}

/* A seal stores inputs as they are written here, and replay decodes them. */
static void written_inputs_decode_again(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"{\"height_ft\":20,\"top\":{\"length_ft\":1}}",
		"{\"height\":1.5,\"top\":{\"length_ft\":1,\"name\":\"n\"},\"loads\":[1,null],\"bolts\":[],\"notes\":null,"
		"\"spare\":{\"length_ft\":2},\"wall_in\":0.1234567,\"label\":\"ab\",\"count\":9,\"painted\":false,"
		"\"tag-names\":[\"a\"],\"shapes\":[\"round\"],\"arms\":[{\"length_ft\":5}],\"finish\":\"square\"}",
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct bench bench, again;
		struct buf first, second;
		struct jw jw;
		begin(&bench);
		begin(&again);
		buf_init(&first, 0);
		buf_init(&second, 0);
		assert_true(decode(&bench, rows[i]));
		jw_init(&jw, &first);
		field_write(&jw, &pole_table, &bench.pole, FIELD_INPUTS | FIELD_CANONICAL);
		assert_true(jw_ok(&jw));
		if (!decode(&again, buf_text(&first)))
			fail_msg("%s: %s %s", buf_text(&first), again.faults.first->pointer, again.faults.first->message);
		jw_init(&jw, &second);
		field_write(&jw, &pole_table, &again.pole, FIELD_INPUTS | FIELD_CANONICAL);
		assert_string_equal(buf_text(&first), buf_text(&second));
		buf_fini(&first);
		buf_fini(&second);
		end(&bench);
		end(&again);
	}
}

static bool writes(const struct pole *pole)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	field_write(&jw, &pole_table, pole, FIELD_RESULT);
	bool done = jw_ok(&jw);
	buf_fini(&buf);
	return done;
}

/* What must never leave: numbers that are none, and holes where there has to be something. */
static void a_result_with_a_hole_is_not_written(void **state)
{
	(void)state;
	struct pole pole;
	field_defaults(&pole_table, &pole);
	pole.height_ft = 20;
	pole.top.length_ft = 1;
	assert_true(writes(&pole));
	pole.height_ft = NAN;
	assert_false(writes(&pole));
	pole.height_ft = INFINITY;
	assert_false(writes(&pole));
	pole.height_ft = -INFINITY;
	assert_false(writes(&pole));
	pole.height_ft = 20;
	pole.wall_in = INFINITY; /* nullable, but no number */
	assert_false(writes(&pole));
	pole.wall_in = NAN;
	pole.shape = -1;
	assert_false(writes(&pole));
	pole.shape = SHAPE_ROUND;
	pole.colour = NULL;
	assert_false(writes(&pole));
	pole.colour = "";
	pole.count = FIELD_NO_INT;
	assert_false(writes(&pole));
	pole.count = 1;
	pole.top.length_ft = NAN;
	assert_false(writes(&pole));
	pole.top.length_ft = 1;
	assert_true(writes(&pole));
}

static const struct json *schema(struct arena *arena, enum field_schema_use use)
{
	struct buf buf;
	struct jw jw;
	const struct json *json = NULL;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	field_schema(&jw, &pole_table, use);
	assert_true(jw_ok(&jw));
	assert_true(json_parse(arena, buf_text(&buf), buf.size, &json_body_limits, &json, NULL));
	buf_fini(&buf);
	return json;
}

static void must_be(struct arena *arena, const struct json *json, const char *want)
{
	const struct json *wanted = NULL;
	assert_true(json_parse(arena, want, strlen(want), &json_body_limits, &wanted, NULL));
	assert_non_null(json);
	if (!json_same(json, wanted)) {
		struct buf buf;
		struct jw jw;
		buf_init(&buf, 0);
		jw_init(&jw, &buf);
		jw_json(&jw, json);
		fail_msg("%s instead of %s", buf_text(&buf), want);
	}
}

static void input_schema(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, 1 << 20);
	const struct json *json = schema(&arena, FIELD_SCHEMA_INPUT), *members = json_get(json, "properties");
	assert_string_equal(json_text(json, "type"), "object");
	must_be(&arena, json_get(json, "required"), "[\"height_ft\"]");
	must_be(&arena, json_get(json, "additionalProperties"), "false");
	static const char height[] = "{\"description\":\"Length above grade\",\"x-unit\":\"ft\",\"type\":\"number\","
								 "\"minimum\":1,\"maximum\":60}";
	must_be(&arena, json_get(members, "height_ft"), height);
	must_be(&arena, json_get(members, "height"), height);
	must_be(&arena, json_get(members, "wall_in"), "{\"type\":[\"number\",\"null\"],\"minimum\":0}");
	must_be(&arena, json_get(members, "count"),
			"{\"type\":[\"integer\",\"null\"],\"minimum\":1,\"maximum\":9,\"default\":2}");
	must_be(&arena, json_get(members, "painted"), "{\"type\":[\"boolean\",\"null\"],\"default\":true}");
	must_be(&arena, json_get(members, "label"),
			"{\"type\":[\"string\",\"null\"],\"minLength\":2,\"maxLength\":5,\"format\":\"uri\"}");
	must_be(&arena, json_get(members, "colour"), "{\"type\":[\"string\",\"null\"],\"default\":\"white\"}");
	must_be(&arena, json_get(members, "shape"),
			"{\"description\":\"Form of the section\",\"type\":[\"string\",\"null\"],"
			"\"enum\":[\"round\",\"square\",null],\"default\":\"square\"}");
	must_be(&arena, json_get(members, "notes"), "{}");
	must_be(&arena, json_get(members, "version"), "{\"type\":[\"integer\",\"null\"],\"readOnly\":true}");
	must_be(&arena, json_get(members, "loads"),
			"{\"type\":\"array\",\"items\":{\"type\":[\"number\",\"null\"],\"minimum\":0,\"maximum\":100},"
			"\"minItems\":1,\"maxItems\":3}");
	must_be(&arena, json_get(members, "tag-names"),
			"{\"type\":\"array\",\"items\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":3},\"writeOnly\":true}");
	must_be(&arena, json_get(members, "arms"),
			"{\"description\":\"From the top down\",\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{"
			"\"length_ft\":{\"x-unit\":\"ft\",\"type\":\"number\",\"exclusiveMinimum\":0,\"maximum\":20},"
			"\"name\":{\"type\":[\"string\",\"null\"],\"minLength\":1,\"maxLength\":4}},\"required\":[\"length_ft\"],"
			"\"additionalProperties\":false},\"minItems\":0,\"maxItems\":2}");
	arena_fini(&arena);
}

static void output_schema(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, 1 << 20);
	const struct json *json = schema(&arena, FIELD_SCHEMA_OUTPUT), *members = json_get(json, "properties");
	assert_int_equal(json_get(json, "required")->count, sizeof pole_fields / sizeof *pole_fields);
	assert_int_equal(members->count, sizeof pole_fields / sizeof *pole_fields);
	must_be(&arena, json_get(members, "height_ft"),
			"{\"description\":\"Length above grade\",\"x-unit\":\"ft\",\"type\":\"number\"}");
	must_be(&arena, json_get(members, "wall_in"), "{\"type\":[\"number\",\"null\"]}");
	must_be(&arena, json_get(members, "shape"),
			"{\"description\":\"Form of the section\",\"type\":\"string\",\"enum\":[\"round\",\"square\"]}");
	must_be(&arena, json_get(members, "finish"),
			"{\"type\":[\"string\",\"null\"],\"enum\":[\"round\",\"square\",null]}");
	must_be(&arena, json_get(members, "loads"), "{\"type\":\"array\",\"items\":{\"type\":[\"number\",\"null\"]}}");
	assert_null(json_get(members, "height"));
	must_be(&arena, json_get(members, "tag-names"),
			"{\"type\":\"array\",\"items\":{\"type\":[\"string\",\"null\"]}}"); /* a secret, for once shown */
	arena_fini(&arena);
}

struct ledger {
	struct {
		size_t count;
		double *items;
	} told, plain;
	const char *note;
};

static const struct field ledger_fields[] = {
	F_NUMS(ledger, told, TOLD_APART, NULLABLE, RANGE(-1, INFINITY)),
	F_NUMS(ledger, plain),
	F_STR(ledger, note, LEFT_OUT, NULLABLE),
};
static const struct field_table ledger_table = FIELD_TABLE("ledger", ledger, ledger_fields);

/* Decode a body, write it in each mode. */
static void ledger_round(const char *body, const char *inputs, const char *result)
{
	struct arena arena;
	struct faults faults;
	struct buf buf;
	struct jw jw;
	struct ledger ledger;
	const struct json *json;
	arena_init(&arena, 1 << 20);
	faults_init(&faults, &arena);
	assert_true(json_parse(&arena, body, strlen(body), &json_body_limits, &json, NULL));
	assert_true(field_decode(&ledger_table, json, &ledger, &arena, "", &faults));
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	field_write(&jw, &ledger_table, &ledger, FIELD_INPUTS);
	assert_true(jw_ok(&jw));
	assert_string_equal(buf_text(&buf), inputs);
	buf_reset(&buf);
	jw_init(&jw, &buf);
	field_write(&jw, &ledger_table, &ledger, FIELD_RESULT);
	assert_true(jw_ok(&jw));
	assert_string_equal(buf_text(&buf), result);
	buf_fini(&buf);
	arena_fini(&arena);
}

static void absent_lists_can_be_told_from_empty_ones(void **state)
{
	(void)state;
	ledger_round("{}", "{\"plain\":[]}", "{\"told\":null,\"plain\":[]}");
	ledger_round("{\"told\":null}", "{\"plain\":[]}", "{\"told\":null,\"plain\":[]}");
	ledger_round("{\"told\":[],\"note\":\"n\"}", "{\"told\":[],\"plain\":[],\"note\":\"n\"}",
				 "{\"told\":[],\"plain\":[],\"note\":\"n\"}");
	ledger_round("{\"told\":[0.5,null,-1,1.25]}", "{\"told\":[0.5,null,-1,1.25],\"plain\":[]}",
				 "{\"told\":[0.5,null,-1,1.25],\"plain\":[]}");
}

static void numbers_of_a_list_keep_their_range(void **state)
{
	(void)state;
	struct arena arena;
	struct faults faults;
	struct ledger ledger;
	const struct json *json;
	const char *body = "{\"told\":[0.5,-1.5,-2,1e300,9007199254740993],\"plain\":[1.5,null]}";
	arena_init(&arena, 1 << 20);
	faults_init(&faults, &arena);
	assert_true(json_parse(&arena, body, strlen(body), &json_body_limits, &json, NULL));
	assert_false(field_decode(&ledger_table, json, &ledger, &arena, "", &faults));
	assert_int_equal(faults.count, 4);
	assert_string_equal(faults.first->pointer, "/told/1");
	assert_string_equal(faults.first->next->pointer, "/told/2");
	assert_string_equal(faults.first->next->next->pointer, "/told/4");
	assert_string_equal(faults.first->next->next->next->pointer, "/plain/1");
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_absent_has_its_default_or_its_mark),
		cmocka_unit_test(every_form_is_decoded),
		cmocka_unit_test(null_is_absence),
		cmocka_unit_test(each_fault_is_named),
		cmocka_unit_test(all_faults_come_at_once),
		cmocka_unit_test(messages_say_what_is_allowed),
		cmocka_unit_test(the_bounds_belong_to_the_range),
		cmocka_unit_test(a_body_that_is_no_object),
		cmocka_unit_test(a_hundred_faults_are_named),
		cmocka_unit_test(pointers_are_escaped),
		cmocka_unit_test(fields_are_found_by_either_name),
		cmocka_unit_test(a_full_arena_is_survived),
		cmocka_unit_test(what_was_decoded_is_written),
		cmocka_unit_test(written_inputs_decode_again),
		cmocka_unit_test(a_result_with_a_hole_is_not_written),
		cmocka_unit_test(absent_lists_can_be_told_from_empty_ones),
		cmocka_unit_test(numbers_of_a_list_keep_their_range),
		cmocka_unit_test(input_schema),
		cmocka_unit_test(output_schema),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
