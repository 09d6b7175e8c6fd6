#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "draw/dxf_check.h"
#include "seal/envelope.h"
#include "sign/project_fixture.h"

#define PAYLOAD(width) \
	"{\"module\":\"signage.single_pole\",\"config\":{\"site\":{\"wind_speed_mph\":115},\"sign\":{\"height_ft\":25," \
	"\"sign_height_ft\":8,\"sign_width_ft\":" width "}}}"

static int ask(struct project_fixture *f, const char *who, const char *method, const char *id, const char *what,
			   const char *body)
{
	return fixture_ask(f, who, method, arena_printf(&f->arena, "/projects/%s/%s", id, what), body, NULL);
}

static const char *project_new(struct project_fixture *f)
{
	assert_int_equal(fixture_ask(f, "ann", "POST", "/projects", "{\"name\":\"Diner\",\"customer\":\"Joe\"}", NULL),
					 201);
	return fixture_text(f, "result.project_id");
}

/* Twice the same bytes, the second time from the store; another design, another report. */
static void test_report(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f);
	assert_int_equal(ask(f, "ann", "POST", id, "report", NULL), 422);
	assert_string_equal(fixture_text(f, "code"), "no_payload");
	assert_int_equal(ask(f, "ann", "GET", id, "report.pdf", NULL), 422);
	assert_int_equal(ask(f, "ann", "POST", id, "payload", PAYLOAD("10")), 201);
	assert_int_equal(ask(f, "vic", "GET", id, "report.pdf", NULL), 200); /* drawn for a reader, and not stored */
	size_t size = f->answer.answer_size;
	char *bytes = memcpy(arena_alloc(&f->arena, size), f->answer.answer, size);
	assert_memory_equal(bytes, "%PDF-", 5);
	assert_int_equal(ask(f, "ann", "POST", id, "report?wait=1", NULL), 200);
	assert_false(fixture_at(f, "result.cached")->boolean);
	assert_true(fixture_number_at(f, "result.pages") == 4);
	const char *sha = fixture_text(f, "result.sha256");
	assert_int_equal(ask(f, "ann", "POST", id, "report?wait=1", NULL), 200);
	assert_true(fixture_at(f, "result.cached")->boolean);
	assert_string_equal(fixture_text(f, "result.sha256"), sha);
	assert_int_equal(fixture_ask(f, "vic", "GET", fixture_text(f, "result.download_url"), NULL, NULL), 200);
	assert_int_equal(f->answer.answer_size, size);
	assert_memory_equal(f->answer.answer, bytes, size);
	assert_string_equal(loopback_header(&f->answer, "ETag"), arena_printf(&f->arena, "\"%s\"", sha));
	assert_int_equal(ask(f, "ann", "POST", id, "payload", PAYLOAD("11")), 201);
	assert_int_equal(ask(f, "ann", "POST", id, "report?wait=1", NULL), 200);
	assert_false(fixture_at(f, "result.cached")->boolean);
	assert_string_not_equal(fixture_text(f, "result.sha256"), sha);
	assert_int_equal(ask(f, "ann", "GET", id, "events", NULL), 200);
	assert_string_equal(fixture_text(f, "result.items.0.type"), "report.generated");
	assert_true(fixture_chain_sound(f));
	assert_int_equal(ask(f, "eve", "GET", id, "report.pdf", NULL), 404);
	assert_int_equal(ask(f, "vic", "POST", id, "report", NULL), 403);
}

/* The cover tells the project's name: another name is another report. */
static void test_shows_project(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f);
	assert_int_equal(ask(f, "ann", "POST", id, "payload", PAYLOAD("10")), 201);
	assert_int_equal(ask(f, "ann", "POST", id, "report?wait=1", NULL), 200);
	const char *sha = fixture_text(f, "result.sha256");
	assert_int_equal(ask(f, "ann", "GET", id, "", NULL), 200);
	const char *const headers[] = {"If-Match", fixture_text(f, "result.etag"), NULL};
	assert_int_equal(
		fixture_ask(f, "ann", "PUT", arena_printf(&f->arena, "/projects/%s", id), "{\"name\":\"Another\"}", headers),
		200);
	assert_int_equal(ask(f, "ann", "POST", id, "report?wait=1", NULL), 200);
	assert_string_not_equal(fixture_text(f, "result.sha256"), sha);
}

static void test_elevation(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f);
	assert_int_equal(ask(f, "ann", "GET", id, "elevation.svg", NULL), 422);
	assert_int_equal(ask(f, "ann", "POST", id, "payload", PAYLOAD("10")), 201);
	assert_int_equal(ask(f, "vic", "GET", id, "elevation.svg", NULL), 200);
	assert_non_null(strstr(f->answer.answer, "<svg"));
	assert_true(f->answer.answer_size < 60000);
	char sha256[SHA256_HEX_SIZE]; /* the ETag of bytes is their hash */
	sha256_hex(f->answer.answer, f->answer.answer_size, sha256);
	const char *etag = arena_printf(&f->arena, "\"%s\"", sha256);
	assert_string_equal(loopback_header(&f->answer, "ETag"), etag);
	const char *const headers[] = {"If-None-Match", etag, NULL};
	assert_int_equal(
		fixture_ask(f, "vic", "GET", arena_printf(&f->arena, "/projects/%s/elevation.svg", id), NULL, headers), 304);
}

#define PLATED(types) \
	"{\"module\":\"signage.single_pole\",\"config\":{\"site\":{\"wind_speed_mph\":110},\"sign\":{\"height_ft\":18," \
	"\"sign_height_ft\":5,\"sign_width_ft\":8},\"foundation\":{\"types\":[\"" types "\"]}}}"

