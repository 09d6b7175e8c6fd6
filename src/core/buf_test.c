#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/rng.h"

static void grows_and_stays_terminated(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 0);
	assert_string_equal(buf_text(&buf), "");
	for (size_t i = 0; i < 10000; i++) {
		buf_addc(&buf, (char)('a' + i % 26));
		assert_int_equal(buf.size, i + 1);
		assert_int_equal(buf.bytes[i + 1], 0);
	}
	for (size_t i = 0; i < 10000; i++)
		assert_int_equal(buf.bytes[i], 'a' + i % 26);
	assert_true(buf_ok(&buf));
	buf_fini(&buf);
	assert_int_equal(buf.size, 0);
	assert_string_equal(buf_text(&buf), "");
}

static void every_way_to_append(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 0);
	buf_adds(&buf, "one ");
	buf_add(&buf, "two\0", 4);
	buf_addf(&buf, " %s %d", "three", 4);
	buf_addf(&buf, "%s", "");
	buf_add(&buf, NULL, 0);
	char *at = buf_extend(&buf, 3);
	memcpy(at, "end", 3);
	assert_int_equal(buf.size, 19);
	assert_memory_equal(buf.bytes, "one two\0 three 4end", 20);
	buf_fini(&buf);
}

/* A formatted text of every length around the sizes at which memory is taken. */
static void formatted_text_of_every_length(void **state)
{
	(void)state;
	for (int length = 0; length < 1100; length++) {
		struct buf buf;
		buf_init(&buf, 0);
		buf_addf(&buf, "%*s", length, "");
		buf_addf(&buf, "%0*d", length + 1, 7);
		assert_int_equal(buf.size, 2 * length + 1);
		assert_int_equal(strlen(buf_text(&buf)), 2 * length + 1);
		assert_int_equal(buf.bytes[2 * length], '7');
		buf_fini(&buf);
	}
}

static void past_the_limit_it_stays_failed(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 10);
	buf_adds(&buf, "0123456789");
	assert_true(buf_ok(&buf));
	buf_addc(&buf, 'x');
	assert_false(buf_ok(&buf));
	assert_string_equal(buf_text(&buf), "0123456789");
	buf_add(&buf, "", 0);
	assert_null(buf_extend(&buf, 1));
	assert_false(buf_ok(&buf));
	size_t size = 77;
	assert_null(buf_take(&buf, &size));
	assert_int_equal(size, 77);
	buf_reset(&buf);
	assert_true(buf_ok(&buf));
	buf_addf(&buf, "%s", "short");
	assert_string_equal(buf_text(&buf), "short");
	buf_addf(&buf, "%d", 1234567);
	assert_false(buf_ok(&buf));
	assert_string_equal(buf_text(&buf), "short");
	buf_fini(&buf);
}

static void sizes_cannot_run_over(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 0);
	buf_addc(&buf, 'x');
	assert_null(buf_extend(&buf, SIZE_MAX));
	assert_false(buf_ok(&buf));
	buf_reset(&buf);
	assert_null(buf_extend(&buf, SIZE_MAX / 2));
	assert_false(buf_ok(&buf));
	buf_fini(&buf);
}

static void bytes_are_handed_over(void **state)
{
	(void)state;
	struct buf buf;
	size_t size;
	buf_init(&buf, 100);
	char *nothing = buf_take(&buf, &size);
	assert_non_null(nothing);
	assert_int_equal(size, 0);
	assert_string_equal(nothing, "");
	buf_adds(&buf, "text");
	char *bytes = buf_take(&buf, NULL);
	assert_string_equal(bytes, "text");
	assert_int_equal(buf.size, 0);
	assert_int_equal(buf.limit, 100);
	buf_adds(&buf, "again");
	assert_string_equal(buf_text(&buf), "again");
	buf_fini(&buf);
	free(bytes);
	free(nothing);
}

static void reset_keeps_the_memory(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 0);
	buf_addf(&buf, "%1000d", 1);
	const char *bytes = buf.bytes;
	buf_reset(&buf);
	assert_string_equal(buf_text(&buf), "");
	buf_addf(&buf, "%900d", 1);
	assert_ptr_equal(buf.bytes, bytes);
	buf_fini(&buf);
}

/* Random appends against a plain array. */
static void agrees_with_a_plain_array(void **state)
{
	(void)state;
	enum { LARGEST = 1 << 16 };
	char *plain = malloc(LARGEST);
	struct rng rng;
	rng_init(&rng, 4);
	for (int round = 0; round < 50; round++) {
		struct buf buf;
		size_t size = 0;
		buf_init(&buf, LARGEST);
		while (true) {
			char chunk[600];
			size_t more = (size_t)rng_below(&rng, sizeof chunk);
			rng_bytes(&rng, chunk, more);
			buf_add(&buf, chunk, more);
			if (size + more > LARGEST)
				break;
			memcpy(plain + size, chunk, more);
			size += more;
		}
		assert_false(buf_ok(&buf));
		assert_int_equal(buf.size, size);
		assert_memory_equal(buf.bytes, plain, size);
		buf_fini(&buf);
	}
	free(plain);
}

static void cut_keeps_the_beginning(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 0);
	buf_cut(&buf, 0);
	assert_string_equal(buf_text(&buf), "");
	buf_adds(&buf, "one two");
	buf_cut(&buf, 3);
	assert_string_equal(buf_text(&buf), "one");
	buf_adds(&buf, "!");
	assert_string_equal(buf_text(&buf), "one!");
	buf_fini(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows_and_stays_terminated),     cmocka_unit_test(every_way_to_append),
		cmocka_unit_test(formatted_text_of_every_length), cmocka_unit_test(past_the_limit_it_stays_failed),
		cmocka_unit_test(sizes_cannot_run_over),          cmocka_unit_test(bytes_are_handed_over),
		cmocka_unit_test(reset_keeps_the_memory),         cmocka_unit_test(agrees_with_a_plain_array),
		cmocka_unit_test(cut_keeps_the_beginning),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
