/*
 * One character of UTF-8 at a time, strictly (RFC 3629): no overlong form, no surrogate, nothing past U+10FFFF.
 * Thread: any.  Cost: a few ns a character.
 */
#ifndef CS_CORE_UTF8_H
#define CS_CORE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Decode the character at the beginning of `size` bytes.  Returns its length, 1 to 4, and sets *code; 0 when size is 0
 * or the bytes are no valid character (*code untouched; skip one byte to go on).
 */
size_t utf8_next(const char *bytes, size_t size, uint32_t *code);

/* Is all of it valid?  The empty text is. */
bool utf8_valid(const char *bytes, size_t size);

/* Make a text valid in place: each byte that is of no character becomes a question mark. */
void utf8_mend(char *text);

/* The most bytes, at most `limit`, that do not end inside a character; for text already known to be valid. */
size_t utf8_cut(const char *bytes, size_t size, size_t limit);

#endif
