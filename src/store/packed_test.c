#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "store/packed.h"

static void bytes_come_back(void **state)
{
	(void)state;
	static char text[100000];
	struct buf packed, back;
	struct err err;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)('a' + i % 26);
	buf_init(&packed, 0);
	buf_init(&back, 0);
	packed_write(text, sizeof text, 9, &packed);
	assert_true(packed.size < sizeof text / 10);
	assert_true(packed_read(buf_text(&packed), packed.size, &back, &err));
	assert_int_equal(back.size, sizeof text);
	assert_memory_equal(back.bytes, text, sizeof text);
	for (size_t cut = 0; cut < packed.size; cut += 7) {
		buf_reset(&back);
		assert_false(packed_read(buf_text(&packed), cut, &back, &err));
		assert_int_equal(back.size, 0);
	}
	buf_fini(&packed);
	buf_fini(&back);
}

static const char words[] = "{\"checks\":[{\"limit\":60,\"message\":\"The quote must be sane and fresh (s).\"}]}";
static const char text[] = "{\"checks\":[{\"limit\":75,\"message\":\"The quote must be sane and fresh (s).\"}]}";

/* A short text like the words is next to nothing; it stands behind what was there, both ways. */
static void a_text_like_the_words_is_small(void **state)
{
	(void)state;
	struct packed_words *w = packed_words_new(words, strlen(words));
	struct buf packed, alone, back;
	struct err err;
	buf_init(&packed, 0);
	buf_init(&alone, 0);
	buf_init(&back, 0);
	buf_adds(&packed, "1");
	buf_adds(&back, ">");
	packed_write_by(w, text, strlen(text), &packed);
	packed_write(text, strlen(text), 9, &alone);
	assert_true(packed.size < strlen(text) / 2 && packed.size < alone.size / 2);
	assert_true(packed_read_by(w, buf_text(&packed) + 1, packed.size - 1, &back, &err));
	assert_int_equal(back.size, 1 + strlen(text));
	assert_string_equal(buf_text(&back) + 1, text);
	buf_fini(&packed);
	buf_fini(&alone);
	buf_fini(&back);
	packed_words_free(w);
}

/* Never a crash, never half a text, and no text at all where a part is missing. */
static void damaged_frames_are_refused(void **state)
{
	(void)state;
	struct packed_words *w = packed_words_new(words, strlen(words));
	struct buf packed, back;
	struct err err;
	buf_init(&packed, 0);
	packed_write_by(w, text, strlen(text), &packed);
	for (size_t cut = 0; cut < packed.size; cut++) {
		buf_init(&back, 0);
		assert_false(packed_read_by(w, buf_text(&packed), cut, &back, &err));
		assert_int_equal(back.size, 0);
		buf_fini(&back);
	}
	for (size_t at = 0; at < packed.size * 8; at++) {
		packed.bytes[at / 8] ^= (char)(1 << at % 8);
		buf_init(&back, 0);
		bool read = packed_read_by(w, buf_text(&packed), packed.size, &back, &err);
		assert_true(read || (err.kind == ERR_INVALID && back.size == 0));
		buf_fini(&back);
		packed.bytes[at / 8] ^= (char)(1 << at % 8);
	}
	buf_fini(&packed);
	packed_words_free(w);
}

static void *pack_many(void *self)
{
	struct packed_words *w = self;
	char own[sizeof text + 16];
	struct buf packed, back;
	struct err err;
	long wrong = 0;
	for (int i = 0; i < 2000; i++) {
		snprintf(own, sizeof own, "%s%d", text, i);
		buf_init(&packed, 0);
		buf_init(&back, 0);
		packed_write_by(w, own, strlen(own), &packed);
		wrong += !packed_read_by(w, buf_text(&packed), packed.size, &back, &err) || strcmp(buf_text(&back), own) != 0;
		buf_fini(&packed);
		buf_fini(&back);
	}
	return (void *)wrong;
}

static void threads_share_words(void **state)
{
	(void)state;
	struct packed_words *w = packed_words_new(words, strlen(words));
	pthread_t threads[4];
	void *wrong;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, pack_many, w), 0);
	for (size_t i = 0; i < 4; i++) {
		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
	packed_words_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_come_back),
		cmocka_unit_test(a_text_like_the_words_is_small),
		cmocka_unit_test(damaged_frames_are_refused),
		cmocka_unit_test(threads_share_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
