#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "sign/design_panels.h"

/* What an engineer has to find on the page before signing it: materials, the soil that was given, where each force
 * acts and by which equation [sign.md 6]. */

#define CASE_C \
	"\"case_c\":{\"force_lb\":5,\"moment_base_lbft\":6,\"torsion_lbft\":7,\"reduction_factor\":0.8," \
	"\"return_corner_factor\":0.9},"
#define LOADS(s_over_h, least) \
	"{\"loads\":{\"force_lb\":1,\"arm_ft\":2,\"moment_base_lbft\":3,\"s_over_h\":" s_over_h ",\"min_governs\":" least \
	",\"opening_factor\":1,\"case_b\":{\"torsion_lbft\":4}," CASE_C \
	"\"poles\":null,\"total\":{\"governing_case\":\"B\"},\"lrfd\":{},\"asd\":{}},\"num_poles\":1," \
	"\"selected\":{\"pole\":{\"family\":\"pipe\",\"fy_ksi\":35},\"foundation\":{\"type\":\"direct\"," \
	"\"concrete_yards\":1.95,\"rebar\":{\"verticals\":12,\"vertical_size\":5}}}}"

struct bed {
	struct arena arena;
	struct sealed sealed;
};

static const struct json *parsed(struct arena *arena, const char *text)
{
	static const struct json_limits limits = {.depth = 20, .values = 1000};
	const struct json *json;
	struct err err;
	assert_true(json_parse(arena, text, strlen(text), &limits, &json, &err));
	return json;
}

static struct sealed *open_sealed(struct bed *bed, const char *inputs, const char *result)
{
	struct sealed *s = &bed->sealed;
	*s = (struct sealed){.arena = &bed->arena,
						 .inputs = parsed(&bed->arena, inputs),
						 .result = parsed(&bed->arena, result),
						 .used = parsed(&bed->arena, "{}")};
	s->loads = json_get(s->result, "loads");
	s->selected = json_get(s->result, "selected");
	return s;
}

static const struct report_item *item(const struct lines *lines, const char *label)
{
	for (size_t i = 0; i < lines->count; i++)
		if (strcmp(lines->items[i].label, label) == 0)
			return &lines->items[i];
	fail_msg("no line %s", label);
	return NULL;
}

static void test_site(void **state)
{
	struct bed *bed = *state;
	struct lines lines = {.count = 0};
	site_lines(open_sealed(bed,
						   "{\"code\":\"ASCE7-22\",\"level\":\"lrfd\",\"site\":{\"wind_speed_mph\":115,\"hill\":{"
						   "\"shape\":\"ridge\",\"height_ft\":60}},\"foundation\":{\"soil\":{\"class\":3,"
						   "\"lateral_psf_ft\":300}}}",
						   LOADS("0.5", "false")),
			   &lines);
	assert_string_equal(item(&lines, "Loads by")->text, "ASCE 7-22");
	assert_string_equal(item(&lines, "Strengths at")->text, "LRFD");
	assert_string_equal(item(&lines, "Topography")->text, "ridge of 60 ft");
	assert_true(item(&lines, "Soil class (IBC)")->number == 3);
	assert_true(item(&lines, "Lateral, given")->number == 300);
}

static void test_soil_words(void **state)
{
	struct bed *bed = *state;
	assert_string_equal(
		soil_words(parsed(&bed->arena, "{\"class\":3,\"lateral_psf_ft\":300,\"friction\":0.4}"), &bed->arena),
		"class 3 (IBC table 1806.2), lateral bearing 300 psf/ft, friction 0.40");
	assert_string_equal(soil_words(NULL, &bed->arena), "class 4 (IBC table 1806.2)");
}

static void test_materials(void **state)
{
	struct bed *bed = *state;
	struct lines pole = {.count = 0}, base = {.count = 0}, asked = {.count = 0};
	struct sealed *s = open_sealed(bed, "{\"foundation\":{\"fc_psi\":4000}}", LOADS("0.5", "false"));
	pole_lines(s, &pole);
	foundation_lines(s, &base);
	assert_string_equal(item(&pole, "Material")->text, "A53-B");
	assert_string_equal(item(&base, "Concrete")->text, "1.95 yd\xc2\xb3, f'c 4000 psi");
	pole_lines(open_sealed(bed, "{\"support\":{\"steel_grade\":\"A252-3\"}}", LOADS("0.5", "false")), &asked);
	assert_string_equal(item(&asked, "Material")->text, "A252-3");
}

static const char *note_of(struct bed *bed, const char *inputs, const char *result, const char *name)
{
	struct report_load rows[LOADS_MAX];
	size_t count = load_rows(open_sealed(bed, inputs, result), rows);
	for (size_t i = 0; i < count; i++)
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].note;
	fail_msg("no row %s", name);
	return NULL;
}

/* ASCE 7-16 29.3.1, figure 29.3-1 note 3, 29.7; ASCE 7-10 29.4.1, 29.8 */
static void test_loads(void **state)
{
	struct bed *b = *state;
	assert_string_equal(note_of(b, "{}", LOADS("0.5", "false"), "Case A"), "eq. 29.3-1, at the middle");
	assert_string_equal(note_of(b, "{}", LOADS("1.0", "false"), "Case A"), "eq. 29.3-1, .05 h above the middle");
	assert_string_equal(note_of(b, "{}", LOADS("0.5", "true"), "Case A"), "16 psf (29.7), at the middle");
	assert_string_equal(note_of(b, "{\"code\":\"ASCE7-10\"}", LOADS("0.5", "true"), "Case A"),
						"16 psf (29.8), at the middle");
	assert_string_equal(note_of(b, "{\"code\":\"ASCE7-10\"}", LOADS("0.5", "false"), "Case B"),
						"fig. 29.4-1, at 0.2 B aside");
	assert_string_equal(note_of(b, "{\"sign\":{\"solid_ratio\":0.7}}", LOADS("0.5", "false"), "Case A"),
						"eq. 29.4-1, at the middle");
	assert_string_equal(note_of(b, "{}", LOADS("0.9", "false"), "Case C"),
						"fig. 29.3-1, \xc3\x97 0.800, corner \xc3\x97 0.900");
}

static int set_up(void **state)
{
	static struct bed bed;
	arena_init(&bed.arena, 1 << 20);
	*state = &bed;
	return 0;
}

static int tear_down(void **state)
{
	arena_fini(&((struct bed *)*state)->arena);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_site), TEST(test_soil_words), TEST(test_materials), TEST(test_loads)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
