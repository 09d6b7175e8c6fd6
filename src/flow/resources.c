/* Documents that definitions refer to: fetched once, and the same ever after [flow.md 2.1]. */
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "flow/domain/datum.h"
#include "flow/domain/trouble.h"
#include "flow/runner_internal.h"
#include "link/outgoing.h"
#include "seal/pack.h"

enum { RESOURCE_MAX = 16 << 20, FETCH_MS = 30000, TREE_CAP = 512 << 20 };

static struct datum *parse(const struct outgoing_answer *answer, struct trouble *trouble)
{
	struct err err;
	struct datum *datum = datum_parse(buf_text(&answer->body), answer->body.size, &err);
	if (datum != NULL)
		return datum;
	struct arena arena;
	const struct json *json;
	arena_init(&arena, TREE_CAP);
	if (yaml_parse(&arena, buf_text(&answer->body), answer->body.size, &json, &err))
		datum = datum_json(json);
	else
		trouble_set(trouble, TROUBLE_COMMUNICATION, "Unreadable resource", "%s", err.message);
	arena_fini(&arena);
	return datum;
}

static struct datum *fetch(struct runner *runner, const char *uri, struct trouble *trouble)
{
	const char *const headers[] = {"Accept: application/json, application/yaml, */*", NULL};
	const struct outgoing_request request = {
		.method = "GET", .url = uri, .headers = headers, .timeout_ms = FETCH_MS, .limit = RESOURCE_MAX};
	struct outgoing_answer answer;
	struct datum *datum = NULL;
	struct err err;
	outgoing_answer_init(&answer);
	if (!outgoing_ask(runner->options.outgoing, &request, &answer, &err)) {
		trouble_set(trouble, TROUBLE_COMMUNICATION, answer.refused ? "Address not allowed" : "No answer", "%s",
					err.message);
	} else if (answer.status < 200 || answer.status > 299) {
		trouble_set(trouble, TROUBLE_COMMUNICATION, "HTTP error", "GET %.300s answered %d.", uri, answer.status);
		trouble->status = answer.status;
	} else {
		datum = parse(&answer, trouble);
	}
	outgoing_answer_fini(&answer);
	return datum;
}

struct datum *resource_get(struct runner *runner, const char *uri, struct trouble *trouble)
{
	pthread_mutex_lock(&runner->lock);
	struct datum *datum = map_get(&runner->resources, uri);
	if (datum != NULL)
		datum_ref(datum);
	pthread_mutex_unlock(&runner->lock);
	if (datum != NULL)
		return datum;
	datum = fetch(runner, uri, trouble);
	if (datum == NULL)
		return NULL;
	datum_tree(datum); /* made before it is shared */
	void *old = NULL;
	pthread_mutex_lock(&runner->lock);
	must(map_set(&runner->resources, uri, datum_ref(datum), &old));
	pthread_mutex_unlock(&runner->lock);
	datum_unref(old);
	return datum;
}
