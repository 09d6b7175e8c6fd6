/*
 * Bytes as text and back: hexadecimal, base64 and base64url (RFC 4648), strictly.
 *
 * Decoding accepts exactly what encoding writes: one text for each run of bytes.  No white space, no other alphabet,
 * padding exactly where the form has it, unused bits zero.  Hexadecimal is read in both cases and written in lower
 * case. None of it runs in constant time; do not decode secrets where an attacker can measure.  Thread: any.  Cost: ~1
 * ns a byte.
 */
#ifndef CS_CORE_CODEC_H
#define CS_CORE_CODEC_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* Characters of the text of `size` bytes, without the NUL; for arrays. */
#define HEX_LENGTH(size) (2 * (size))
#define BASE64_LENGTH(size) (((size) + 2) / 3 * 4)
#define BASE64URL_LENGTH(size) (((size)*4 + 2) / 3)

/* The most bytes that `length` characters of base64 or base64url can hold. */
#define BASE64_BYTES(length) ((length) / 4 * 3 + 2)

/* Write the text of `size` bytes and a NUL; return its length.  base64 pads with '=', base64url does not. */
size_t hex_encode(char *text, const void *bytes, size_t size);
size_t base64_encode(char *text, const void *bytes, size_t size);
size_t base64url_encode(char *text, const void *bytes, size_t size);

/* Append the base64 of `size` bytes. */
void base64_add(struct buf *buf, const void *bytes, size_t size);

/*
 * Read `length` characters into `bytes` (room for `room`) and set *size.  False when the text is not of the form or
 * needs more room; bytes may then be partly written, *size is untouched.
 */
bool hex_decode(const char *text, size_t length, void *bytes, size_t room, size_t *size);
bool base64_decode(const char *text, size_t length, void *bytes, size_t room, size_t *size);
bool base64url_decode(const char *text, size_t length, void *bytes, size_t room, size_t *size);

#endif
