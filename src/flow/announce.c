/*
 * What those who only watch a run are told: its lifecycle events, and the events that it emits, gathered from the rows
 * of its turn and in the outbox with them, in their order [flow.md 3.4].
 */
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/must.h"
#include "flow/definition.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/runner_internal.h"
#include "flow/sinks.h"
#include "seal/outbox.h"

/* What will be said of the run, in the order of its rows. */
struct announcement {
	const char *topic, *type; /* static */
	char *data;
	struct announcement *next;
};

static struct announcement *make(const char *topic, const char *type, const char *data)
{
	struct announcement *one = calloc(1, sizeof *one);
	must(one != NULL);
	one->topic = topic;
	one->type = type;
	one->data = strdup(data);
	must(one->data != NULL);
	return one;
}

static void add(struct announcing *a, struct announcement *one)
{
	*a->end = one;
	a->end = &one->next;
}

static void add_emitted(struct announcing *a)
{
	if (a->emitted != NULL)
		add(a, a->emitted);
	a->emitted = NULL;
}

/* Events are emitted by a task that goes on: before it is told to be over, where one row is all of it. */
static void keep(void *self, bool of_task, const char *type, const char *data)
{
	struct announcing *a = self;
	if (of_task && strstr(type, ".task.completed.") != NULL)
		add_emitted(a);
	add(a, make(of_task ? ANNOUNCE_TASKS : ANNOUNCE_RUNS, type, data));
}

static void drop(struct announcing *a)
{
	add_emitted(a);
	while (a->first != NULL) {
		struct announcement *one = a->first;
		a->first = one->next;
		free(one->data);
		free(one);
	}
	a->end = &a->first;
}

void announce_load(struct live *live, const char *status)
{
	struct announcing *a = &live->announcing;
	const struct ir *ir = definition_ir(live->definition);
	struct buf name;
	int told = RUN_STATUSES;
	while (told > 0 && strcmp(run_status_names[--told], status) != 0)
		;
	buf_init(&name, 0);
	buf_addf(&name, "%s-%s.%s", ir->name, live->run_id, ir->namespace);
	a->name = buf_take(&name, NULL);
	must(a->name != NULL);
	a->end = &a->first;
	a->lifecycle = (struct lifecycle){.name = a->name, .status = (enum run_status)told, .tell = keep, .self = a};
	a->silent = live->runner->options.outbox == NULL || strcmp(ir->namespace, "system") == 0;
}

void announce_begin(struct live *live)
{
	struct announcing *a = &live->announcing;
	a->lifecycle.tasks = !a->silent && outbox_watched(live->runner->options.outbox, ANNOUNCE_TASKS);
	a->events = live->runner->options.outbox != NULL && outbox_watched(live->runner->options.outbox, SINK_EVENTS);
}

/* Only while somebody wants them: the event stands in the journal and among the account's events already. */
void announce_emitted(struct live *live, struct datum *event)
{
	if (live->announcing.events)
		live->announcing.emitted = make(SINK_EVENTS, "event.emitted", datum_bytes(event, NULL));
}

void announce_row(struct live *live, const struct row *row)
{
	if (!live->announcing.silent)
		lifecycle_row(&live->announcing.lifecycle, &live->run, row);
	add_emitted(&live->announcing);
}

void announce_rest(struct live *live, const char *status)
{
	if (!live->announcing.silent && strcmp(status, run_status_names[RUN_WAITING]) == 0)
		lifecycle_rests(&live->announcing.lifecycle, RUN_WAITING, live->run.now_us);
}

bool announce_apply(struct live *live, struct db *db, struct err *err)
{
	for (const struct announcement *one = live->announcing.first; one != NULL; one = one->next) {
		struct outbox_event event = {.account_id = live->account_id,
									 .topic = one->topic,
									 .event = one->type,
									 .subject = live->run_id,
									 .data = one->data};
		if (!outbox_add(live->runner->options.outbox, db, &event, err))
			return false;
	}
	return true;
}

void announce_end(struct live *live)
{
	drop(&live->announcing);
}

void announce_forget(struct live *live)
{
	drop(&live->announcing);
	free(live->announcing.name);
	live->announcing = (struct announcing){.silent = true};
}
