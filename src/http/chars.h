/*
 * Which bytes may stand where in a request.  One table, used by the gate and what belongs to it.
 */
#ifndef CS_HTTP_CHARS_H
#define CS_HTTP_CHARS_H

#include <stdbool.h>
#include <stddef.h>

enum {
	CHAR_TOKEN = 1,  /* RFC 9110 5.6.2: a header name, a method */
	CHAR_VALUE = 2,  /* RFC 9110 5.5: a header value; VCHAR, space, tab, obs-text */
	CHAR_TARGET = 4, /* a request target: visible ASCII but # */
	CHAR_HOST = 8,   /* RFC 3986 3.2.2, 3.2.3: host and port */
	CHAR_DIGIT = 16,
	CHAR_HEX = 32,
};

extern const unsigned char char_classes[256];

static inline bool char_is(char c, int classes)
{
	return (char_classes[(unsigned char)c] & classes) != 0;
}

/* Are all of the bytes in one of the classes?  True of none. */
bool chars_all(const char *text, size_t size, int classes);

/* 0 to 15 of a CHAR_HEX. */
static inline unsigned char_hex(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

#endif
