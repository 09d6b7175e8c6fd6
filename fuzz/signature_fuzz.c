/*
 * What a stranger sends as a signature: no text but the right one verifies, no timestamp is taken that the store's
 * parser refuses, and a list of signatures holds only by an entry that holds alone.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/must.h"
#include "core/stamp.h"
#include "trade/domain/signature.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char key[] = "key";

static void check_list(struct canonical canonical, const char *text, const char *right)
{
	if (signature_list_holds(key, sizeof key - 1, canonical, text))
		must(strstr(text, right) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct canonical canonical = {"canonical", 9};
	unsigned char secret[64];
	char right[SIGNATURE_TEXT];
	size_t secret_size;
	long long us;
	struct arena arena;
	arena_init(&arena, 1 << 20);
	const char *text = arena_dupn(&arena, (const char *)data, size);
	if (text != NULL) {
		signature_make(key, sizeof key - 1, canonical, right);
		must(signature_holds(key, sizeof key - 1, canonical, text) == (strcmp(text, right) == 0));
		check_list(canonical, text, right);
		if (signature_timestamp(text, &us)) {
			int64_t same;
			must(stamp_parse(text, strlen(text), &same, NULL) && same == us);
		}
		if (signature_webhook_key(text, secret, sizeof secret, &secret_size))
			must(secret_size > 0 && secret_size <= sizeof secret);
	}
	arena_fini(&arena);
	return 0;
}
