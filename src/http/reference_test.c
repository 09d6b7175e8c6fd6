#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/field.h"
#include "http/error_help.h"
#include "http/exchange.h"
#include "http/reference.h"
#include "http/router.h"

/* The reference pages of three made-up operations [platform.md 16; P-5.5 /docs]. */

struct leg {
	double height_ft;
};
static const struct field leg_fields[] = {
	F_NUM(leg, height_ft, REQUIRED, RANGE(1, 60), UNIT("ft"), DOC("Above <grade>"))};
static const struct field_table leg_table = FIELD_TABLE("leg", leg, leg_fields);

static const char *const colours[] = {"red", "blue", NULL};
struct table_body {
	struct {
		size_t count;
		struct leg *items;
	} legs;
	int colour;
	const char *name;
};
static const struct field body_fields[] = {
	F_OBJECTS(table_body, legs, &leg_table, COUNT(1, 4)),
	F_ENUM(table_body, colour, colours, DEFAULT(1)),
	F_STR(table_body, name, LENGTH(1, 20), ALSO("title")),
};
static const struct field_table body_table = FIELD_TABLE("table", table_body, body_fields);

static void handle(struct exchange *x)
{
	(void)x;
}

static const enum err_kind own_errors[] = {ERR_LEGAL_HOLD, ERR_NONE};
static const struct route routes[] = {
	ROUTE(POST, "/api/v1/tables", "project.write", EFFECT_WRITE, handle, .operation = "tables.create",
		  .summary = "Make a table & its \"legs\"", .body = &body_table, .errors = own_errors, .status = 201,
		  .example = "{\"legs\":[]}", .aliases = ALIASES({"/tables"}, {"/table", .method = METHOD_PUT})),
	ROUTE(GET, "/api/v1/tables/{id}", "project.read", EFFECT_READ, handle, .operation = "tables.get",
		  .summary = "One table", .result = &leg_table),
	ROUTE(GET, "/live", PUBLIC, EFFECT_READ, handle, .operation = "system.live", .summary = "Alive"),
};

struct pages {
	struct router *router;
	struct buf html;
};

static int open_pages(void **state)
{
	static struct pages pages;
	pages.router = router_new();
	buf_init(&pages.html, 0);
	router_add(pages.router, routes, sizeof routes / sizeof *routes, NULL);
	*state = &pages;
	return 0;
}

static int close_pages(void **state)
{
	struct pages *p = *state;
	buf_fini(&p->html);
	router_free(p->router);
	return 0;
}

static void has(const struct pages *p, const char *text)
{
	if (strstr(buf_text(&p->html), text) == NULL)
		fail_msg("not in the page: %s\n%s", text, buf_text(&p->html));
}

static void has_not(const struct pages *p, const char *text)
{
	if (strstr(buf_text(&p->html), text) != NULL)
		fail_msg("in the page: %s\n%s", text, buf_text(&p->html));
}

/* The policy would refuse it: scripts, styles in the page, anything from elsewhere. */
static void is_closed(const struct pages *p)
{
	has(p, "<!doctype html>");
	has_not(p, "<script");
	has_not(p, "style=");
	has_not(p, "<style");
	has_not(p, "://");
	has_not(p, "<img");
}

static const char *about(const char *tag)
{
	return strcmp(tag, "tables") == 0 ? "Tables & chairs" : NULL;
}

static void the_index_has_every_operation_by_its_tag(void **state)
{
	struct pages *p = *state;
	reference_index(&p->html, p->router, "1.2.3", about);
	is_closed(p);
	has(p, "Version 1.2.3, 3 operations");
	has(p, "<h2 id=\"tables\">tables</h2>\n<p>Tables &amp; chairs.</p>");
	has(p, "<tr><td><a href=\"#tables\">tables</a></td><td>Tables &amp; chairs</td></tr>");
	has(p, "<code>POST /api/v1/tables</code>");
	has(p, "<code>GET /api/v1/tables/{id}</code>");
	has(p, "<a href=\"/docs/operations/tables.create\">tables.create</a>");
	has(p, "Make a table &amp; its &quot;legs&quot;");
}

static void an_operation_has_its_fields_and_refusals(void **state)
{
	struct pages *p = *state;
	assert_true(reference_operation(&p->html, p->router, "tables.create"));
	is_closed(p);
	has(p, "<dt>Also</dt><dd><code>POST /tables</code>, <code>PUT /table</code></dd>");
	has(p, "<code>project.write</code>");
	has(p, "<dt>Effect</dt><dd>write</dd>\n<dt>Success</dt><dd>201</dd>");
	has(p, "<tr><td><code>legs</code></td><td>list of object, 1 to 4 of them</td>");
	has(p,
		"<tr><td><code>legs[].height_ft</code></td><td>number, 1 to 60, ft, required</td><td>Above &lt;grade&gt;</td>");
	has(p, "<td>one of <code>red</code> <code>blue</code></td><td>Default <code>blue</code>. </td>");
	has(p, "<td>text, 1 to 20 characters</td><td>Also called <code>title</code>. </td>");
	has(p, "<pre>{&quot;legs&quot;:[]}</pre>");
	has(p, "<td>409</td><td><a href=\"/docs/errors/legal_hold\">");
	has(p, "<td>422</td><td><a href=\"/docs/errors/invalid\">");
}

