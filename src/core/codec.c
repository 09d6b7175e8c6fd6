#include "core/codec.h"

#include <stdint.h>

#include "core/buf.h"

static const char hex_digits[] = "0123456789abcdef";

size_t hex_encode(char *text, const void *bytes, size_t size)
{
	const unsigned char *from = bytes;
	for (size_t i = 0; i < size; i++) {
		text[2 * i] = hex_digits[from[i] >> 4];
		text[2 * i + 1] = hex_digits[from[i] & 15];
	}
	text[2 * size] = '\0';
	return 2 * size;
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool hex_decode(const char *text, size_t length, void *bytes, size_t room, size_t *size)
{
	unsigned char *to = bytes;
	if (length % 2 != 0 || length / 2 > room)
		return false;
	for (size_t i = 0; i < length / 2; i++) {
		int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);
		if (high < 0 || low < 0)
			return false;
		to[i] = (unsigned char)(high << 4 | low);
	}
	*size = length / 2;
	return true;
}

/* What tells the two alphabets of RFC 4648 sections 4 and 5 apart. */
struct form {
	const char *alphabet;
	bool padded;
};

static const struct form standard = {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true};
static const struct form url_safe = {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false};

static size_t encode(const struct form *form, char *text, const unsigned char *bytes, size_t size)
{
	char *at = text;
	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		uint32_t group = (uint32_t)bytes[i] << 16;
		group |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
		group |= left > 2 ? bytes[i + 2] : 0;
		for (size_t k = 0; k < 4; k++) {
			if (k <= left)
				*at++ = form->alphabet[group >> (18 - 6 * k) & 63];
			else if (form->padded)
				*at++ = '=';
		}
	}
	*at = '\0';
	return (size_t)(at - text);
}

size_t base64_encode(char *text, const void *bytes, size_t size)
{
	return encode(&standard, text, bytes, size);
}

size_t base64url_encode(char *text, const void *bytes, size_t size)
{
	return encode(&url_safe, text, bytes, size);
}

void base64_add(struct buf *buf, const void *bytes, size_t size)
{
	char *at = buf_extend(buf, BASE64_LENGTH(size));
	if (at != NULL)
		base64_encode(at, bytes, size);
}

static int value_of(const struct form *form, char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == form->alphabet[62] ? 62 : c == form->alphabet[63] ? 63 : -1;
}

/* The characters that carry bits: strips the padding of the last group, which must be whole. */
static bool unpad(const struct form *form, const char *text, size_t *length)
{
	if (!form->padded)
		return true;
	if (*length % 4 != 0)
		return false;
	for (int i = 0; i < 2 && *length > 0 && text[*length - 1] == '='; i++)
		--*length;
	return true;
}

static bool decode(const struct form *form, const char *text, size_t length, unsigned char *bytes, size_t room,
				   size_t *size)
{
	if (!unpad(form, text, &length) || length % 4 == 1 || length / 4 * 3 + length % 4 * 3 / 4 > room)
		return false;
	uint32_t bits = 0;
	unsigned count = 0; /* bits not yet written */
	size_t written = 0;
	for (size_t i = 0; i < length; i++) {
		int value = value_of(form, text[i]);
		if (value < 0)
			return false;
		bits = (bits << 6 | (uint32_t)value) & 0xffff;
		count += 6;
		if (count >= 8) {
			count -= 8;
			bytes[written++] = (unsigned char)(bits >> count);
		}
	}
	if ((bits & ((1U << count) - 1)) != 0)
		return false;
	*size = written;
	return true;
}

bool base64_decode(const char *text, size_t length, void *bytes, size_t room, size_t *size)
{
	return decode(&standard, text, length, bytes, room, size);
}

bool base64url_decode(const char *text, size_t length, void *bytes, size_t room, size_t *size)
{
	return decode(&url_safe, text, length, bytes, room, size);
}
