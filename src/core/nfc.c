#include "core/nfc.h"

#include <glib.h>
#include <string.h>

#include "core/arena.h"
#include "core/utf8.h"

static bool is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if ((*text & 0x80) != 0)
			return false;
	return true;
}

char *nfc(struct arena *arena, const char *text)
{
	if (is_ascii(text))
		return arena_dup(arena, text);
	if (!utf8_valid(text, strlen(text)))
		return NULL;
	char *normal = g_utf8_normalize(text, -1, G_NORMALIZE_NFC);
	char *kept = normal == NULL ? NULL : arena_dup(arena, normal);
	g_free(normal);
	return kept;
}
