#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/problem.h"

struct many_request {
	int course;
};

struct fixture {
	struct arena arena;
	struct faults faults;
	struct buf text;
};

static int set_up(void **state)
{
	static struct fixture f;
	arena_init(&f.arena, 1 << 20);
	faults_init(&f.faults, &f.arena);
	buf_init(&f.text, 0);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	buf_fini(&f->text);
	arena_fini(&f->arena);
	return 0;
}

static const struct json *document(struct fixture *f, const struct problem *problem)
{
	const struct json *document;
	struct jw jw;
	buf_reset(&f->text);
	jw_init(&jw, &f->text);
	problem_write(&jw, problem);
	assert_true(jw_ok(&jw));
	assert_true(json_parse(&f->arena, buf_text(&f->text), f->text.size, &json_body_limits, &document, NULL));
	return document;
}

static const char *member(const struct json *document, const char *name)
{
	const struct json *value = json_get(document, name);
	assert_non_null(value);
	return value->text;
}

static const char *detail(struct fixture *f)
{
	const struct problem problem = problem_of(NULL, &f->faults);
	return member(document(f, &problem), "detail");
}

static void one_fault_is_told_whole(void **state)
{
	struct fixture *f = *state;
	static const char long_message[] =
		"must be one of: cantilever, single_pole, double_pole, multi_pole, monument, pylon, wall, roof, awning, "
		"blade, channel_letters";
	faults_add(&f->faults, "/supports/0/a_name_that_alone_has_more_than_sixty_characters_in_it", "enum", "%s",
			   long_message);
	const char *said = detail(f);
	assert_non_null(strstr(said, long_message));
	assert_non_null(strstr(said, "characters_in_it must"));
	assert_int_equal(said[strlen(said) - 1], '.');
}

static void several_are_told_and_the_rest_counted(void **state)
{
	struct fixture *f = *state;
	faults_add(&f->faults, "/email", "required", "is required");
	faults_add(&f->faults, "/roles", "required", "is required");
	assert_string_equal(detail(f), "2 members are not valid: /email is required; /roles is required.");
	faults_add(&f->faults, "/a", "range", "The lower bound is above the upper one.");
	faults_add(&f->faults, "/b", "type", "must be a number, not a string");
	assert_string_equal(detail(f), "4 members are not valid: /email is required; /roles is required; /a: The lower "
								   "bound is above the upper one. All are in `errors`.");
}

static const char *const many[] = {"north_east_by_north_quarter",
								   "north_north_east_by_east_half",
								   "east_north_east_and_a_bit",
								   "south_east_by_south_quarter",
								   "south_south_east_by_east_half",
								   "east_south_east_and_a_bit",
								   "north_west_by_north_quarter",
								   "north_north_west_by_west_half",
								   "west_north_west_and_a_bit",
								   "south_west_by_south_quarter",
								   "south_south_west_by_west_half",
								   "west_south_west_and_a_bit",
								   "up",
								   NULL};
static const struct field many_fields[] = {
	F_ENUM(many_request, course, many),
};
static const struct field_table many_table = FIELD_TABLE("many", many_request, many_fields);

static void options_in_order_and_what_was_left_out(void **state)
{
	struct fixture *f = *state;
	struct many_request into;
	const struct json *body;
	assert_true(json_parse(&f->arena, "{\"course\":\"x\"}", 14, &json_body_limits, &body, NULL));
	assert_false(field_decode(&many_table, body, &into, &f->arena, "", &f->faults));
	const char *said = detail(f);
	assert_non_null(strstr(said, "must be one of: north_east_by_north_quarter, north_north_east"));
	assert_non_null(strstr(said, ", ….")); /* more there are, and no later one takes an earlier one's place */
	assert_null(strstr(said, "up"));
}

static void a_size_that_is_one_number(void **state)
{
	struct fixture *f = *state;
	static const struct field fields[] = {{.name = "seal", .kind = FIELD_STR, .ranged = true, .min = 64, .max = 64}};
	const struct field_table table = {.name = "sealed", .size = sizeof(const char *), .fields = fields, .count = 1};
	const char *into;
	const struct json *body;
	assert_true(json_parse(&f->arena, "{\"seal\":\"x\"}", 12, &json_body_limits, &body, NULL));
	assert_false(field_decode(&table, body, &into, &f->arena, "", &f->faults));
	assert_string_equal(detail(f), "/seal must have 64 characters.");
}

static void the_body_itself(void **state)
{
	struct fixture *f = *state;
	faults_add(&f->faults, "", "type", "must be an object, not an array");
	assert_string_equal(detail(f), "The body must be an object, not an array.");
}

static void a_long_name_of_the_peer_does_not_hide_the_reason(void **state)
{
	struct fixture *f = *state;
	char pointer[2000] = "/";
	while (strlen(pointer) < sizeof pointer - 8)
		strcat(pointer, "é"); /* a cut in the middle of a character would be no JSON */
	faults_add(&f->faults, pointer, "unknown_field", "is not a member of this object");
	const char *said = detail(f);
	assert_non_null(strstr(said, "… is not a member of this object."));
	assert_true(strlen(said) < 220);
}

static void a_message_that_is_cut_stays_text(void **state)
{
	struct fixture *f = *state;
	char quoted[1000] = "";
	while (strlen(quoted) < sizeof quoted - 8)
		strcat(quoted, "ü");
	faults_add(&f->faults, "/x", "format", "y%s", quoted);
	assert_non_null(detail(f)); /* parsed: it is valid UTF-8 */
}

static void more_faults_than_memory(void **state)
{
	struct fixture *f = *state;
	f->faults.count = 2; /* counted, and no room to keep them */
	const char *said = detail(f);
	assert_non_null(strstr(said, "2 members are not valid"));
}

static void what_went_wrong_inside_stays_inside(void **state)
{
	struct fixture *f = *state;
	struct err err;
	err_set(&err, ERR_IO, "cannot write /var/lib/x");
	struct problem problem = problem_of(&err, NULL);
	const struct json *said = document(f, &problem);
	assert_string_equal(member(said, "code"), "internal");
	assert_null(strstr(buf_text(&f->text), "/var/lib"));
	err_field(&err, ERR_INVALID, "/email", "This is not an address.");
	problem = problem_of(&err, NULL);
	said = document(f, &problem);
	assert_string_equal(member(said, "detail"), "This is not an address.");
	assert_string_equal(member(&json_get(said, "errors")->items[0], "pointer"), "/email");
	assert_string_equal(member(said, "type"), "/docs/errors/invalid");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_fault_is_told_whole),
		CASE(several_are_told_and_the_rest_counted),
		CASE(options_in_order_and_what_was_left_out),
		CASE(a_size_that_is_one_number),
		CASE(the_body_itself),
		CASE(a_long_name_of_the_peer_does_not_hide_the_reason),
		CASE(a_message_that_is_cut_stays_text),
		CASE(more_faults_than_memory),
		CASE(what_went_wrong_inside_stays_inside),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
