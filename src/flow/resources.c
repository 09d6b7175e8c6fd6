/*
 * Documents that definitions refer to [flow.md 2.1].  Schemas, functions of catalogs and scripts become part of the
 * definition: it is pinned to what was there when it was first opened to be run.  OpenAPI documents are pinned when it
 * is published or started; what an address leads to that is an expression, at its first use.
 */
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/log.h"
#include "core/must.h"
#include "core/utf8.h"
#include "crypt/digest.h"
#include "expr/expr.h"
#include "flow/credentials.h"
#include "flow/definition.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/trouble.h"
#include "flow/oauth.h"
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

/* The bytes as they came. */
static struct datum *text_of(const struct outgoing_answer *answer, struct trouble *trouble)
{
	const char *bytes = buf_text(&answer->body);
	size_t size = answer->body.size;
	struct buf text;
	struct jw jw;
	if (size > DATUM_MAX || memchr(bytes, '\0', size) != NULL || !utf8_valid(bytes, size)) {
		trouble_set(trouble, TROUBLE_COMMUNICATION, "Unreadable resource",
					"A script is UTF-8, without NUL, at most 4 MiB.");
		return NULL;
	}
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_strn(&jw, bytes, size);
	return datum_take_buf(&text);
}

/* --- being let in --- */

static bool say(struct trouble *trouble, const struct err *err)
{
	return trouble_set(trouble, TROUBLE_EXPRESSION, "Expression failed", "%s", err->message);
}

/*
 * A policy as it is before any run: of the variables of expressions there is $secrets only.  NULL sets *trouble.
 */
static struct datum *evaluate(struct runner *runner, const struct json *policy, struct trouble *trouble)
{
	struct datum *secrets = runner->options.secrets, *answer = NULL;
	const struct json *args[EXPR_ARGS] = {[EXPR_SECRETS] = secrets == NULL ? NULL : datum_tree(secrets)}, *found;
	const struct expr_input input = {.args = args, .count = EXPR_ARGS, .now_us = runner_now_us(runner)};
	struct expr_book *book = expr_book_new();
	struct arena arena;
	struct faults faults;
	struct err err;
	arena_init(&arena, TREE_CAP);
	faults_init(&faults, &arena);
	const struct expr *expr = expr_book_add(book, "", policy, EXPR_STRICT);
	if (!expr_book_seal(book, runner->options.expr, &faults, &err))
		trouble_set(trouble, TROUBLE_EXPRESSION, "Expression failed", "%s",
					faults.first != NULL ? faults.first->message : err.message);
	else if (expr_eval(runner->options.expr, expr, &input, &arena, &found, &err))
		answer = datum_json(found);
	else
		say(trouble, &err);
	expr_book_free(book);
	arena_fini(&arena);
	return answer;
}

static bool let_in(struct runner *runner, const struct json *policy, struct credentials *credentials,
				   struct trouble *trouble)
{
	const struct runner_options *o = &runner->options;
	struct oauth_question question = {.outgoing = o->outgoing, .env = o->env, .timeout_ms = FETCH_MS};
	if (policy == NULL)
		return true;
	struct datum *evaluated = evaluate(runner, policy, trouble);
	bool good = evaluated != NULL &&
				credentials_read(credentials, datum_tree(evaluated), o->secrets == NULL ? NULL : datum_tree(o->secrets),
								 runner->oauth, &question, trouble);
	datum_unref(evaluated);
	return good;
}

/* --- fetching --- */

static struct datum *ask(struct runner *runner, const struct outgoing_request *request, bool text,
						 struct trouble *trouble)
{
	struct outgoing_answer answer;
	struct datum *datum = NULL;
	struct err err;
	outgoing_answer_init(&answer);
	if (!outgoing_ask(runner->options.outgoing, request, &answer, &err)) {
		trouble_set(trouble, TROUBLE_COMMUNICATION, answer.refused ? "Address not allowed" : "No answer", "%s",
					err.message);
	} else if (answer.status < 200 || answer.status > 299) {
		trouble_set(trouble, TROUBLE_COMMUNICATION, "HTTP error", "GET %.300s answered %d.", request->url,
					answer.status);
		trouble->status = answer.status;
	} else {
		datum = text ? text_of(&answer, trouble) : parse(&answer, trouble);
	}
	if (datum != NULL)
		(void)datum_tree(datum); /* made before it is shared */
	outgoing_answer_fini(&answer);
	return datum;
}

static struct datum *fetch(struct runner *runner, const struct resource *resource, struct trouble *trouble)
{
	struct credentials credentials = {.digest_user = NULL};
	struct arena arena;
	struct datum *datum = NULL;
	arena_init(&arena, 1 << 20);
	if (let_in(runner, resource->authentication, &credentials, trouble)) {
		bool proves = credentials.authorization.size > 0;
		const char *const headers[] = {
			resource->text ? "Accept: text/*, */*" : "Accept: application/json, application/yaml, */*",
			proves ? arena_printf(&arena, "Authorization: %s", buf_text(&credentials.authorization)) : NULL, NULL};
		const struct outgoing_request request = {.method = "GET",
												 .url = resource->uri,
												 .headers = headers,
												 .timeout_ms = FETCH_MS,
												 .limit = RESOURCE_MAX,
												 .digest_user = credentials.digest_user,
												 .digest_password = credentials.digest_password};
		datum = ask(runner, &request, resource->text, trouble);
	}
	credentials_fini(&credentials);
	arena_fini(&arena);
	return datum;
}

/* --- pinned ones --- */

