#include "store/image.h"

#include <stdint.h>
#include <string.h>

#include "core/buf.h"

/* The whole's size, then runs: where one begins, how long it is, its bytes.  All else is zeros. */
enum { WORD = sizeof(uint32_t), GAP = 16 /* zeros that are worth a run of its own */ };

static void add_word(struct buf *out, size_t value)
{
	uint32_t word = (uint32_t)value;
	buf_add(out, &word, sizeof word);
}

static size_t word_at(const char *bytes)
{
	uint32_t word;
	memcpy(&word, bytes, sizeof word);
	return word;
}

static size_t zeros(const char *bytes, size_t size)
{
	size_t count = 0;
	while (count < size && bytes[count] == '\0')
		count++;
	return count;
}

/* Bytes up to the next gap. */
static size_t run_of(const char *bytes, size_t size)
{
	size_t at = 0;
	while (at < size) {
		size_t gap = zeros(bytes + at, size - at);
		if (gap >= GAP || at + gap == size)
			return at;
		at += gap + 1;
	}
	return size;
}

void image_pack(const char *bytes, size_t size, struct buf *out)
{
	add_word(out, size);
	for (size_t at = zeros(bytes, size); at < size; at += zeros(bytes + at, size - at)) {
		size_t run = run_of(bytes + at, size - at);
		add_word(out, at);
		add_word(out, run);
		buf_add(out, bytes + at, run);
		at += run;
	}
}

size_t image_size(const char *packed, size_t size)
{
	size_t whole = size >= WORD ? word_at(packed) : 0;
	return whole <= IMAGE_MAX ? whole : 0;
}

bool image_unpack(const char *packed, size_t size, char *bytes)
{
	size_t whole = image_size(packed, size), at = WORD;
	memset(bytes, 0, whole);
	while (at < size) {
		if (size - at < 2 * WORD)
			return false;
		size_t from = word_at(packed + at), run = word_at(packed + at + WORD);
		at += 2 * WORD;
		if (run > size - at || from > whole || run > whole - from)
			return false;
		memcpy(bytes + from, packed + at, run);
		at += run;
	}
	return whole > 0 && at > WORD;
}
