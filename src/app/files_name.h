/*
 * Names that people give their files [P-9.1].  A name is only told and never becomes a path.  Thread: any.
 */
#ifndef CS_APP_FILES_NAME_H
#define CS_APP_FILES_NAME_H

#include <stdbool.h>

struct arena;

enum { FILE_NAME_MAX = 255 /* bytes */ };

/* The name in Unicode's normal form C, in the arena: two texts that look alike are one name.  NULL: not UTF-8. */
const char *file_name_nfc(struct arena *arena, const char *filename);

/* 1 to 255 bytes of UTF-8 without control character, slash, backslash or leading dot. */
bool file_name_valid(const char *filename);

#endif
