#include "core/utf8.h"

#include <string.h>

struct form {
	unsigned char mask, lead; /* the first byte: which bits tell the length, and what they are */
	uint32_t least;           /* a smaller code has a shorter form */
};

static const struct form forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

static bool continues(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

size_t utf8_next(const char *bytes, size_t size, uint32_t *code)
{
	if (size == 0)
		return 0;
	unsigned char first = (unsigned char)bytes[0];
	size_t length = 1;
	while (length <= 4 && (first & forms[length - 1].mask) != forms[length - 1].lead)
		length++;
	if (length > 4 || length > size)
		return 0;
	uint32_t value = first & (unsigned char)~forms[length - 1].mask;
	for (size_t i = 1; i < length; i++) {
		if (!continues((unsigned char)bytes[i]))
			return 0;
		value = value << 6 | ((unsigned char)bytes[i] & 0x3f);
	}
	if (value < forms[length - 1].least || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
		return 0;
	*code = value;
	return length;
}

void utf8_mend(char *text)
{
	size_t size = strlen(text);
	uint32_t code;
	for (size_t at = 0, length; at < size; at += length) {
		length = utf8_next(text + at, size - at, &code);
		if (length == 0) {
			text[at] = '?';
			length = 1;
		}
	}
}

bool utf8_valid(const char *bytes, size_t size)
{
	uint32_t code;
	while (size > 0) {
		size_t length = utf8_next(bytes, size, &code);
		if (length == 0)
			return false;
		bytes += length;
		size -= length;
	}
	return true;
}

size_t utf8_cut(const char *bytes, size_t size, size_t limit)
{
	if (size <= limit)
		return size;
	/* At most three steps: text that is no UTF-8 is cut where it is. */
	for (size_t back = 0; back < 4 && back <= limit; back++) {
		if (!continues((unsigned char)bytes[limit - back]))
			return limit - back;
	}
	return limit;
}
