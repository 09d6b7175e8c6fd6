#include "http/chars.h"

#define T CHAR_TOKEN
#define V CHAR_VALUE
#define R CHAR_TARGET
#define H CHAR_HOST

/* clang-format off */
const unsigned char char_classes[256] = {
	['\t'] = V, [' '] = V,
	['!'] = T | V | R | H, ['"'] = V | R, ['#'] = T | V, ['$'] = T | V | R | H, ['%'] = T | V | R | H,
	['&'] = T | V | R | H, ['\''] = T | V | R | H, ['('] = V | R | H, [')'] = V | R | H, ['*'] = T | V | R | H,
	['+'] = T | V | R | H, [','] = V | R | H, ['-'] = T | V | R | H, ['.'] = T | V | R | H, ['/'] = V | R,
	['0' ... '9'] = T | V | R | H | CHAR_DIGIT | CHAR_HEX,
	[':'] = V | R | H, [';'] = V | R | H, ['<'] = V | R, ['='] = V | R | H, ['>'] = V | R, ['?'] = V | R, ['@'] = V | R,
	['A' ... 'F'] = T | V | R | H | CHAR_HEX, ['G' ... 'Z'] = T | V | R | H,
	['['] = V | R | H, ['\\'] = V | R, [']'] = V | R | H, ['^'] = T | V | R, ['_'] = T | V | R | H, ['`'] = T | V | R,
	['a' ... 'f'] = T | V | R | H | CHAR_HEX, ['g' ... 'z'] = T | V | R | H,
	['{'] = V | R, ['|'] = T | V | R, ['}'] = V | R, ['~'] = T | V | R | H,
	[0x80 ... 0xff] = V,
};
/* clang-format on */

bool chars_all(const char *text, size_t size, int classes)
{
	for (size_t i = 0; i < size; i++)
		if (!char_is(text[i], classes))
			return false;
	return true;
}
