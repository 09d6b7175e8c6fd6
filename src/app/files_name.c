#include "app/files_name.h"

#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/nfc.h"
#include "core/utf8.h"

const char *file_name_nfc(struct arena *arena, const char *filename)
{
	return nfc(arena, filename);
}

bool file_name_valid(const char *filename)
{
	size_t size = strlen(filename);
	if (size == 0 || size > FILE_NAME_MAX || filename[0] == '.' || strpbrk(filename, "/\\") != NULL)
		return false;
	for (size_t at = 0; at < size;) {
		uint32_t code;
		size_t step = utf8_next(filename + at, size - at, &code);
		if (step == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0))
			return false;
		at += step;
	}
	return true;
}
