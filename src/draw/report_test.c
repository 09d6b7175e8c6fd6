/*
 * With an argument the program is the other process: it writes the document of that number to standard output.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/err.h"
#include "draw/fonts.h"
#include "draw/report.h"
#include "draw/sample.h"

static int open_fonts(void **state)
{
	*state = fonts_new(NULL);
	return *state == NULL;
}

static int close_fonts(void **state)
{
	fonts_free(*state);
	return 0;
}

static void render(struct fonts *fonts, int variant, struct buf *out)
{
	struct report report = sample_report(variant);
	struct err err = {0};
	buf_init(out, 0);
	if (!report_pdf(fonts, &report, out, &err))
		fail_msg("variant %d: %s", variant, err.message);
}

static size_t count(const struct buf *buf, const char *needle)
{
	size_t found = 0, size = strlen(needle);
	for (size_t i = 0; i + size <= buf->size; i++)
		found += memcmp(buf->bytes + i, needle, size) == 0;
	return found;
}

static void every_report_has_four_pages(void **state)
{
	for (int variant = 0; variant < SAMPLE_COUNT; variant++) {
		struct buf out;
		render(*state, variant, &out);
		assert_memory_equal(out.bytes, "%PDF-1.", 7);
		assert_int_equal(count(&out, "/Type /Page\n") + count(&out, "/Type /Page "), 4);
		assert_int_equal(count(&out, "/Count 4"), 1);
		assert_int_equal(count(&out, "/Title (Design output)"), 1);
		assert_int_equal(count(&out, "/MediaBox [ 0 0 612 792 ]"), 4);
		assert_true(out.size < 200000);
		buf_fini(&out);
	}
}

/* The seal's time is the document's only one, and no name comes from memory or the machine. */
static void dates_are_the_seal_s(void **state)
{
	struct buf out;
	render(*state, 0, &out);
	assert_int_equal(count(&out, "/CreationDate (20261121041500Z)"), 1);
	assert_int_equal(count(&out, "Date"), 1);
	assert_int_equal(count(&out, "/Producer (cairo"), 1);
	buf_fini(&out);
	render(*state, 5, &out);
	assert_int_equal(count(&out, "/CreationDate (19800101000000Z)"), 1);
	buf_fini(&out);
}

static void fonts_are_embedded(void **state)
{
	struct buf out;
	render(*state, 0, &out);
	assert_true(count(&out, "+IBMPlexSans-Regular") > 0);
	assert_true(count(&out, "+IBMPlexSans-SemiBold") > 0);
	assert_true(count(&out, "+IBMPlexMono-Regular") > 0);
	assert_true(count(&out, "/FontFile2") >= 3);
	buf_fini(&out);
}

static void twice_the_same_bytes(void **state)
{
	for (int variant = 0; variant < SAMPLE_COUNT; variant++) {
		struct buf a, b;
		render(*state, variant, &a);
		struct fonts *fonts = fonts_new(NULL);
		assert_non_null(fonts);
		render(fonts, variant, &b);
		fonts_free(fonts);
		assert_int_equal(a.size, b.size);
		assert_memory_equal(a.bytes, b.bytes, a.size);
		buf_fini(&a);
		buf_fini(&b);
	}
}

/* [sign section 10.15: byte-identical after a restart] */
static void another_process_has_the_same_bytes(void **state)
{
	for (int variant = 0; variant < SAMPLE_COUNT; variant++) {
		struct buf here, there;
		render(*state, variant, &here);
		char command[64];
		snprintf(command, sizeof command, "exec /proc/%d/exe %d", (int)getpid(), variant);
		FILE *other = popen(command, "r");
		assert_non_null(other);
		buf_init(&there, 0);
		char chunk[4096];
		for (size_t n; (n = fread(chunk, 1, sizeof chunk, other)) > 0;)
			buf_add(&there, chunk, n);
		assert_int_equal(pclose(other), 0);
		assert_int_equal(here.size, there.size);
		assert_memory_equal(here.bytes, there.bytes, here.size);
		buf_fini(&here);
		buf_fini(&there);
	}
}

/* Workers have fonts of their own and draw side by side. */
static void *render_on_thread(void *out)
{
	struct fonts *fonts = fonts_new(NULL);
	for (int variant = 0; variant < 4 && fonts != NULL; variant++) {
		struct report report = sample_report(variant);
		report_pdf(fonts, &report, out, NULL);
	}
	fonts_free(fonts);
	return NULL;
}

