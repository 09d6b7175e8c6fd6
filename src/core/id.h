/*
 * Identifiers: UUIDs of version 7 (RFC 9562) as 36 lower-case characters.
 *
 * They sort by the time they were made, as text too, and within one process each is greater than all before it, also
 * when the clock stands still or goes back (P-12.4).  They are unique, not secret: whoever knows one can guess near it.
 * Threads: one maker serves all.
 */
#ifndef CS_CORE_ID_H
#define CS_CORE_ID_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct env;

enum {
	ID_LENGTH = 36,          /* characters */
	ID_TEXT = ID_LENGTH + 1, /* bytes with the NUL */
	ID_POOL = 512,           /* random bytes fetched at once, as a system call costs more than all the rest */
};

struct id_maker {
	const struct env *env;
	pthread_mutex_t lock;
	uint64_t last_ms; /* the timestamp of the newest id */
	uint32_t counter; /* 24 bits, of the newest id */
	size_t left;      /* unused bytes at the end of the pool */
	unsigned char pool[ID_POOL];
};

/* A maker that reads time and randomness from `env`, which must outlive it. */
void id_maker_init(struct id_maker *maker, const struct env *env);
void id_maker_fini(struct id_maker *maker);

/* A new identifier.  Thread: any.  Cost: under 200 ns. */
void id_make(struct id_maker *maker, char text[ID_TEXT]);

/*
 * Is this the text of a UUIDv7 in lower case?  Anything else cannot name a thing of ours (P-8.12: it answers 404).
 * NULL is not.
 */
bool id_valid(const char *text);
bool id_valid_n(const char *text, size_t size);

/* The moment in an identifier (valid, must), in milliseconds since 1970. */
int64_t id_ms(const char *text);

#endif
