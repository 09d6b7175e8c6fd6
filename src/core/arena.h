/*
 * Memory with one lifetime: many small allocations, freed together.
 *
 * An arena hands out memory from blocks that double in size up to a cap.  Past the cap (or when the system has no
 * memory) an allocation gives NULL and the arena is *full* from then on: every later allocation gives NULL too, so a
 * builder may run to its end and ask once.  Nothing is freed singly.
 *
 * Thread: one at a time.  Cost: a pointer bump; a malloc per block.
 */
#ifndef CS_CORE_ARENA_H
#define CS_CORE_ARENA_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct arena_block;

struct arena {
	struct arena_block *block; /* newest first */
	size_t used, cap;          /* bytes handed out and the most that may be */
	size_t first;              /* bytes of its first block */
	bool full;
};

enum {
	ARENA_FIRST_BLOCK = 4096,     /* bytes: most exchanges fit in one */
	ARENA_REQUEST_CAP = 64 << 20, /* bytes one request may take, bodies included */
};

/* An empty arena of at most `cap` bytes.  Takes no memory yet. */
void arena_init(struct arena *arena, size_t cap);

/* The same with a first block of so many bytes: for many that live long and hold little. */
void arena_init_small(struct arena *arena, size_t cap, size_t first);

/* Give all memory back; the arena is empty and usable again. */
void arena_fini(struct arena *arena);

/* Forget everything but keep the newest (largest) block, for the next round of the same work. */
void arena_reset(struct arena *arena);

/* `size` zeroed bytes aligned for any type, or NULL when full. */
void *arena_alloc(struct arena *arena, size_t size);

/* `count` zeroed elements; overflow of count × size makes the arena full. */
void *arena_array(struct arena *arena, size_t count, size_t size);

/* Copies.  dup of NULL is NULL. */
/*
 * Room for one more element behind `count` of them: `items` while it has room, else a copy with twice the room, at
 * least 8, zeroed past the elements.  For lists whose length is not known before.  *room starts at 0 with items NULL.
 */
void *arena_more(struct arena *arena, void *items, size_t count, size_t *room, size_t size);

char *arena_dup(struct arena *arena, const char *text);
char *arena_dupn(struct arena *arena, const char *bytes, size_t size); /* adds a NUL */
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define arena_new(arena, type) ((type *)arena_alloc((arena), sizeof(type)))

#endif
