/*
 * Pictures that were drawn in the last day, on disk: a row each and the bytes as a blob, so that a url that was given
 * out outlives a restart and whatever pushes it out of memory (chart_cache.h) [trade.md 10].
 *
 * It is a cache.  Nobody waits for what is put in it: a thread of its own writes, and a failure is logged.  While
 * KEPT_CHARTS_WAITING bytes wait, and after kept_charts_stop(), whoever puts writes instead.  The row comes first and
 * the blob after it, so that no blob is left without one; a row without its blob, after a failure, a crash or a restore
 * (backups leave pictures out), is no picture.
 *
 * An account has so many bytes of disk, whole blocks; the pictures that would end first go first.  A picture is shown
 * to the account that asked for it and to no other; its blob goes with the last row that names it.
 *
 * The blobs are a folder of their own.  Threads: any.
 */
#ifndef CS_TRADE_KEPT_CHARTS_H
#define CS_TRADE_KEPT_CHARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct blobs;
struct chart_picture;
struct db;
struct err;
struct kept_charts;
struct store;

enum {
	KEPT_CHARTS_BYTES = 64 << 20,  /* of one account */
	KEPT_CHARTS_WAITING = 8 << 20, /* copies in memory that are not written yet */
	KEPT_CHARTS_BLOCK = 4096,      /* of the disk, about: what the smallest picture takes */
};

/* Both outlive it.  account_bytes: KEPT_CHARTS_BYTES, or less for tests. */
struct kept_charts *kept_charts_new(struct store *store, struct blobs *blobs, int64_t account_bytes);

/* Write what waits; before the store closes. */
void kept_charts_stop(struct kept_charts *kept);
void kept_charts_free(struct kept_charts *kept); /* NULL is fine; stopped */

/* Keep a copy until picture->until_us.  Cost: the copy; else two commits to the disk, see above. */
void kept_charts_put(struct kept_charts *kept, const struct chart_picture *picture);

/*
 * By key, or with key NULL by the picture's hash; into the arena.  False: not there, or damaged, which is logged, or it
 * cannot be read, which is too.  Cost: a row, a file and its digest, about 0.1 ms.  Not while holding a reader.
 */
bool kept_charts_find(struct kept_charts *kept, const char *account_id, const char *key, const char *sha256,
					  int64_t now_us, struct arena *arena, struct chart_picture *picture);

/* Of the sweep: is a picture over, on a reader; remove those that are, some at once, in an op. */
bool kept_charts_any_due(struct db *db, int64_t now_us, bool *due, struct err *err);
bool kept_charts_sweep(struct kept_charts *kept, struct db *db, int64_t now_us, struct arena *arena, struct err *err);

#endif
