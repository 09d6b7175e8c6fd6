#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "app/files_sniff.h"

/* [P-9.3] */
static void test_sniff(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *type;
	} rows[] = {
		{"%PDF-1.7\n", 9, "application/pdf"},
		{"\x89PNG\r\n\x1a\n\0", 9, "image/png"},
		{"\xff\xd8\xff\xe0", 4, "image/jpeg"},
		{"RIFF\1\2\3\4WEBPVP8 ", 16, "image/webp"},
		{"RIFF\1\2\3\4WAVEfmt ", 16, "application/octet-stream"},
		{"GIF89a", 6, "image/gif"},
		{"AC1032", 6, "image/vnd.dwg"},
		{"  0\r\nSECTION\r\n", 14, "image/vnd.dxf"},
		{"999\nmade by\n0\nSECTION\n", 22, "image/vnd.dxf"},
		{"PK\3\4", 4, "application/zip"},
		{" {\"a\":1}", 8, "application/json"},
		{"a,b\n1,2\n", 8, "text/plain"},
		{"", 0, "text/plain"},
		{"a\0b", 3, "application/octet-stream"},
		{"MZ\x90", 3, "application/octet-stream"},
		{"\xc3", 1, "application/octet-stream"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(file_sniff(rows[i].bytes, rows[i].size), rows[i].type);
}

static void test_agrees(void **state)
{
	(void)state;
	assert_true(file_type_agrees("application/pdf", "a.PDF", "application/pdf"));
	assert_true(file_type_agrees("image/jpeg", "a.b.jpeg", "image/jpeg"));
	assert_true(file_type_agrees("text/csv", "a.csv", "text/plain"));
	assert_false(file_type_agrees("application/pdf", "a.pdf.txt", "application/pdf"));
	assert_false(file_type_agrees("application/pdf", "pdf", "application/pdf"));
	assert_false(file_type_agrees("application/pdf", "a.pdf", "text/plain"));
	assert_false(file_type_agrees("application/zip", "a.zip", "application/zip"));
	assert_false(file_type_agrees("text/plain", "a.txt", "application/octet-stream"));
	assert_false(file_type_allowed("application/zip"));
	assert_true(file_type_allowed("image/vnd.dxf"));
	assert_string_equal(file_type_of_name("plan.DXF"), "image/vnd.dxf");
	assert_null(file_type_of_name("plan.dxf.exe"));
	assert_null(file_type_of_name("plan"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sniff),
		cmocka_unit_test(test_agrees),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
