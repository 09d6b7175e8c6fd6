#include "sign/domain/words.h"

#include <stdint.h>
#include <string.h>

#include "core/must.h"
#include "core/utf8.h"

static uint32_t fold(uint32_t c)
{
	if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3a9) ||
		(c >= 0x410 && c <= 0x42f))
		return c + 32;
	if (c >= 0x400 && c <= 0x40f)
		return c + 80;
	if ((c >= 0x100 && c <= 0x137) || (c >= 0x14a && c <= 0x177))
		return c | 1;
	if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e))
		return c + (c & 1);
	return c;
}

/* Anything beyond ASCII that is no space or punctuation of Latin-1 or of the general blocks counts as a letter. */
static bool in_word(uint32_t c)
{
	if (c < 0x80)
		return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
	if (c < 0xc0)
		return c == 0xaa || c == 0xb5 || c == 0xba;
	return c != 0xd7 && c != 0xf7 && !(c >= 0x2000 && c <= 0x206f) && !(c >= 0x3000 && c <= 0x3004) && c != 0xfeff;
}

static size_t put(uint32_t c, char *to)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	size_t more = c < 0x10000 ? 2 : 3;
	to[0] = (char)((more == 2 ? 0xe0 : 0xf0) | c >> (6 * more));
	for (size_t i = 1; i <= more; i++)
		to[i] = (char)(0x80 | (c >> (6 * (more - i)) & 0x3f));
	return more + 1;
}

static void keep(struct words *words, const char *word, size_t size)
{
	if (size == 0 || words->count == WORDS_MAX)
		return;
	for (size_t i = 0; i < words->count; i++)
		if (strlen(words->items[i]) == size && memcmp(words->items[i], word, size) == 0)
			return;
	memcpy(words->items[words->count], word, size);
	words->items[words->count++][size] = '\0';
}

void words_add(struct words *words, const char *text)
{
	char word[WORD_MAX + 4];
	size_t size = 0, left = text != NULL ? strlen(text) : 0;
	while (left > 0) {
		uint32_t c = ' ';
		size_t step = utf8_next(text, left, &c);
		if (step > 0 && in_word(c)) {
			char bytes[4];
			size_t length = put(fold(c), bytes);
			if (size + length <= WORD_MAX) {
				memcpy(word + size, bytes, length);
				size += length;
			}
		} else {
			keep(words, word, size);
			size = 0;
		}
		step = step > 0 ? step : 1;
		text += step;
		left -= step;
	}
	keep(words, word, size);
}

void words_prefix_end(const char *word, char end[WORD_END])
{
	size_t size = strlen(word);
	must(size <= WORD_MAX);
	memcpy(end, word, size);
	memcpy(end + size, "\xf4\x8f\xbf\xbf", 5); /* U+10FFFF: no character stands above it, and none is in a word */
}
