#include "flow/event_batch.h"

#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "flow/events_repo.h"
#include "flow/runner.h"

static void take_listener(void *self, const char *run_id)
{
	struct event_batch *batch = self;
	for (size_t i = 0; i < batch->listeners_count; i++)
		if (strcmp(batch->listeners[i], run_id) == 0)
			return;
	if (batch->listeners_count == batch->listeners_room) {
		batch->listeners_room = batch->listeners_room == 0 ? 8 : 2 * batch->listeners_room;
		batch->listeners = reallocarray(batch->listeners, batch->listeners_room, sizeof(*batch->listeners));
		must(batch->listeners != NULL);
	}
	must(strlen(run_id) < sizeof *batch->listeners);
	strcpy(batch->listeners[batch->listeners_count++], run_id);
}

bool event_batch_put(struct event_batch *batch, struct db *db, struct err *err)
{
	batch->accepted = batch->duplicates = 0;
	for (size_t i = 0; i < batch->count; i++) {
		struct event_record *record = &batch->records[i];
		if (!events_put(db, record, err))
			return false;
		batch->accepted += record->position > 0;
		batch->duplicates += record->position == 0;
		if (record->position > 0 &&
			!listeners_for(db, record->account_id, json_text(record->event, "type"), take_listener, batch, err))
			return false;
	}
	return true;
}

void event_batch_tell(struct event_batch *batch, struct runner *runner)
{
	for (size_t i = 0; i < batch->listeners_count; i++)
		runner_look(runner, batch->listeners[i]);
}

void event_batch_fini(struct event_batch *batch)
{
	free(batch->listeners);
	batch->listeners = NULL;
	batch->listeners_count = batch->listeners_room = 0;
}
