/*
 * The helpers, and who may ask which: what expr_open() opens.
 */
#ifndef CS_EXPR_POOL_H
#define CS_EXPR_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct err;
struct expr_pool;
struct json;

/* A jq program; the text must live while it is asked, nothing else is kept of it. */
struct program {
	const char *text;
	size_t size;
	uint64_t hash; /* pool_hash of the text */
};

struct question {
	void *self;
	bool (*write)(void *self, struct buf *out); /* the array of arguments, as a value of the wire; false: too deep */
	struct arena *arena;                        /* where the value goes */
	const struct json *value;                   /* in the arena, when ok */
	bool ok;
	struct err *err; /* says why not; may be NULL */
};

/* The most bytes of text that a value may have. */
size_t pool_output_bytes(const struct expr_pool *pool);

uint64_t pool_hash(const char *text, size_t size);

/* Ask one helper all of them, each within the limits.  Sets ok of each. */
void pool_ask(struct expr_pool *pool, const struct program *program, struct question *questions, size_t count);

/*
 * Does it compile?  True: *compiled says it, and `problem` (of `room` bytes) why not.  False with ERR_UNAVAILABLE or
 * ERR_OVERLOADED: nobody could say.
 */
bool pool_compile(struct expr_pool *pool, const struct program *program, bool *compiled, char *problem, size_t room,
				  struct err *err);

#endif