static void a_result_is_told_without_limits(void **state)
{
	struct pages *p = *state;
	assert_true(reference_operation(&p->html, p->router, "tables.get"));
	has(p, "<h2>Result</h2>");
	has(p, "<td>404</td><td><a href=\"/docs/errors/not_found\">");
	has_not(p, "<h2>Body</h2>");
}

static void what_is_not_there_has_no_page(void **state)
{
	struct pages *p = *state;
	assert_false(reference_operation(&p->html, p->router, "tables"));
	assert_false(reference_error(&p->html, p->router, "ok"));
	assert_false(reference_error(&p->html, p->router, "legal_holds"));
	assert_int_equal(p->html.size, 0);
}

static void a_code_has_its_page(void **state)
{
	struct pages *p = *state;
	assert_true(reference_error(&p->html, p->router, "legal_hold"));
	is_closed(p);
	has(p, "<td>409</td><td>Held for legal reasons</td><td>will be refused again</td>");
	has(p, error_help_own("legal_hold"));
	has(p, "<h2>Answered by</h2>\n<p><a href=\"/docs/operations/tables.create\">");
	buf_reset(&p->html);
	assert_true(reference_error(&p->html, p->router, "token_invalid")); /* a code of two kinds */
	has(p, "<td>401</td>");
	has(p, "<td>422</td>");
	buf_reset(&p->html);
	assert_true(reference_error(&p->html, p->router, "overloaded"));
	has(p, "may succeed later");
}

static void every_code_has_a_page_and_is_in_the_list(void **state)
{
	struct pages *p = *state;
	struct pages page = {.router = p->router};
	buf_init(&page.html, 0);
	reference_errors(&p->html);
	is_closed(p);
	for (enum err_kind kind = ERR_NONE + 1; kind < ERR_KINDS; kind++) {
		char link[100];
		snprintf(link, sizeof link, "href=\"/docs/errors/%s\"", err_code(kind));
		has(p, link);
		buf_reset(&page.html);
		assert_true(reference_error(&page.html, p->router, err_code(kind)));
		is_closed(&page);
	}
	buf_fini(&page.html);
}

/* The codes of platform.md 16, each with a sentence of its own about what to do. */
static void every_code_of_the_platform_says_what_to_do(void **state)
{
	static const char *const codes[] = {
		"request_malformed",
		"header_invalid",
		"target_too_long",
		"json_invalid",
		"cursor_invalid",
		"idempotency_key_invalid",
		"unauthenticated",
		"credentials_invalid",
		"token_invalid",
		"token_expired",
		"session_revoked",
		"refresh_reused",
		"mfa_invalid",
		"signature_invalid",
		"forbidden",
		"account_locked",
		"account_inactive",
		"email_unverified",
		"password_change_required",
		"registration_closed",
		"person_required",
		"four_eyes",
		"not_found",
		"method_not_allowed",
		"not_acceptable",
		"request_timeout",
		"conflict",
		"duplicate",
		"email_taken",
		"last_admin",
		"transition_refused",
		"seal_mismatch",
		"already_decided",
		"already_applied",
		"idempotency_in_flight",
		"task_finished",
		"file_quarantined",
		"legal_hold",
		"effect_sent",
		"expired",
		"precondition_failed",
		"body_too_large",
		"media_type",
		"type_mismatch",
		"range_not_satisfiable",
		"expectation_failed",
		"invalid",
		"idempotency_mismatch",
		"consent_outdated",
		"sha256_mismatch",
		"filename_invalid",
		"precondition_required",
		"rate_limited",
		"headers_too_large",
		"internal",
		"overloaded",
		"store_full",
		"unavailable",
		"draining",
		"deadline",
		"http_version",
	};
	(void)state;
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		bool known = false;
		for (enum err_kind kind = ERR_NONE + 1; kind < ERR_KINDS; kind++)
			known = known || strcmp(err_code(kind), codes[i]) == 0;
		if (!known || error_help_own(codes[i]) == NULL)
			fail_msg("%s", codes[i]);
	}
	assert_null(error_help_own("nonsense"));
	assert_non_null(error_help("nonsense", 409));
	assert_string_not_equal(error_help("nonsense", 409), error_help("nonsense", 418));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_pages, close_pages)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_index_has_every_operation_by_its_tag),
		TEST(an_operation_has_its_fields_and_refusals),
		TEST(a_result_is_told_without_limits),
		TEST(what_is_not_there_has_no_page),
		TEST(a_code_has_its_page),
		TEST(every_code_has_a_page_and_is_in_the_list),
		TEST(every_code_of_the_platform_says_what_to_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
