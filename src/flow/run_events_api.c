/* GET /api/v1/flow/runs/{id}/events: the rows of a run's journal as they come [flow.md 4]. */
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/field.h"
#include "flow/flow_internal.h"
#include "flow/run_events.h"
#include "flow/runs_repo.h"
#include "http/exchange.h"
#include "http/stream.h"

struct events_request {
	const char *last_event_id;
};
static const struct field events_fields[] = {
	F_STR(events_request, last_event_id, LENGTH(0, 20),
		  DOC("For clients that cannot send the header Last-Event-ID, which goes before it")),
};
static const struct field_table events_table = FIELD_TABLE("flow.runs.events", events_request, events_fields);

static bool is_seq(const char *text, int64_t *seq)
{
	enum { DIGITS = 18 };
	*seq = 0;
	if (text == NULL || *text == '\0')
		return true;
	if (strlen(text) > DIGITS || strspn(text, "0123456789") != strlen(text))
		return false;
	*seq = strtoll(text, NULL, 10);
	return true;
}

static void handle_events(struct exchange *x)
{
	struct flow_api *api = x->owner;
	struct events_request request;
	struct run_record record;
	const char *header = exchange_header(x, "last-event-id");
	int64_t after;
	if (!exchange_decode_query(x, &request) || !run_named(x, &record))
		return;
	if (is_seq(header != NULL ? header : request.last_event_id, &after))
		run_events_follow(api->events, x, &record, after);
	else
		exchange_failf(x, ERR_HEADER_INVALID, "Last-Event-ID is the id of an event, a whole number.");
}

static const char *const event_stream[] = {MEDIA_EVENTS, NULL};
static const enum err_kind events_errors[] = {ERR_HEADER_INVALID, ERR_NOT_FOUND, ERR_OVERLOADED, ERR_NONE};

const struct route run_events_routes[] = {
	ROUTE(GET, "/api/v1/flow/runs/{id}/events", "flow.read", EFFECT_READ, handle_events,
		  .operation = "flow.runs.events",
		  .summary = "The rows of a run's journal as server-sent events, until it is over",
		  .doc = "The id of an event is the row's seq, its name the row's kind; Last-Event-ID goes on where a stream "
				 "ended. A stream ends with the row that ends the run, or after ten minutes with the event bye.",
		  .query = &events_table, .produces = event_stream, .bare = true, .errors = events_errors),
};
const size_t run_events_routes_count = sizeof run_events_routes / sizeof *run_events_routes;
