/* For tests: hexadecimal texts of published vectors as bytes. */
#ifndef CS_CRYPT_VECTOR_H
#define CS_CRYPT_VECTOR_H

#include <string.h>

#include "core/codec.h"
#include "core/must.h"

enum { VECTOR_MAX = 256 };

struct vector {
	unsigned char bytes[VECTOR_MAX];
	size_t size;
};

static inline struct vector vector_of(const char *hex)
{
	struct vector vector;
	must(hex_decode(hex, strlen(hex), vector.bytes, sizeof vector.bytes, &vector.size));
	return vector;
}

#endif