/* One document of one definition.  The first of a definition is in the map; a pin never changes and is never let go. */
struct pin {
	char *uri;
	struct datum *body; /* NULL: what the store has of it cannot be read */
	struct pin *next;
};

static const struct pin *pins_of(struct runner *runner, const char *definition_sha256)
{
	runner_lock(runner);
	const struct pin *first = map_get(&runner->pins, definition_sha256);
	runner_unlock(runner);
	return first;
}

static const struct pin *find(const struct pin *pin, const char *uri)
{
	while (pin != NULL && strcmp(pin->uri, uri) != 0)
		pin = pin->next;
	return pin;
}

/* Two may have fetched it at once: the first one counts. */
static const struct pin *add_pin(struct runner *runner, const char *definition_sha256, const char *uri,
								 struct datum *body)
{
	void *before = NULL;
	runner_lock(runner);
	struct pin *first = map_get(&runner->pins, definition_sha256);
	const struct pin *there = find(first, uri);
	if (there == NULL) {
		struct pin *pin = calloc(1, sizeof *pin);
		must(pin != NULL);
		*pin = (struct pin){.uri = strdup(uri), .body = body == NULL ? NULL : datum_ref(body), .next = first};
		must(pin->uri != NULL);
		must(map_set(&runner->pins, definition_sha256, pin, &before));
		there = pin;
	}
	runner_unlock(runner);
	return there;
}

/* A new reference.  What was pinned is not asked for anew: it would be another document under the same definition. */
static struct datum *body_of(const struct pin *pin, struct trouble *trouble)
{
	if (pin->body != NULL)
		return datum_ref(pin->body);
	trouble_set(trouble, TROUBLE_RUNTIME, "Unreadable resource",
				"What the store has of %.300s is damaged: see the log of the server's start.", pin->uri);
	return NULL;
}

struct datum *resource_pin(struct runner *runner, const char *definition_sha256, const struct resource *resource,
						   struct trouble *trouble)
{
	const struct pin *there = find(pins_of(runner, definition_sha256), resource->uri);
	if (there != NULL)
		return body_of(there, trouble);
	struct datum *body = fetch(runner, resource, trouble);
	if (body == NULL)
		return NULL;
	there = add_pin(runner, definition_sha256, resource->uri, body);
	datum_unref(body);
	return body_of(there, trouble);
}

bool resources_pin(struct runner *runner, const struct definition *definition, struct definition_problems *problems)
{
	const struct ir *ir = definition_ir(definition);
	bool good = true;
	for (size_t i = 0; i < ir->resources_count; i++) {
		const struct resource wanted = {ir->resources[i].uri, ir->resources[i].authentication, false};
		struct trouble trouble;
		if (ir->resources[i].kind != IR_OPENAPI_DOCUMENT || wanted.uri == NULL)
			continue;
		struct datum *there = resource_pin(runner, definition_sha256(definition), &wanted, &trouble);
		if (there == NULL)
			definition_unavailable(problems, &ir->resources[i], &trouble);
		good = good && there != NULL;
		datum_unref(there);
	}
	return good;
}

static void nothing(const struct db_rows *row, void *self)
{
	(void)row, (void)self;
}

static bool keep(struct db *db, const char *definition_sha256, const struct pin *pin, struct err *err)
{
	char sha256[65];
	size_t size;
	bool kept;
	if (!db_one(db, err, &kept, nothing, NULL, "SELECT 1 FROM flow_pins WHERE definition_sha256 = $1 AND uri = $2",
				V_TEXT(definition_sha256), V_TEXT(pin->uri)))
		return false;
	if (kept)
		return true;
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

bool resources_apply(struct live *live, struct db *db, struct err *err)
{
	return !live->documents || resources_keep(live->runner, db, definition_sha256(live->definition), err);
}

/* One that cannot be read keeps what needs it from running, and nothing else. */
static void take_pin(struct runner *runner, const struct db_rows *row)
{
	const char *body = db_text(row, 2);
	struct err err = {.kind = ERR_NONE};
	struct datum *datum = datum_parse(body, strlen(body), &err);
	if (datum == NULL) {
		runner->damaged++;
		log_warn("flow: a stored document cannot be read: what needs it does not run",
				 log_str("table", "flow_resources"), log_str("key", db_text(row, 3)), log_str("uri", db_text(row, 1)),
				 log_str("definition", db_text(row, 0)), log_str("error", err.message));
	}
	(void)add_pin(runner, db_text(row, 0), db_text(row, 1), datum);
	datum_unref(datum);
}

bool resources_load(struct runner *runner, struct err *err)
{
	struct db *db = store_read(runner->options.store);
	struct db_rows rows;
	bool good =
		db_query(db, &rows, err,
				 "SELECT p.definition_sha256, p.uri, r.body, r.resource_sha256 FROM flow_pins p JOIN flow_resources r "
				 "ON r.resource_sha256 = p.resource_sha256 ORDER BY p.definition_sha256, p.uri");
	while (good && db_next(&rows))
		take_pin(runner, &rows);
	good = good && db_end(&rows, err);
	store_read_end(runner->options.store, db);
	return good;
}

size_t resources_damaged(const struct runner *runner)
{
	return runner->damaged;
}

void resources_free(struct runner *runner)
{
	const char *key;
	size_t size;
	void *value;
	for (size_t at = 0; map_next(&runner->pins, &at, &key, &size, &value);)
		for (struct pin *pin = value, *next; pin != NULL; pin = next) {
			next = pin->next;
			datum_unref(pin->body);
			free(pin->uri);
			free(pin);
		}
	map_fini(&runner->pins);
}
