#include "crypt/secret.h"

#include <string.h>

#include "core/codec.h"
#include "core/env.h"
#include "core/must.h"
#include "crypt/digest.h"

size_t secret_make(const struct env *env, const char *prefix, char text[SECRET_TEXT])
{
	unsigned char bytes[SECRET_BYTES];
	size_t length = strlen(prefix);
	must(length <= SECRET_PREFIX_MAX);
	env_random(env, bytes, sizeof bytes);
	memcpy(text, prefix, length);
	length += base64url_encode(text + length, bytes, sizeof bytes);
	wipe(bytes, sizeof bytes);
	return length;
}
