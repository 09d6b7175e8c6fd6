#include "core/id.h"

#include <string.h>

#include "core/env.h"
#include "core/must.h"

enum { COUNTER_BITS = 24, COUNTER_END = 1 << COUNTER_BITS, US_PER_MS = 1000 };

static const char digits[] = "0123456789abcdef";

/* Where the groups 8-4-4-4-12 are divided. */
static bool hyphen_at(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

void id_maker_init(struct id_maker *maker, const struct env *env)
{
	*maker = (struct id_maker){.env = env};
	must(pthread_mutex_init(&maker->lock, NULL) == 0);
}

void id_maker_fini(struct id_maker *maker)
{
	must(pthread_mutex_destroy(&maker->lock) == 0);
}

static uint64_t random_bits(struct id_maker *maker)
{
	uint64_t bits;
	if (maker->left < sizeof bits) {
		env_random(maker->env, maker->pool, sizeof maker->pool);
		maker->left = sizeof maker->pool;
	}
	maker->left -= sizeof bits;
	memcpy(&bits, maker->pool + maker->left, sizeof bits);
	return bits;
}

/*
 * REF: RFC 9562 section 6.2, method 1: a counter that starts at a random value with its top bit clear each
 * millisecond; when it runs over, the timestamp moves ahead of the clock by one.
 */
static void step(struct id_maker *maker)
{
	int64_t now_us = env_wall_us(maker->env);
	uint64_t now_ms = now_us < 0 ? 0 : (uint64_t)now_us / US_PER_MS;
	if (now_ms <= maker->last_ms && ++maker->counter < COUNTER_END)
		return;
	maker->last_ms = now_ms > maker->last_ms ? now_ms : maker->last_ms + 1;
	maker->counter = (uint32_t)random_bits(maker) & (COUNTER_END / 2 - 1);
}

static void put(char text[ID_TEXT], uint64_t high, uint64_t low)
{
	int shift = 60;
	for (size_t i = 0; i < ID_LENGTH; i++) {
		if (hyphen_at(i)) {
			text[i] = '-';
			continue;
		}
		text[i] = digits[high >> shift & 15];
		shift -= 4;
		if (shift < 0) {
			high = low;
			shift = 60;
		}
	}
	text[ID_LENGTH] = '\0';
}

/* REF: RFC 9562 section 5.7: unix_ts_ms 48, version 4, rand_a 12 | variant 2, rand_b 62 */
void id_make(struct id_maker *maker, char text[ID_TEXT])
{
	pthread_mutex_lock(&maker->lock);
	step(maker);
	uint64_t ms = maker->last_ms & 0xffffffffffff;
	uint64_t counter = maker->counter;
	uint64_t random = random_bits(maker) & 0x3ffffffffffff;
	pthread_mutex_unlock(&maker->lock);
	put(text, ms << 16 | 7ULL << 12 | counter >> 12, 2ULL << 62 | (counter & 0xfff) << 50 | random);
}

bool id_valid_n(const char *text, size_t size)
{
	if (text == NULL || size != ID_LENGTH)
		return false;
	for (size_t i = 0; i < ID_LENGTH; i++) {
		if (hyphen_at(i) ? text[i] != '-' : text[i] == '\0' || strchr(digits, text[i]) == NULL)
			return false;
	}
	return text[14] == '7' && strchr("89ab", text[19]) != NULL;
}

bool id_valid(const char *text)
{
	return text != NULL && id_valid_n(text, strnlen(text, ID_LENGTH + 1));
}

int64_t id_ms(const char *text)
{
	must(id_valid(text));
	int64_t ms = 0;
	for (size_t i = 0; i < 13; i++) {
		if (!hyphen_at(i))
			ms = ms << 4 | (strchr(digits, text[i]) - digits);
	}
	return ms;
}
