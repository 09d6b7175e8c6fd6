#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/events.h"
#include "app/routes.h"
#include "app/tickets.h"
#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "http/exchange.h"
#include "http/metrics.h"
#include "http/router.h"
#include "http/stream.h"
#include "people/people.h"
#include "people/principal.h"
#include "people/reply.h"

/* /api/v1/events: what happens, as it happens [P-8.11]. */

/* --- listening --- */

struct events_query {
	struct {
		size_t count;
		int *items;
	} topics;
	const char *last_event_id, *ticket;
};
static const struct field query_fields[] = {
	F_ENUMS(events_query, topics, event_topic_names, DOC("Default: all that you may read")),
	F_STR(events_query, last_event_id, LENGTH(0, 20),
		  DOC("For clients that cannot send the header Last-Event-ID, which goes before it")),
	F_STR(events_query, ticket, SECRET, LENGTH(1, 100), DOC("In place of credentials, once")),
};
static const struct field_table query_table = FIELD_TABLE("events.query", events_query, query_fields);

struct topic_query {
	const char *last_event_id, *ticket;
};
static const struct field topic_fields[] = {
	F_STR(topic_query, last_event_id, LENGTH(0, 20), DOC("For clients that cannot send the header Last-Event-ID")),
	F_STR(topic_query, ticket, SECRET, LENGTH(1, 100), DOC("In place of credentials, once")),
};
static const struct field_table topic_table = FIELD_TABLE("events.topic_query", topic_query, topic_fields);

/* What a stream gave as an id.  The empty one is as none: WHATWG HTML 9.2.6 lets an id be reset so. */
static bool last_number(const char *text, int64_t *after)
{
	*after = EVENTS_FROM_NOW;
	if (text == NULL || text[0] == '\0')
		return true;
	if (strlen(text) > 18 || strspn(text, "0123456789") != strlen(text))
		return false;
	*after = strtoll(text, NULL, 10);
	return true;
}

static void start_stream(struct exchange *x, const char *last_event_id, uint32_t topics)
{
	struct app *app = x->owner;
	struct listen_request request = {.topics = topics};
	const char *header = exchange_header(x, "last-event-id");
	if (last_number(header != NULL ? header : last_event_id, &request.after))
		events_listen(app->events, x, &request);
	else
		exchange_failf(x, ERR_HEADER_INVALID, "Last-Event-ID is the id of an event, a whole number.");
}

static void handle_events(struct exchange *x)
{
	struct events_query query;
	uint32_t topics = 0;
	if (!exchange_decode_query(x, &query))
		return;
	for (size_t i = 0; i < query.topics.count; i++)
		topics |= 1U << query.topics.items[i];
	start_stream(x, query.last_event_id, topics);
}

/* One product's own door [trade.md 2.4]: the topic is its route's. */
static void handle_topic(struct exchange *x)
{
	const char *topic = x->match.route->data;
	struct topic_query query;
	uint32_t bit = 1;
	for (size_t i = 0; strcmp(event_topic_names[i], topic) != 0; i++)
		bit <<= 1;
	if (exchange_decode_query(x, &query))
		start_stream(x, query.last_event_id, bit);
}

/* --- tickets --- */

struct ticket_view {
	const char *ticket;
	int64_t expires_in;
};
static const struct field ticket_fields[] = {
	F_STR(ticket_view, ticket, SECRET, DOC("For ?ticket= of one GET /api/v1/events")),
	F_INT(ticket_view, expires_in, UNIT("s")),
};
static const struct field_table ticket_table = FIELD_TABLE("events.ticket", ticket_view, ticket_fields);

static void handle_ticket(struct exchange *x)
{
	struct app *app = x->owner;
	char text[SECRET_TEXT];
	struct err err;
	if (!ticket_make(app->tickets, principal_of(x), text, &err)) {
		exchange_fail(x, &err);
		return;
	}
	const struct ticket_view view = {text, TICKET_S};
	reply_fact(x, 201, &ticket_table, &view);
}

bool events_by_ticket(const struct exchange *x, const struct route *route)
{
	return (route->handler == handle_events || route->handler == handle_topic) && exchange_query(x, "ticket") != NULL &&
		   exchange_header(x, "authorization") == NULL && exchange_header(x, "x-api-key") == NULL;
}

bool events_authorise(struct app *app, struct exchange *x, const struct route *route, struct err *err)
{
	struct principal then, *now = arena_new(&x->arena, struct principal);
	if (now == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!ticket_use(app->tickets, exchange_query(x, "ticket"), &then, err) ||
		!people_again(app->people, &then, now, err))
		return false;
	x->principal = now;
	return principal_may(now, route->permission) ||
		   err_set(err, ERR_FORBIDDEN, "This needs the permission %s.", route->permission);
}

/* --- routes --- */

static const char *const event_stream[] = {MEDIA_EVENTS, NULL};
static const enum err_kind listen_errors[] = {ERR_HEADER_INVALID, ERR_OVERLOADED, ERR_NONE};
static const enum err_kind ticket_errors[] = {ERR_OVERLOADED, ERR_NONE};

static const struct route routes[] = {
	ROUTE(GET, "/api/v1/events", "task.read", EFFECT_READ, handle_events, .operation = "events.listen",
		  .summary = "What happens in your account, as server-sent events",
		  .doc = "Each event is a CloudEvents object; Last-Event-ID goes on where a stream ended. A topic is given to "
				 "who has its permission: countersign (countersign.read), files (file.read), projects "
				 "(project.read), signals (trade.read), budget (flow.read).",
		  .query = &query_table, .produces = event_stream, .bare = true, .errors = listen_errors),
	ROUTE(GET, "/api/v1/signals/stream", "trade.read", EFFECT_READ, handle_topic, .operation = "signals.stream",
		  .summary = "What becomes of signals, positions and guards, as server-sent events",
		  .doc = "The topic signals of /api/v1/events: signal.created, signal.status, approval.created, "
				 "position.opened, position.closed, guard.triggered and what else happens at the desk.",
		  .query = &topic_table, .produces = event_stream, .bare = true, .errors = listen_errors, .data = "signals"),
	ROUTE(POST, "/api/v1/events/tickets", "task.read", EFFECT_WRITE, handle_ticket, .operation = "events.ticket",
		  .summary = "A ticket with which a browser may listen, once", .result = &ticket_table, .status = 201,
		  .errors = ticket_errors),
};

static void count_streams(void *self, struct metrics_out *out)
{
	const struct app *app = self;
	metrics_sample(out, NULL, (double)events_streams(app->events));
}

void events_api_add(struct app *app)
{
	router_add(app->router, routes, sizeof routes / sizeof *routes, app);
	metrics_add(app->metrics, "sse_streams", METRICS_GAUGE, "Open streams of events", count_streams, app);
}
