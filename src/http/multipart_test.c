#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/arena.h"
#include "http/multipart.h"

#define TYPE "multipart/form-data; boundary=b"
#define FIELD(name) "Content-Disposition: form-data; name=\"" name "\"\r\n"

static struct arena arena;
static struct multipart form;

static bool read_as(const char *type, const char *body, size_t size)
{
	struct err err = {.kind = ERR_NONE};
	bool read = multipart_read(type, body, size, &arena, &form, &err);
	if (!read)
		assert_int_equal(err.kind, ERR_REQUEST_MALFORMED);
	return read;
}

static bool reads(const char *body)
{
	return read_as(TYPE, body, strlen(body));
}

static void assert_bytes(const struct part *part, const char *bytes, size_t size)
{
	assert_non_null(part);
	assert_int_equal(part->size, size);
	assert_memory_equal(part->bytes, bytes, size);
}

/* RFC 7578 4.2 to 4.4 */
static void test_parts(void **state)
{
	static const char body[] = "--b\r\n" FIELD(
		"purpose") "\r\nplan\r\n"
				   "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".pdf\"\r\n"
				   "content-type: Application/PDF; x=1\r\nX-Other: 1\r\n\r\n%PDF\0\r\n--\r\n--a\r\n--b\r\n" FIELD(
					   "empty") "\r\n\r\n--b--\r\n";
	(void)state;
	arena_init(&arena, 1 << 20);
	assert_true(read_as(TYPE, body, sizeof body - 1));
	assert_int_equal(form.count, 3);
	assert_bytes(multipart_find(&form, "purpose"), "plan", 4);
	assert_null(multipart_find(&form, "purpose")->filename);
	const struct part *file = multipart_find(&form, "file");
	assert_bytes(file, "%PDF\0\r\n--\r\n--a", 14); /* what only looks like a delimiter is content */
	assert_string_equal(file->filename, "a \"b\".pdf");
	assert_string_equal(file->type, "application/pdf");
	assert_bytes(multipart_find(&form, "empty"), "", 0);
	assert_null(multipart_find(&form, "other"));
	arena_fini(&arena);
}

/* RFC 2046 5.1.1: the boundary may be quoted, blanks may follow a delimiter, and the last line end may be missing. */
static void test_forms(void **state)
{
	(void)state;
	arena_init(&arena, 1 << 20);
	assert_true(read_as("multipart/form-data; charset=utf-8; Boundary=\"b\"", "--b--", 5));
	assert_int_equal(form.count, 0);
	assert_true(reads("--b \t\r\n" FIELD("a") "\r\n1\r\n--b--"));
	assert_bytes(multipart_find(&form, "a"), "1", 1);
	assert_true(
		reads("--b\r\nContent-Disposition: form-data; name=a\r\n\r\n--b--")); /* no bytes, not even a line end */
	assert_bytes(multipart_find(&form, "a"), "", 0);
	arena_fini(&arena);
}

static void test_malformed(void **state)
{
	static const char *const bodies[] = {
		"",
		"--b",
		"--b\r\n",
		"\r\n--b--",
		"preamble\r\n--b--",
		"--b--x",
		"--b--xy",
		"--b--\r\nepilogue",
		"--bb--",
		"--b\n" FIELD("a") "\r\n1\r\n--b--",
		"--b\r\n" FIELD("a") "\r\n1\r\n--c--",
		"--b\r\n" FIELD("a") "1\r\n--b--",
		"--b\r\n\r\n1\r\n--b--",
		"--b\r\nContent-Type: text/plain\r\n\r\n1\r\n--b--",
		"--b\r\n" FIELD("a") FIELD("b") "\r\n1\r\n--b--",
		"--b\r\nContent-Disposition: attachment; name=a\r\n\r\n1\r\n--b--",
		"--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--b--",
		"--b\r\nContent-Disposition: form-data; name\r\n\r\n1\r\n--b--",
		"--b\r\nContent-Disposition: form-data; name=\"\xff\"\r\n\r\n1\r\n--b--",
		"--b\r\nno header\r\n\r\n1\r\n--b--",
		"--b\r\n: x\r\n\r\n1\r\n--b--",
	};
	(void)state;
	arena_init(&arena, 1 << 20);
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		if (reads(bodies[i]))
			fail_msg("was read: %s", bodies[i]);
	static const char *const types[] = {
		NULL,
		"multipart/form-data",
		"multipart/form-data; boundary=",
		"multipart/form-data; boundary=\"\"",
		"multipart/form-data; boundary=\"b",
		"multipart/form-data; boundary=01234567890123456789012345678901234567890123456789"
		"012345678901234567890"};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		assert_false(read_as(types[i], "--b--", 5));
	arena_fini(&arena);
}

static void test_too_many(void **state)
{
	static char body[(MULTIPART_PARTS_MAX + 1) * 64];
	(void)state;
	arena_init(&arena, 1 << 20);
	for (int count = MULTIPART_PARTS_MAX; count <= MULTIPART_PARTS_MAX + 1; count++) {
		body[0] = '\0';
		for (int i = 0; i < count; i++)
			strcat(body, i == 0 ? "--b\r\n" FIELD("a") "\r\n1" : "\r\n--b\r\n" FIELD("a") "\r\n1");
		strcat(body, "\r\n--b--");
		assert_int_equal(reads(body), count == MULTIPART_PARTS_MAX);
	}
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_too_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