static void threads_have_the_same_bytes(void **state)
{
	(void)state;
	enum { THREADS = 4 };
	pthread_t threads[THREADS];
	struct buf out[THREADS];
	for (int i = 0; i < THREADS; i++) {
		buf_init(&out[i], 0);
		assert_int_equal(pthread_create(&threads[i], NULL, render_on_thread, &out[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_true(out[0].size > 100000);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(out[i].size, out[0].size);
		assert_memory_equal(out[i].bytes, out[0].bytes, out[0].size);
	}
	for (int i = 0; i < THREADS; i++)
		buf_fini(&out[i]);
}

static bool differs(struct fonts *fonts, const struct report *report, const struct buf *from)
{
	struct buf out;
	buf_init(&out, 0);
	assert_true(report_pdf(fonts, report, &out, NULL));
	bool other = out.size != from->size || memcmp(out.bytes, from->bytes, out.size) != 0;
	buf_fini(&out);
	return other;
}

/* Another value anywhere is another document. */
static void every_value_is_shown(void **state)
{
	struct buf base;
	render(*state, 0, &base);
	struct report r = sample_report(0);
	assert_false(differs(*state, &r, &base));
	r.seal_sha256 = "8f2c4a7be01d5538c6a94d20f7b3e18895ac06d14be27f3a60d8c15b72e4f903";
	assert_true(differs(*state, &r, &base));
	r = sample_report(0);
	r.stamp.state = STAMP_REJECTED;
	assert_true(differs(*state, &r, &base));
	r = sample_report(0);
	r.structure.base_depth_ft += 0.01;
	assert_true(differs(*state, &r, &base));
	r = sample_report(0);
	struct report_check checks[10];
	memcpy(checks, r.checks, r.check_count * sizeof *checks);
	checks[3].demand += 1;
	r.checks = checks;
	assert_true(differs(*state, &r, &base));
	r = sample_report(0);
	r.packs++;
	r.pack_count--;
	assert_true(differs(*state, &r, &base));
	r = sample_report(0);
	r.warnings.count = 0;
	assert_true(differs(*state, &r, &base));
	buf_fini(&base);
}

/* Lists of every length end in four pages; what does not fit is counted, never lost in silence (looked at in pictures).
 */
static void lists_of_any_length(void **state)
{
	struct report much = sample_report(4);
	for (size_t n = 0; n <= much.check_count; n += n < 12 ? 1 : 17) {
		struct report r = sample_report(0);
		r.checks = much.checks;
		r.check_count = n;
		r.assumptions = r.references = much.assumptions;
		r.assumptions.count = r.references.count = n;
		r.structure.cabinets = much.structure.cabinets;
		r.structure.cabinet_count = n > 50 ? 50 : n;
		struct buf out;
		buf_init(&out, 0);
		assert_true(report_pdf(*state, &r, &out, NULL));
		assert_int_equal(count(&out, "/MediaBox [ 0 0 612 792 ]"), 4);
		buf_fini(&out);
	}
}

/* Numbers that are none make dashes and an empty drawing, no failure. */
static void not_a_number_anywhere(void **state)
{
	struct report r = sample_report(1);
	struct structure_cabinet cabinets[2] = {{NAN, NAN, NAN, NAN, NULL}, {INFINITY, 0, -INFINITY, 5, "x"}};
	r.structure.cabinets = cabinets;
	r.structure.cabinet_count = 2;
	r.structure.height_ft = r.structure.pole_top_ft = r.structure.base_width_ft = r.structure.base_depth_ft = NAN;
	r.structure.pole_spacing_ft = r.structure.pole_width_in = r.structure.base_thickness_ft = NAN;
	r.confidence = NAN;
	struct buf out;
	struct err err = {0};
	buf_init(&out, 0);
	if (!report_pdf(*state, &r, &out, &err))
		fail_msg("%s", err.message);
	buf_fini(&out);
}

static void a_full_buffer_is_an_error(void **state)
{
	struct report r = sample_report(0);
	struct buf out;
	struct err err = {0};
	buf_init(&out, 1000);
	assert_false(report_pdf(*state, &r, &out, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	buf_fini(&out);
}

static int write_variant(int variant)
{
	struct fonts *fonts = fonts_new(NULL);
	struct report report = sample_report(variant);
	struct buf out;
	buf_init(&out, 0);
	bool done = fonts != NULL && report_pdf(fonts, &report, &out, NULL);
	done = done && fwrite(out.bytes, 1, out.size, stdout) == out.size;
	buf_fini(&out);
	fonts_free(fonts);
	return done ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return write_variant(atoi(argv[1]));
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_report_has_four_pages),
		cmocka_unit_test(dates_are_the_seal_s),
		cmocka_unit_test(fonts_are_embedded),
		cmocka_unit_test(twice_the_same_bytes),
		cmocka_unit_test(another_process_has_the_same_bytes),
		cmocka_unit_test(threads_have_the_same_bytes),
		cmocka_unit_test(every_value_is_shown),
		cmocka_unit_test(lists_of_any_length),
		cmocka_unit_test(not_a_number_anywhere),
		cmocka_unit_test(a_full_buffer_is_an_error),
	};
	return cmocka_run_group_tests(tests, open_fonts, close_fonts);
}
