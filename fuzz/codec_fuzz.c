/* A text that decodes is the one text of its bytes: encoding gives it back. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/codec.h"
#include "core/must.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef size_t encode_fn(char *text, const void *bytes, size_t size);
typedef bool decode_fn(const char *text, size_t length, void *bytes, size_t room, size_t *size);

static void check(const char *text, size_t length, decode_fn *decode, encode_fn *encode)
{
	size_t size;
	unsigned char *bytes = malloc(BASE64_BYTES(length));
	char *again = malloc(length + 8);
	must(bytes != NULL && again != NULL);
	if (decode(text, length, bytes, BASE64_BYTES(length), &size))
		must(encode(again, bytes, size) == length && memcmp(again, text, length) == 0);
	free(again);
	free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check((const char *)data, size, base64_decode, base64_encode);
	check((const char *)data, size, base64url_decode, base64url_encode);
	return 0;
}
