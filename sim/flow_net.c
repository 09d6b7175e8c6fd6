#include "sim/flow_net.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/must.h"
#include "flow/domain/retry.h"
#include "link/outgoing.h"

enum { ATTEMPTS_MAX = 1000 };

/* --- the ledger --- */

struct ledger *ledger_new(void)
{
	void *at = mmap(NULL, sizeof(struct ledger), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(at != MAP_FAILED);
	return at;
}

void ledger_clear(struct ledger *ledger)
{
	ledger->count = 0;
	ledger->changed_request = ledger->too_many = false;
}

void ledger_free(struct ledger *ledger)
{
	munmap(ledger, sizeof *ledger);
}

uint64_t mix(uint64_t sum, const void *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		sum = (sum ^ ((const unsigned char *)bytes)[i]) * UINT64_C(1099511628211);
	return sum;
}

static const char *header(const struct outgoing_request *request, const char *name)
{
	size_t size = strlen(name);
	for (const char *const *line = request->headers; *line != NULL; line++)
		if (strncmp(*line, name, size) == 0 && strncmp(*line + size, ": ", 2) == 0)
			return *line + size + 2;
	return NULL;
}

const struct delivery *ledger_find(const struct ledger *ledger, const char *key)
{
	for (size_t i = 0; i < ledger->count; i++)
		if (strcmp(ledger->items[i].key, key) == 0)
			return &ledger->items[i];
	return NULL;
}

const struct delivery *ledger_named(const struct ledger *ledger, const char *name)
{
	for (size_t i = 0; i < ledger->count; i++)
		if (strcmp(ledger->items[i].name, name) == 0)
			return &ledger->items[i];
	return NULL;
}

/* The key that it would have if the run's id were its lineage. */
static void give_name(const struct net *net, struct delivery *item, const char *step)
{
	const char *lineage = net->lineage(net->self, item->run_id);
	char key[EFFECT_KEY] = "";
	strcpy(item->name, item->key);
	for (int64_t attempt = 1; lineage != NULL; attempt++) {
		effect_key(item->run_id, step, attempt, key);
		if (strcmp(key, item->key) == 0) {
			effect_key(lineage, step, attempt, item->name);
			return;
		}
		must(attempt < ATTEMPTS_MAX);
	}
}

static struct delivery *entry(const struct net *net, const struct outgoing_request *request)
{
	struct ledger *ledger = net->ledger;
	const char *key = header(request, "Idempotency-Key"), *run = header(request, "X-Countersign-Run"),
			   *step = header(request, "X-Countersign-Step");
	must(key != NULL && run != NULL && step != NULL && strlen(key) == 64 && strlen(run) == 36);
	uint64_t print = mix(mix(MIX_NOTHING, request->url, strlen(request->url)), request->body, request->body_size);
	const struct delivery *found = ledger_find(ledger, key);
	if (found != NULL) {
		ledger->changed_request = ledger->changed_request || found->request != print;
		return &ledger->items[found - ledger->items];
	}
	if (ledger->count == LEDGER_MAX) {
		ledger->too_many = true;
		return &ledger->items[LEDGER_MAX - 1];
	}
	struct delivery *item = &ledger->items[ledger->count];
	*item = (struct delivery){.request = print};
	strcpy(item->key, key);
	strcpy(item->run_id, run);
	snprintf(item->step, sizeof item->step, "%s", step);
	give_name(net, item, step);
	ledger->count++; /* last: a process that ends here has delivered nothing */
	return item;
}

const char *ledger_differs(const struct ledger *calm, const struct ledger *rough, const struct delivery **which,
						   bool (*may_differ)(void *self, const struct delivery *which), void *self)
{
	if (calm->changed_request || rough->changed_request)
		return "a key came with two requests";
	if (calm->too_many || rough->too_many)
		return "too many requests for the ledger";
	for (size_t i = 0; i < rough->count; i++) {
		*which = &rough->items[i];
		if (ledger_named(calm, rough->items[i].name) == NULL && (may_differ == NULL || !may_differ(self, *which)))
			return "a key that undisturbed runs do not send";
	}
	for (size_t i = 0; i < calm->count; i++) {
		const struct delivery *item = ledger_named(rough, calm->items[i].name);
		*which = &calm->items[i];
		if ((item == NULL || item->acted != calm->items[i].acted) && (may_differ == NULL || !may_differ(self, *which)))
			return "a step that did not act as undisturbed";
	}
	return NULL;
}

/* --- its answers --- */

enum fate { FATE_ANSWERS, FATE_REFUSES, FATE_BREAKS_BEFORE, FATE_BREAKS_AFTER };

/* Three in ten keys are refused for good; of the others a third loses its connection, before or after it acted. */
static enum fate fate_of(const struct net *net, const struct delivery *item)
{
	uint64_t hash = mix(net->seed ^ MIX_NOTHING, item->name, 64) >> 16;
	if (hash % 10 < 3)
		return FATE_REFUSES;
	if (hash / 10 % 6 >= 2 || (item->deliveries > 1 && net->knows(net->self, item)))
		return FATE_ANSWERS;
	return hash / 10 % 6 == 0 ? FATE_BREAKS_BEFORE : FATE_BREAKS_AFTER;
}

bool net_ask(void *self, const struct outgoing_request *request, struct outgoing_answer *answer, struct err *err)
{
	struct net *net = self;
	net->requests++;
	if (net->requests == net->kill_before)
		raise(SIGKILL);
	struct delivery *item = entry(net, request);
	item->deliveries++;
	enum fate fate = fate_of(net, item);
	item->acted = item->acted || fate == FATE_ANSWERS || fate == FATE_BREAKS_AFTER;
	item->refused = fate == FATE_REFUSES;
	if (net->requests == net->kill_after)
		raise(SIGKILL);
	if (fate == FATE_BREAKS_BEFORE || fate == FATE_BREAKS_AFTER) {
		answer->sent = true;
		return err_set(err, ERR_UNAVAILABLE, "the connection broke");
	}
	answer->status = fate == FATE_REFUSES ? 503 : 200;
	strcpy(answer->content_type, "application/json");
	buf_addf(&answer->body, "{\"n\":%llu}", (unsigned long long)(mix(7, item->name, 64) % 100));
	return true;
}
