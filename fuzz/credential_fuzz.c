/*
 * No value of Authorization or X-API-Key crashes the reader, and what it gives is part of the value and of a form of
 * ours [P-4.4, P-4.8].  The first byte says which header it is.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/must.h"
#include "people/credential.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *value, const struct credential *credential)
{
	size_t length = strlen(value);
	must(credential->text >= value && credential->text < value + length);
	must(strpbrk(credential->text, " \t,") == NULL);
	must(credential->kind == CREDENTIAL_TOKEN || credential_is_key(credential->text, strlen(credential->text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct credential credential;
	struct err err = {.kind = ERR_NONE};
	if (size == 0)
		return 0;
	bool key = (data[0] & 1) != 0;
	char *value = malloc(size);
	must(value != NULL);
	memcpy(value, data + 1, size - 1);
	value[size - 1] = '\0';
	bool read = credential_read(key ? NULL : value, key ? value : NULL, &credential, &err);
	must(read == (err.kind == ERR_NONE));
	if (read)
		check(value, &credential);
	must(!credential_read(value, value, &credential, &err) && err.kind == ERR_HEADER_INVALID);
	free(value);
	return 0;
}
