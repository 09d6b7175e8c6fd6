#include "flow/domain/retry.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/must.h"
#include "crypt/digest.h"

const char *const breaker_state_names[] = {"closed", "open", "half_open", NULL};

const struct breaker_config breaker_defaults = {
	.failures = 5,
	.window = 100,
	.min_seen = 50,
	.window_s = 120,
	.failure_rate = .5,
	.slow_ms = 5000,
	.slow_rate = .8,
	.slow_min = 10,
	.open_s = 60,
	.trials = 3,
};

/* --- retries --- */

static double jitter(const char *seed, const char *path, int64_t n)
{
	char count[24];
	unsigned char sha[SHA256_SIZE];
	struct digest digest;
	digest_init(&digest);
	digest_add(&digest, seed, strlen(seed));
	digest_add(&digest, ":", 1);
	digest_add(&digest, path, strlen(path));
	digest_add(&digest, count, (size_t)snprintf(count, sizeof count, ":%lld", (long long)n));
	digest_end(&digest, sha);
	digest_fini(&digest);
	uint64_t bits = 0;
	for (int i = 0; i < 8; i++)
		bits = bits << 8 | sha[i];
	return (double)bits / 0x1p64;
}

int64_t retry_delay_ms(const struct retry_policy *policy, const char *seed, const char *path, int64_t n, double cap_ms)
{
	must(n >= 1);
	double delay = policy->delay_ms;
	if (policy->backoff == BACKOFF_LINEAR)
		delay *= (double)n;
	else if (policy->backoff == BACKOFF_EXPONENTIAL)
		delay *= exp2(fmin((double)n - 1, 1000));
	delay += policy->jitter_from_ms + jitter(seed, path, n) * (policy->jitter_to_ms - policy->jitter_from_ms);
	return (int64_t)floor(fmin(delay, cap_ms));
}

void effect_key(const char *run_id, const char *path, int64_t attempt, char key[EFFECT_KEY])
{
	char number[24];
	struct digest digest;
	digest_init(&digest);
	digest_add(&digest, run_id, strlen(run_id));
	digest_add(&digest, ":", 1);
	digest_add(&digest, path, strlen(path));
	digest_add(&digest, number, (size_t)snprintf(number, sizeof number, ":%lld", (long long)attempt));
	digest_end_hex(&digest, key);
	digest_fini(&digest);
}

/* --- breakers --- */

void breaker_init(struct breaker *breaker, const struct breaker_config *config)
{
	*breaker = (struct breaker){.config = *config};
	must(config->window >= 1 && config->window <= BREAKER_WINDOW_MAX);
}

static void open_it(struct breaker *b, double at_s)
{
	b->state = BREAKER_OPEN;
	b->opened_s = at_s;
	b->in_row = b->trials = b->seen = 0;
}

static bool window_is_bad(const struct breaker *b, double now_s)
{
	const struct breaker_config *c = &b->config;
	int64_t kept = b->seen < c->window ? b->seen : c->window, seen = 0, failed = 0, slow = 0;
	for (int64_t i = 0; i < kept; i++) {
		const struct breaker_result *r = &b->ring[(b->seen - 1 - i) % c->window];
		if (now_s - r->at_s > c->window_s)
			break;
		seen++;
		failed += !r->ok;
		slow += r->ms > c->slow_ms;
	}
	return (seen >= c->min_seen && (double)failed >= c->failure_rate * (double)seen) ||
		   (seen >= c->slow_min && (double)slow >= c->slow_rate * (double)seen);
}

static void take_closed(struct breaker *b, const struct breaker_result *result)
{
	b->ring[b->seen++ % b->config.window] = *result;
	b->in_row = result->ok ? 0 : b->in_row + 1;
	if (b->in_row >= b->config.failures || window_is_bad(b, result->at_s))
		open_it(b, result->at_s);
}

void breaker_take(struct breaker *b, const struct breaker_result *result)
{
	if (b->state == BREAKER_OPEN && result->at_s - b->opened_s >= b->config.open_s)
		b->state = BREAKER_HALF_OPEN;
	if (b->state == BREAKER_OPEN)
		return;
	if (b->state == BREAKER_CLOSED)
		take_closed(b, result);
	else if (!result->ok)
		open_it(b, result->at_s);
	else if (++b->trials >= b->config.trials) {
		struct breaker_config config = b->config;
		breaker_init(b, &config);
	}
}
