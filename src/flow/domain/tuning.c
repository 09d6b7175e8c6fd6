#include "flow/domain/tuning.h"

#include <math.h>

#include "flow/domain/agent.h"

void tuning_init(struct tuning *tuning, double ttl_s)
{
	*tuning = (struct tuning){.ttl_s = ttl_s, .before_s = ttl_s, .changed_us = INT64_MIN};
}

static bool take_back(struct tuning *tuning)
{
	tuning->ttl_s = tuning->before_s;
	return true;
}

static bool change(struct tuning *tuning, double rate, int64_t now_us)
{
	double next = cache_ttl(rate, tuning->ttl_s);
	bool early = tuning->changed_us != INT64_MIN && now_us - tuning->changed_us < TUNING_EVERY_S * INT64_C(1000000);
	if (early || !(fabs(next - tuning->ttl_s) > TUNING_LEAST_S))
		return false;
	tuning->before_s = tuning->ttl_s;
	tuning->ttl_s = next;
	tuning->rate = rate;
	tuning->changed = true;
	tuning->changed_us = now_us;
	return true;
}

bool tuning_count(struct tuning *tuning, bool hit, int64_t now_us)
{
	tuning->hits += hit;
	if (++tuning->lookups < TUNING_WINDOW)
		return false;
	double rate = (double)tuning->hits / (double)tuning->lookups;
	bool worse = tuning->changed && rate < tuning->rate - TUNING_WORSE;
	tuning->hits = tuning->lookups = 0;
	tuning->changed = false;
	return worse ? take_back(tuning) : change(tuning, rate, now_us);
}
