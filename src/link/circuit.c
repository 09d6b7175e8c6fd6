#include "link/circuit.h"

#include "core/must.h"

void circuit_init(struct circuit *circuit, int limit, int64_t open_us)
{
	must(limit >= 1);
	*circuit = (struct circuit){.limit = limit, .open_us = open_us};
	must(pthread_mutex_init(&circuit->lock, NULL) == 0);
}

void circuit_fini(struct circuit *circuit)
{
	pthread_mutex_destroy(&circuit->lock);
}

static enum circuit_state state_at(const struct circuit *circuit, int64_t now_us)
{
	if (!circuit->open)
		return CIRCUIT_CLOSED;
	return now_us < circuit->until_us ? CIRCUIT_OPEN : CIRCUIT_HALF_OPEN;
}

bool circuit_may(struct circuit *circuit, int64_t now_us)
{
	pthread_mutex_lock(&circuit->lock);
	enum circuit_state state = state_at(circuit, now_us);
	if (state == CIRCUIT_HALF_OPEN && circuit->let == CIRCUIT_PROBES && now_us - circuit->let_us > CIRCUIT_LOST_US)
		circuit->let = circuit->well;
	bool may = state == CIRCUIT_CLOSED || (state == CIRCUIT_HALF_OPEN && circuit->let < CIRCUIT_PROBES);
	if (state == CIRCUIT_HALF_OPEN && may) {
		circuit->let++;
		circuit->let_us = now_us;
	}
	pthread_mutex_unlock(&circuit->lock);
	return may;
}

static void note(struct circuit *circuit, int64_t now_us, bool well, int64_t took_us)
{
	unsigned at = circuit->seen++ % CIRCUIT_WINDOW;
	circuit->results[at].at_us = now_us;
	circuit->results[at].failed = !well;
	circuit->results[at].slow = took_us > CIRCUIT_SLOW_US;
	circuit->failures = well ? 0 : circuit->failures + 1;
}

/* REF: platform P-10.4: half of at least 50, four fifths of at least 10 */
static bool window_is_bad(const struct circuit *circuit, int64_t now_us)
{
	int count = 0, failed = 0, slow = 0;
	for (unsigned i = 0; i < circuit->seen && i < CIRCUIT_WINDOW; i++) {
		if (now_us - circuit->results[i].at_us > CIRCUIT_WINDOW_US)
			continue;
		count++;
		failed += circuit->results[i].failed;
		slow += circuit->results[i].slow;
	}
	return (count >= CIRCUIT_SEEN && 2 * failed >= count) || (count >= CIRCUIT_SLOW_SEEN && 5 * slow >= 4 * count);
}

static void open_it(struct circuit *circuit, int64_t until_us)
{
	circuit->open = true;
	circuit->opened++;
	circuit->until_us = until_us;
	circuit->let = circuit->well = 0;
}

/* What was seen before says nothing of the destination that came back. */
static void close_it(struct circuit *circuit)
{
	circuit->open = false;
	circuit->failures = 0;
	circuit->seen = 0;
}

void circuit_tell_took(struct circuit *circuit, int64_t now_us, bool well, int64_t took_us)
{
	pthread_mutex_lock(&circuit->lock);
	enum circuit_state state = state_at(circuit, now_us);
	if (state != CIRCUIT_OPEN)
		note(circuit, now_us, well, took_us);
	if (state == CIRCUIT_HALF_OPEN && !well)
		open_it(circuit, now_us + circuit->open_us);
	else if (state == CIRCUIT_HALF_OPEN && ++circuit->well >= CIRCUIT_PROBES)
		close_it(circuit);
	else if (state == CIRCUIT_CLOSED && (circuit->failures >= circuit->limit || window_is_bad(circuit, now_us)))
		open_it(circuit, now_us + circuit->open_us);
	pthread_mutex_unlock(&circuit->lock);
}

void circuit_give_back(struct circuit *circuit, int64_t asked_us)
{
	pthread_mutex_lock(&circuit->lock);
	if (circuit->open && asked_us >= circuit->until_us && circuit->let > circuit->well)
		circuit->let--;
	pthread_mutex_unlock(&circuit->lock);
}

void circuit_open(struct circuit *circuit, int64_t until_us)
{
	pthread_mutex_lock(&circuit->lock);
	open_it(circuit, until_us);
	pthread_mutex_unlock(&circuit->lock);
}

void circuit_close(struct circuit *circuit)
{
	pthread_mutex_lock(&circuit->lock);
	close_it(circuit);
	pthread_mutex_unlock(&circuit->lock);
}

enum circuit_state circuit_state(struct circuit *circuit, int64_t now_us)
{
	pthread_mutex_lock(&circuit->lock);
	enum circuit_state state = state_at(circuit, now_us);
	pthread_mutex_unlock(&circuit->lock);
	return state;
}

uint64_t circuit_opened(struct circuit *circuit)
{
	pthread_mutex_lock(&circuit->lock);
	uint64_t opened = circuit->opened;
	pthread_mutex_unlock(&circuit->lock);
	return opened;
}

struct circuit_seen circuit_seen(struct circuit *circuit)
{
	struct circuit_seen seen = {.calls = 0};
	pthread_mutex_lock(&circuit->lock);
	for (unsigned i = 0; i < circuit->seen && i < CIRCUIT_WINDOW; i++) {
		seen.calls++;
		seen.failed += circuit->results[i].failed;
		seen.slow += circuit->results[i].slow;
	}
	pthread_mutex_unlock(&circuit->lock);
	return seen;
}

int64_t circuit_wait_us(struct circuit *circuit, int64_t now_us)
{
	pthread_mutex_lock(&circuit->lock);
	int64_t wait = state_at(circuit, now_us) == CIRCUIT_OPEN ? circuit->until_us - now_us : 0;
	pthread_mutex_unlock(&circuit->lock);
	return wait;
}
