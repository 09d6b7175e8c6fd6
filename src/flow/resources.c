/*
 * Documents that definitions refer to [flow.md 2.1].  Schemas and functions of catalogs become part of the definition:
 * it is pinned to what was there when it was first opened to be run.  OpenAPI documents are fetched at their first use.
 */
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "crypt/digest.h"
#include "flow/domain/datum.h"
#include "flow/domain/trouble.h"
#include "flow/runner_internal.h"
#include "link/outgoing.h"
#include "seal/pack.h"
#include "store/store.h"

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
	if (datum != NULL)
		(void)datum_tree(datum); /* made before it is shared */
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
	void *old = NULL;
	pthread_mutex_lock(&runner->lock);
	must(map_set(&runner->resources, uri, datum_ref(datum), &old));
	pthread_mutex_unlock(&runner->lock);
	datum_unref(old);
	return datum;
}

/* --- pinned ones --- */

/* One document of one definition.  The first of a definition is in the map; a pin never changes and is never let go. */
struct pin {
	char *uri;
	struct datum *body;
	struct pin *next;
};

static const struct pin *pins_of(struct runner *runner, const char *definition_sha256)
{
	pthread_mutex_lock(&runner->lock);
	const struct pin *first = map_get(&runner->pins, definition_sha256);
	pthread_mutex_unlock(&runner->lock);
	return first;
}

static struct datum *pinned(const struct pin *pin, const char *uri)
{
	while (pin != NULL && strcmp(pin->uri, uri) != 0)
		pin = pin->next;
	return pin == NULL ? NULL : datum_ref(pin->body);
}

/* Two may have fetched it at once: the first one counts.  Returns what it is pinned to. */
static struct datum *add_pin(struct runner *runner, const char *definition_sha256, const char *uri, struct datum *body)
{
	void *before = NULL;
	pthread_mutex_lock(&runner->lock);
	struct pin *first = map_get(&runner->pins, definition_sha256);
	struct datum *there = pinned(first, uri);
	if (there == NULL) {
		struct pin *pin = calloc(1, sizeof *pin);
		must(pin != NULL);
		*pin = (struct pin){.uri = strdup(uri), .body = datum_ref(body), .next = first};
		must(pin->uri != NULL);
		must(map_set(&runner->pins, definition_sha256, pin, &before));
		there = datum_ref(body);
	}
	pthread_mutex_unlock(&runner->lock);
	return there;
}

struct datum *resource_pin(struct runner *runner, const char *definition_sha256, const char *uri,
						   struct trouble *trouble)
{
	struct datum *there = pinned(pins_of(runner, definition_sha256), uri);
	if (there != NULL)
		return there;
	struct datum *body = fetch(runner, uri, trouble);
	if (body == NULL)
		return NULL;
	there = add_pin(runner, definition_sha256, uri, body);
	datum_unref(body);
	return there;
}

static bool keep(struct db *db, const char *definition_sha256, const struct pin *pin, struct err *err)
{
	char sha256[65];
	size_t size;
	const char *body = datum_bytes(pin->body, &size);
	sha256_hex(body, size, sha256);
	return db_run(db, err,
				  "INSERT INTO flow_resources (resource_sha256, body) VALUES ($1, $2) "
				  "ON CONFLICT (resource_sha256) DO NOTHING",
				  V_TEXT(sha256), V_TEXT(body)) &&
		   db_run(db, err,
				  "INSERT INTO flow_pins (definition_sha256, uri, resource_sha256) VALUES ($1, $2, $3) "
				  "ON CONFLICT (definition_sha256, uri) DO NOTHING",
				  V_TEXT(definition_sha256), V_TEXT(pin->uri), V_TEXT(sha256));
}

bool resources_keep(struct runner *runner, struct db *db, const char *definition_sha256, struct err *err)
{
	const struct pin *pin = pins_of(runner, definition_sha256);
	while (pin != NULL && keep(db, definition_sha256, pin, err))
		pin = pin->next;
	return pin == NULL;
}

static bool take_pin(struct runner *runner, const struct db_rows *row, struct err *err)
{
	const char *body = db_text(row, 2);
	struct datum *datum = datum_parse(body, strlen(body), err);
	if (datum == NULL)
		return false;
	(void)datum_tree(datum); /* made before it is shared */
	datum_unref(add_pin(runner, db_text(row, 0), db_text(row, 1), datum));
	datum_unref(datum);
	return true;
}

bool resources_load(struct runner *runner, struct err *err)
{
	struct db *db = store_read(runner->options.store);
	struct db_rows rows;
	bool good = db_query(db, &rows, err,
						 "SELECT p.definition_sha256, p.uri, r.body FROM flow_pins p JOIN flow_resources r "
						 "ON r.resource_sha256 = p.resource_sha256 ORDER BY p.definition_sha256, p.uri");
	if (good) {
		while (good && db_next(&rows))
			good = take_pin(runner, &rows, err);
		good = db_end(&rows, good ? err : NULL) && good;
	}
	store_read_end(runner->options.store, db);
	return good;
}

void resources_free(struct runner *runner)
{
	const char *key;
	size_t size;
	void *value;
	for (size_t at = 0; map_next(&runner->resources, &at, &key, &size, &value);)
		datum_unref(value);
	for (size_t at = 0; map_next(&runner->pins, &at, &key, &size, &value);)
		for (struct pin *pin = value, *next; pin != NULL; pin = next) {
			next = pin->next;
			datum_unref(pin->body);
			free(pin->uri);
			free(pin);
		}
	map_fini(&runner->resources);
	map_fini(&runner->pins);
}
