/*
 * Bytes kept small: zstd, by itself or with the words that many short texts share.
 *
 * A text of three thousand bytes of which only the figures are its own takes a page of the store and, packed by a text
 * like it, 160 bytes.  Such a text, the words, is part of the format: what was packed by it is read by it alone.
 */
#ifndef CS_STORE_PACKED_H
#define CS_STORE_PACKED_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct err;

enum { PACKED_BYTES_MAX = 1 << 28 /* of one when unpacked */ };

/* Append the frame.  `level`: 1 to 19, higher is slower and smaller.  Thread: any.  Cost: 5 ns a byte at level 3. */
void packed_write(const char *bytes, size_t size, int level, struct buf *packed);

/* Append what was packed.  ERR_INVALID: no whole frame, or more than PACKED_BYTES_MAX; then nothing is appended. */
bool packed_read(const char *packed, size_t size, struct buf *bytes, struct err *err);

/*
 * The same by words, which must outlive the process: about 3 us for a text of 3 KB each way, one thread at a time; the
 * others wait.  Memory: some 200 KiB for each set of words from its first use, kept.
 */
struct packed_words;
struct packed_words *packed_words_new(const char *words, size_t size);
void packed_words_free(struct packed_words *words);
void packed_write_by(struct packed_words *words, const char *bytes, size_t size, struct buf *packed);
bool packed_read_by(struct packed_words *words, const char *packed, size_t size, struct buf *bytes, struct err *err);

#endif
