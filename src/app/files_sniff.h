/*
 * What a file is by its bytes, and what may be stored [P-9.3].
 *
 * Pure; the bytes are never parsed beyond what tells the formats apart, and nothing here says that a file is well
 * formed.  Thread: any.  Cost: binary formats a few bytes; text is read whole, about 1 ns a byte.
 */
#ifndef CS_APP_FILES_SNIFF_H
#define CS_APP_FILES_SNIFF_H

#include <stdbool.h>
#include <stddef.h>

/* The media type that the bytes show: a constant.  Text without a mark of its own is text/plain, all else
 * application/octet-stream. */
const char *file_sniff(const void *bytes, size_t size);

/* May a file of that declared type and name be stored when its bytes show `sniffed`?  ZIP and octet streams never. */
bool file_type_agrees(const char *content_type, const char *filename, const char *sniffed);

/* Is a declared media type (without parameters, lower case) one of those that may be stored? */
bool file_type_allowed(const char *content_type);

/* The same type as a constant, NULL when it may not be stored. */
const char *file_type_known(const char *content_type);

/* The type of files with this name's ending, a constant; NULL: none that may be stored. */
const char *file_type_of_name(const char *filename);

#endif
