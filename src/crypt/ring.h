/*
 * The keys of one purpose: the one that signs, and those that were retired but still verify.
 *
 * Rotation is rare and reading is not: readers take no lock.  A key stays in memory until the ring goes, so a pointer
 * that was given stays good.  Thread: any may read; one at a time rotates.
 */
#ifndef CS_CRYPT_RING_H
#define CS_CRYPT_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct key;
struct key_ring;

enum { RING_KEYS_MAX = 256 }; /* a rotation a week for five years */

/* A ring that signs with `current`; it owns the key. */
struct key_ring *ring_new(struct key *current);
void ring_free(struct key_ring *ring); /* NULL is fine */

/* The key that signs now. */
const struct key *ring_current(const struct key_ring *ring);

/* Take over a key that verifies until `until_us` (INT64_MAX: for ever).  ERR_LIMIT: too many; it is still yours. */
bool ring_retired(struct key_ring *ring, struct key *key, int64_t until_us, struct err *err);

/* Is there room for one more? */
bool ring_has_room(const struct key_ring *ring, struct err *err);

/* Sign with `next` from now on; the current one is retired.  ERR_LIMIT: too many; `next` is still yours. */
bool ring_rotate(struct key_ring *ring, struct key *next, int64_t until_us, struct err *err);

/* The key of that kid if it verifies at `now_us`, or NULL. */
const struct key *ring_find(const struct key_ring *ring, const char *kid, int64_t now_us);

/* The i-th key that verifies at `now_us`, the current one first; NULL past the last. */
const struct key *ring_at(const struct key_ring *ring, size_t index, int64_t now_us);

#endif