/* Footings and plates are drawn and told as what they are. */
static void test_foundations(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f);
	assert_int_equal(ask(f, "ann", "POST", id, "payload", PLATED("spread")), 201);
	assert_int_equal(ask(f, "vic", "GET", id, "elevation.svg", NULL), 200);
	assert_non_null(strstr(f->answer.answer, "Spread footing"));
	assert_int_equal(ask(f, "ann", "POST", id, "report?wait=1", NULL), 200);
	assert_true(fixture_number_at(f, "result.pages") == 4);
	assert_int_equal(ask(f, "vic", "GET", id, "bom", NULL), 200);
	assert_non_null(strstr(f->answer.answer, "Footing"));
	assert_non_null(strstr(f->answer.answer, "Anchor rods"));
	/* the drawing has its plate, and does not say that nobody designed how the pole is set */
	assert_int_equal(ask(f, "vic", "GET", id, "drawing.dxf", NULL), 200);
	assert_non_null(strstr(f->answer.answer, "Base plate"));
	assert_non_null(strstr(f->answer.answer, "headed anchor rods"));
	assert_null(strstr(f->answer.answer, "by the engineer"));
	assert_int_equal(ask(f, "ann", "POST", id, "payload", PLATED("baseplate")), 201);
	assert_int_equal(ask(f, "ann", "POST", id, "report?wait=1", NULL), 200);
	assert_true(fixture_number_at(f, "result.pages") == 4);
}

/* [sign.md 10.15] it opens with all layers; the same seal, the same bytes; another, others */
static void test_drawing(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f);
	struct dxf_seen seen;
	assert_int_equal(ask(f, "ann", "GET", id, "drawing.dxf", NULL), 422);
	assert_int_equal(ask(f, "ann", "POST", id, "payload", PAYLOAD("10")), 201);
	const char *seal = fixture_text(f, "result.seal_sha256");
	assert_int_equal(ask(f, "vic", "GET", id, "drawing.dxf", NULL), 200);
	assert_string_equal(loopback_header(&f->answer, "Content-Type"), "image/vnd.dxf");
	const char *first = arena_dup(&f->arena, f->answer.answer);
	const char *etag = arena_dup(&f->arena, loopback_header(&f->answer, "ETag"));
	if (!dxf_check(first, &seen))
		fail_msg("line %zu: %s", seen.line, seen.fault);
	for (int i = 1; i <= 8; i++)
		assert_true(seen.on_layer[i] > 0);
	assert_non_null(strstr(first, arena_printf(&f->arena, "%.32s", seal)));
	assert_non_null(strstr(first, "Diner"));
	assert_non_null(strstr(first, ", A500-C\n")); /* the section's material */
	assert_int_equal(ask(f, "vic", "GET", id, "drawing.dxf", NULL), 200);
	assert_string_equal(f->answer.answer, first);
	const char *const headers[] = {"If-None-Match", etag, NULL};
	assert_int_equal(
		fixture_ask(f, "vic", "GET", arena_printf(&f->arena, "/projects/%s/drawing.dxf", id), NULL, headers), 304);
	assert_int_equal(
		fixture_ask(f, "vic", "GET", arena_printf(&f->arena, "/api/v1/sign/designs/%s/drawing.dxf", seal), NULL, NULL),
		200);
	assert_true(dxf_check(f->answer.answer, &seen));
	assert_int_equal(ask(f, "ann", "POST", id, "payload", PAYLOAD("11")), 201);
	assert_int_equal(ask(f, "vic", "GET", id, "drawing.dxf", NULL), 200);
	assert_string_not_equal(f->answer.answer, first);
	assert_int_equal(ask(f, "eve", "GET", id, "drawing.dxf", NULL), 404);
}

/* Not waited for, it is drawn after the commit: a task tells when it is there. */
static void test_background(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f);
	assert_int_equal(ask(f, "ann", "POST", id, "payload", PAYLOAD("10")), 201);
	assert_int_equal(ask(f, "ann", "POST", id, "report", NULL), 202);
	const char *task = arena_printf(&f->arena, "/tasks/%s", fixture_text(f, "result.run_id"));
	assert_int_equal(fixture_ask(f, "vic", "GET", task, NULL, NULL), 200);
	assert_string_equal(fixture_text(f, "result.state"), "PENDING");
	assert_string_equal(fixture_text(f, "result.name"), "projects.report.generate");
	fixture_work(f);
	assert_int_equal(fixture_ask(f, "vic", "GET", task, NULL, NULL), 200);
	assert_string_equal(fixture_text(f, "result.state"), "SUCCESS");
	const char *sha = fixture_text(f, "result.result.sha256");
	assert_int_equal(ask(f, "ann", "POST", id, "report", NULL), 200);
	assert_true(fixture_at(f, "result.cached")->boolean);
	assert_string_equal(fixture_text(f, "result.sha256"), sha);
	assert_int_equal(ask(f, "ann", "GET", id, "events", NULL), 200);
	assert_string_equal(fixture_text(f, "result.items.0.type"), "projects.report.generate.finished");
	assert_string_equal(fixture_text(f, "result.items.1.type"), "report.generated");
	assert_string_equal(fixture_text(f, "result.items.2.type"), "projects.report.generate.started");
	assert_true(fixture_chain_sound(f));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, project_fixture_new, project_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_report),      TEST(test_shows_project), TEST(test_elevation),
									   TEST(test_foundations), TEST(test_background),    TEST(test_drawing)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
