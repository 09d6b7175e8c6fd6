/*
 * How large an image says it is, before anything decodes it: a few bytes can claim pictures that no memory holds
 * [P-9.3].  PNG (W3C PNG 11.2.2), GIF89a 18, JPEG (ITU T.81 B.2.2), WebP (RFC 9649).  Pure; thread: any.
 */
#ifndef CS_APP_FILES_IMAGE_H
#define CS_APP_FILES_IMAGE_H

#include <stddef.h>
#include <stdint.h>

/* Width times height; 0: the bytes say nothing of it. */
int64_t image_pixels(const void *bytes, size_t size);

#endif
