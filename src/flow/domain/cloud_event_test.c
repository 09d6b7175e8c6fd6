#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "flow/domain/cloud_event.h"
#include "flow/domain/datum.h"

/* The pointers and codes of what is wrong, one after the other. */
static void expect_faults(const char *text, const char *wanted)
{
	struct arena arena;
	struct faults faults;
	struct buf found;
	struct datum *event = datum_parse(text, strlen(text), NULL);
	assert_non_null(event);
	arena_init(&arena, 1 << 20);
	faults_init(&faults, &arena);
	buf_init(&found, 0);
	cloud_event_check(datum_tree(event), "", &arena, &faults);
	for (const struct fault *fault = faults.first; fault != NULL; fault = fault->next)
		buf_addf(&found, "%s%s %s", found.size == 0 ? "" : ", ", fault->pointer, fault->code);
	assert_string_equal(buf_text(&found), wanted);
	buf_fini(&found);
	arena_fini(&arena);
	datum_unref(event);
}

/* REF: CloudEvents 1.0.2, sections 3 and 4 */
static void an_event_has_its_attributes(void **state)
{
	(void)state;
	expect_faults("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"urn:x\",\"type\":\"t\"}", "");
	expect_faults("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"urn:x\",\"type\":\"t\",\"time\":"
				  "\"2026-11-21T10:00:00Z\",\"data\":null,\"own\":1}",
				  "");
	expect_faults("{}", "/specversion required, /id required, /source required, /type required");
	expect_faults("{\"specversion\":\"0.3\",\"id\":\"\",\"source\":7,\"type\":\"t\"}",
				  "/id range, /source type, /specversion enum");
	expect_faults("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\",\"time\":\"noon\",\"data\":1,"
				  "\"data_base64\":\"AA==\"}",
				  "/time format, /data_base64 unknown_property");
	expect_faults("[]", " type");
}

static void expect_joined(const char *type, const char *body, const char *wanted)
{
	struct cloud_event_parts parts = {.attributes = {{"id", "a%20b"}, {"type", "100%"}},
									  .count = 2,
									  .content_type = type,
									  .body = body,
									  .body_size = strlen(body)};
	struct buf text;
	buf_init(&text, 0);
	assert_int_equal(cloud_event_join(&parts, &text), wanted != NULL);
	if (wanted != NULL)
		assert_string_equal(buf_text(&text), wanted);
	buf_fini(&text);
}

/* REF: CloudEvents 1.0.2 HTTP binding, section 3.1 */
static void headers_and_a_body_are_an_event(void **state)
{
	(void)state;
#define HEAD "{\"id\":\"a b\",\"type\":\"100%\""
	expect_joined("application/json; charset=utf-8", "{\"n\": 1}",
				  HEAD ",\"datacontenttype\":\"application/json; charset=utf-8\",\"data\":{\"n\":1}}");
	expect_joined("application/vnd.x+json", "7", HEAD ",\"datacontenttype\":\"application/vnd.x+json\",\"data\":7}");
	expect_joined("text/plain", "{\"n\"", HEAD ",\"datacontenttype\":\"text/plain\",\"data\":\"{\\\"n\\\"\"}");
	expect_joined("application/xml", "<a/>", HEAD ",\"datacontenttype\":\"application/xml\",\"data\":\"<a/>\"}");
	expect_joined("image/png", "ab", HEAD ",\"datacontenttype\":\"image/png\",\"data_base64\":\"YWI=\"}");
	expect_joined("application/json", "", HEAD ",\"datacontenttype\":\"application/json\"}");
	expect_joined(NULL, "[1]", HEAD ",\"data\":[1]}");
	expect_joined("application/json", "{", NULL);
#undef HEAD
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_has_its_attributes),
		cmocka_unit_test(headers_and_a_body_are_an_event),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
