#include "core/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 16, LARGEST_BLOCK = 1 << 20 };

struct arena_block {
	struct arena_block *older;
	size_t size, used;
	_Alignas(ALIGN) unsigned char bytes[];
};

void arena_init(struct arena *arena, size_t cap)
{
	arena_init_small(arena, cap, ARENA_FIRST_BLOCK);
}

void arena_init_small(struct arena *arena, size_t cap, size_t first)
{
	*arena = (struct arena){.cap = cap, .first = first};
}

static void free_blocks(struct arena_block *block)
{
	while (block != NULL) {
		struct arena_block *older = block->older;
		free(block);
		block = older;
	}
}

void arena_fini(struct arena *arena)
{
	free_blocks(arena->block);
	arena_init_small(arena, arena->cap, arena->first);
}

void arena_reset(struct arena *arena)
{
	struct arena_block *keep = arena->block;
	if (keep != NULL) {
		free_blocks(keep->older);
		keep->older = NULL;
		keep->used = 0;
	}
	*arena = (struct arena){.cap = arena->cap, .first = arena->first, .block = keep};
}

static struct arena_block *add_block(struct arena *arena, size_t need)
{
	size_t size = arena->block == NULL ? arena->first : arena->block->size * 2;
	if (size > LARGEST_BLOCK)
		size = LARGEST_BLOCK;
	if (size < need)
		size = need;
	struct arena_block *block = malloc(sizeof *block + size);
	if (block == NULL)
		return NULL;
	block->older = arena->block;
	block->size = size;
	block->used = 0;
	arena->block = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	if (arena->full || size > arena->cap) {
		arena->full = true;
		return NULL;
	}
	size_t need = size == 0 ? ALIGN : (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	struct arena_block *block = arena->block;
	if (need > arena->cap - arena->used ||
		((block == NULL || block->size - block->used < need) && (block = add_block(arena, need)) == NULL)) {
		arena->full = true;
		return NULL;
	}
	void *memory = block->bytes + block->used;
	block->used += need;
	arena->used += need;
	return memset(memory, 0, need);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size) {
		arena->full = true;
		return NULL;
	}
	return arena_alloc(arena, count * size);
}

char *arena_dupn(struct arena *arena, const char *bytes, size_t size)
{
	char *copy = arena_alloc(arena, size + 1);
	if (copy != NULL && size > 0)
		memcpy(copy, bytes, size);
	return copy;
}

void *arena_more(struct arena *arena, void *items, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return items;
	size_t wider = *room < 4 ? 8 : *room * 2;
	void *more = arena_array(arena, wider, size);
	if (more == NULL)
		return NULL;
	if (count > 0)
		memcpy(more, items, count * size);
	*room = wider;
	return more;
}

char *arena_dup(struct arena *arena, const char *text)
{
	return text == NULL ? NULL : arena_dupn(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	char *text = length < 0 ? NULL : arena_alloc(arena, (size_t)length + 1);
	if (text != NULL)
		vsnprintf(text, (size_t)length + 1, format, again);
	va_end(again);
	return text;
}
