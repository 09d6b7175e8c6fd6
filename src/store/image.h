/*
 * A store that nobody has written to yet, as bytes that a program carries: what all of its migrations make of nothing.
 *
 * Most of a database without rows is zeros, so only the rest is kept.  image_pack() is for whoever makes the bytes
 * (src/app/image_maker.c, when the program is built, by applying the migrations); engine_fill() is for the first start.
 */
#ifndef CS_STORE_IMAGE_H
#define CS_STORE_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

enum { IMAGE_MAX = 64 << 20 }; /* bytes of a whole one */

/* The database in `bytes`, shorter.  `out` is sticky. */
void image_pack(const char *bytes, size_t size, struct buf *out);

/* How large the whole is; 0: these are no such bytes. */
size_t image_size(const char *packed, size_t size);

/* The whole into `bytes`, which has image_size() of them.  False: the packed bytes are damaged. */
bool image_unpack(const char *packed, size_t size, char *bytes);

#endif
