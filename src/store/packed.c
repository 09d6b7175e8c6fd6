#include "store/packed.h"

#include <pthread.h>
#include <stdlib.h>
#include <zstd.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/must.h"

enum { WORDS_LEVEL = 1 };

struct packed_words {
	pthread_mutex_t lock; /* over the two contexts */
	ZSTD_CDict *to;
	ZSTD_DDict *from;
	ZSTD_CCtx *packing;
	ZSTD_DCtx *reading;
};

void packed_write(const char *bytes, size_t size, int level, struct buf *packed)
{
	size_t bound = ZSTD_compressBound(size);
	char *out = malloc(bound);
	must(out != NULL);
	size_t made = ZSTD_compress(out, bound, bytes, size, level);
	must(!ZSTD_isError(made));
	buf_add(packed, out, made);
	free(out);
}

/* How many bytes a frame says that it holds.  False: it is none, or holds too many. */
static bool size_of(const char *packed, size_t size, size_t *whole, struct err *err)
{
	unsigned long long told = ZSTD_getFrameContentSize(packed, size);
	if (told == ZSTD_CONTENTSIZE_ERROR || told == ZSTD_CONTENTSIZE_UNKNOWN || told > PACKED_BYTES_MAX)
		return err_set(err, ERR_INVALID, "it is not packed as it should be");
	*whole = (size_t)told;
	return true;
}

bool packed_read(const char *packed, size_t size, struct buf *bytes, struct err *err)
{
	size_t whole = 0;
	if (!size_of(packed, size, &whole, err))
		return false;
	char *out = malloc(whole + 1);
	must(out != NULL);
	size_t made = ZSTD_decompress(out, whole, packed, size);
	bool good = !ZSTD_isError(made) && made == whole;
	if (good)
		buf_add(bytes, out, made);
	free(out);
	return good || err_set(err, ERR_INVALID, "it is damaged");
}

struct packed_words *packed_words_new(const char *words, size_t size)
{
	struct packed_words *w = calloc(1, sizeof *w);
	must(w != NULL && pthread_mutex_init(&w->lock, NULL) == 0);
	w->to = ZSTD_createCDict(words, size, WORDS_LEVEL);
	w->from = ZSTD_createDDict(words, size);
	w->packing = ZSTD_createCCtx();
	w->reading = ZSTD_createDCtx();
	must(w->to != NULL && w->from != NULL && w->packing != NULL && w->reading != NULL);
	return w;
}

void packed_words_free(struct packed_words *w)
{
	ZSTD_freeCDict(w->to);
	ZSTD_freeDDict(w->from);
	ZSTD_freeCCtx(w->packing);
	ZSTD_freeDCtx(w->reading);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void packed_write_by(struct packed_words *w, const char *bytes, size_t size, struct buf *packed)
{
	size_t bound = ZSTD_compressBound(size), before = packed->size;
	char *out = buf_extend(packed, bound);
	if (out == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	size_t made = ZSTD_compress_usingCDict(w->packing, out, bound, bytes, size, w->to);
	pthread_mutex_unlock(&w->lock);
	must(!ZSTD_isError(made));
	buf_cut(packed, before + made);
}

bool packed_read_by(struct packed_words *w, const char *packed, size_t size, struct buf *bytes, struct err *err)
{
	size_t whole = 0, before = bytes->size;
	if (!size_of(packed, size, &whole, err))
		return false;
	char *out = buf_extend(bytes, whole);
	if (out == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	pthread_mutex_lock(&w->lock);
	size_t made = ZSTD_decompress_usingDDict(w->reading, out, whole, packed, size, w->from);
	pthread_mutex_unlock(&w->lock);
	bool good = !ZSTD_isError(made) && made == whole;
	buf_cut(bytes, before + (good ? whole : 0));
	return good || err_set(err, ERR_INVALID, "it is damaged");
}
