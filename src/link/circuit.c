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

bool circuit_may(struct circuit *circuit, int64_t now_us)
{
	pthread_mutex_lock(&circuit->lock);
	bool open = circuit->failures >= circuit->limit;
	bool may = !open || (now_us >= circuit->until_us && !circuit->probing);
	circuit->probing = circuit->probing || (open && may);
	pthread_mutex_unlock(&circuit->lock);
	return may;
}

void circuit_tell(struct circuit *circuit, int64_t now_us, bool well)
{
	pthread_mutex_lock(&circuit->lock);
	circuit->probing = false;
	circuit->failures = well ? 0 : circuit->failures + 1;
	if (circuit->failures >= circuit->limit) {
		circuit->failures = circuit->limit;
		circuit->until_us = now_us + circuit->open_us;
	}
	pthread_mutex_unlock(&circuit->lock);
}

int64_t circuit_wait_us(struct circuit *circuit, int64_t now_us)
{
	pthread_mutex_lock(&circuit->lock);
	bool open = circuit->failures >= circuit->limit;
	int64_t wait = open && circuit->until_us > now_us ? circuit->until_us - now_us : 0;
	pthread_mutex_unlock(&circuit->lock);
	return wait;
}
