/*
 * Memories: tiers and their limits, what counts as the same text, clusters, summaries [flow.md 6].  Values in, values
 * out; memory is the arena's.  Thread: any.
 */
#ifndef CS_FLOW_DOMAIN_MEMORY_H
#define CS_FLOW_DOMAIN_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

enum memory_tier { MEMORY_L1, MEMORY_L2, MEMORY_L3, MEMORY_L4, MEMORY_TIERS };
extern const char *const memory_tier_names[];

/* The most memories of an agent in a tier; INT64_MAX: no limit. */
int64_t memory_capacity(enum memory_tier tier);

/* How long a memory lives in a tier from when it came (L1, L4) or was last used (L2, L3), in microseconds. */
int64_t memory_life_us(enum memory_tier tier);

/* Where it goes then: MEMORY_TIERS means it ends. */
enum memory_tier memory_next_tier(enum memory_tier tier, double importance);

#define MEMORY_SAME .98    /* a cosine from which two of one type are the same */
#define MEMORY_SIMILAR .95 /* and from which they may be */
#define MEMORY_CLUSTER .7  /* cosine to the first member */
#define MEMORY_JACCARD .5  /* the same by words, without vectors */
#define MEMORY_KEEP .7     /* importance that promotes */
#define MEMORY_CHANGE .05  /* importance is written when it changes by more */

enum { MEMORY_CLUSTER_MIN = 3, MEMORY_CLUSTER_MAX = 10, MEMORY_CANDIDATES = 100 };

/* The text with every run of white space as one blank, none at the ends.  NULL: the arena is full. */
const char *memory_fold(struct arena *arena, const char *text);

/* Words in common over words in all, in lower case of ASCII; 0 when neither has any. */
double memory_jaccard(struct arena *arena, const char *a, const char *b);

/*
 * The sentences that say most of the texts, in their order, up to a fifth of the bytes and at least one: those whose
 * words stand most often in all of them.
 */
const char *memory_summary(struct arena *arena, const char *const *texts, size_t count);

/*
 * Greedy clusters: each begins with the first that is in none, and takes in the order given those that `alike` says
 * are like it, MEMORY_CLUSTER_MAX at most; one of fewer than MEMORY_CLUSTER_MIN is none.  cluster[i]: from 1, 0: in
 * none.  Returns how many.
 */
size_t memory_clusters(size_t count, bool (*alike)(void *self, size_t a, size_t b), void *self, size_t *cluster);

#endif
