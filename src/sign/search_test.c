#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/must.h"
#include "sign/domain/words.h"
#include "sign/project_fixture.h"
#include "sign/search.h"
#include "sign/search_call.h"

/* Search by OpenSearch, and by the store when that fails [sign.md 5, 10.16]. */

enum { DOCUMENTS = 16, TEXT = 1024 };

/* An engine that keeps documents and finds them as ours are asked for: filters, and words that begin words. */
struct engine {
	struct project_fixture *f;
	struct document {
		char id[64], text[TEXT];
	} documents[DOCUMENTS];
	size_t count;
	bool index, filled;
	int version;        /* of what was there before; 0: ours */
	int fails;          /* the next calls that get 503 */
	bool hangs;         /* no answer in time */
	int refuses;        /* the status of the next document; 0: it is taken */
	const char *says;   /* the answer to every question */
	const char *colour; /* of its health; NULL: green */
	int questions, puts, deletes;
	char asked[TEXT];
};

static const struct json *parsed(struct engine *e, const char *text, size_t size)
{
	const struct json *json = NULL;
	must(json_parse(&e->f->arena, text, size, &json_body_limits, &json, NULL));
	return json;
}

static void keep(struct engine *e, const char *id, const char *text, size_t size)
{
	size_t at = 0;
	while (at < e->count && strcmp(e->documents[at].id, id) != 0)
		at++;
	must(at < DOCUMENTS && size < TEXT);
	snprintf(e->documents[at].id, sizeof e->documents[at].id, "%s", id);
	snprintf(e->documents[at].text, TEXT, "%.*s", (int)size, text);
	e->count += at == e->count;
}

static void take_bulk(struct engine *e, const char *lines)
{
	while (*lines != '\0') {
		size_t head = strcspn(lines, "\n"), body = strcspn(lines + head + 1, "\n");
		keep(e, json_text(json_get(parsed(e, lines, head), "index"), "_id"), lines + head + 1, body);
		lines += head + body + 2;
	}
}

static bool begins(const struct json *document, const char *word)
{
	static const char *const fields[] = {"name", "customer", "description", "site_name", "street"};
	struct words words = {.count = 0};
	bool found = false;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		words_add(&words, json_text(document, fields[i]));
	for (size_t i = 0; i < words.count; i++)
		found = found || strncmp(words.items[i], word, strlen(word)) == 0;
	return found;
}

static bool is_hit(const struct json *query, const struct json *document)
{
	const struct json *filters = json_get(query, "filter"), *must_have = json_get(query, "must");
	for (uint32_t i = 0; i < filters->count; i++) {
		const struct json *term = json_get(&filters->items[i], "term");
		const char *has = json_text(document, term->members[0].name);
		if (has == NULL || strcmp(has, term->members[0].value.text) != 0)
			return false;
	}
	for (uint32_t i = 0; i < must_have->count; i++)
		if (!begins(document, json_text(json_get(&must_have->items[i], "multi_match"), "query")))
			return false;
	return true;
}

/* All weigh the same, so the newest come first; a page begins behind the id of search_after. */
static void find(struct engine *e, const char *body, struct buf *answer)
{
	const struct json *question = parsed(e, body, strlen(body)), *after = json_get(question, "search_after");
	const struct json *query = json_get(json_get(question, "query"), "bool");
	int64_t left = json_get(question, "size")->integer;
	const char *below = after != NULL ? after->items[1].text : "q";
	buf_adds(answer, "{\"hits\":{\"hits\":[");
	for (bool first = true; left > 0; left--, first = false) {
		const char *best = "";
		for (size_t i = 0; i < e->count; i++)
			if (strcmp(e->documents[i].id, below) < 0 && strcmp(e->documents[i].id, best) > 0 &&
				is_hit(query, parsed(e, e->documents[i].text, strlen(e->documents[i].text))))
				best = e->documents[i].id;
		if (*best == '\0')
			break;
		buf_addf(answer, "%s{\"_id\":\"%s\",\"_score\":1.5,\"sort\":[1.5,\"%s\"]}", first ? "" : ",", best, best);
		below = best;
	}
	buf_adds(answer, "]}}");
}

static int answer_index(struct engine *e, const struct sign_search_call *call, struct buf *answer)
{
	bool mapping = strcmp(call->path, "/projects/_mapping") == 0;
	if (strcmp(call->method, "PUT") == 0) {
		e->index = true;
		e->filled = mapping;
		e->version = 0;
		assert_non_null(strstr(call->body, mapping ? "\"filled\":true" : "\"filled\":false"));
	} else if (strcmp(call->method, "DELETE") == 0) {
		e->index = false;
		e->count = 0;
	} else if (e->index) {
		buf_addf(answer, "{\"projects\":{\"mappings\":{\"_meta\":{\"version\":%d,\"filled\":%s}}}}",
				 e->version > 0 ? e->version : SEARCH_VERSION, e->filled ? "true" : "false");
	} else {
		return 404;
	}
	return 200;
}

static int answer_document(struct engine *e, const struct sign_search_call *call, struct buf *answer)
{
	char id[64] = "";
	snprintf(id, sizeof id, "%.*s", (int)strcspn(call->path + 15, "?"), call->path + 15);
	if (e->refuses != 0) {
		int status = e->refuses;
		e->refuses = 0;
		buf_adds(answer, "{\"error\":{\"type\":\"mapper_parsing_exception\",\"reason\":\"failed to parse [name]\"}}");
		return status;
	}
	if (strcmp(call->method, "PUT") == 0) {
		e->puts++;
		assert_non_null(strstr(call->path, "version_type=external_gte"));
		keep(e, id, call->body, strlen(call->body));
		return 201;
	}
	e->deletes++;
	for (size_t i = 0; i < e->count; i++)
		if (strcmp(e->documents[i].id, id) == 0)
			e->documents[i] = e->documents[--e->count];
	return 200;
}

static bool engine_call(void *self, const struct sign_search_call *call, int *status, struct buf *answer,
						struct err *err)
{
	struct engine *e = self;
	bool question = strcmp(call->path, "/projects/_search") == 0;
	e->questions += question;
	assert_in_range(call->timeout_ms, 1, SEARCH_WRITE_MS);
	if (e->hangs)
		return err_set(err, ERR_DEADLINE, "no answer in time");
	*status = 200;
	if (e->fails > 0) {
		e->fails--;
		*status = 503;
	} else if (strcmp(call->path, "/_cluster/health") == 0) {
		buf_addf(answer, "{\"cluster_name\":\"c\",\"status\":\"%s\"}", e->colour != NULL ? e->colour : "green");
	} else if (question && e->says != NULL) {
		buf_adds(answer, e->says);
	} else if (question && !e->index) {
		*status = 404;
	} else if (question) {
		snprintf(e->asked, sizeof e->asked, "%s", call->body);
		find(e, call->body, answer);
	} else if (strcmp(call->path, "/projects/_bulk") == 0) {
		take_bulk(e, call->body);
		buf_adds(answer, "{\"errors\":false,\"items\":[]}");
	} else if (strncmp(call->path, "/projects/_doc/", 15) == 0) {
		*status = answer_document(e, call, answer);
	} else {
		*status = answer_index(e, call, answer);
	}
	return true;
}

/* --- what is asked --- */

static void work_off(struct project_fixture *f)
{
	struct err err;
	for (bool worked = true; worked;) {
		fixture_work(f);
		worked = search_fill_step(f->sign, &worked, &err) && worked;
	}
}

static void with_engine(struct project_fixture *f, struct engine *e)
{
	e->f = f;
	f->search = engine_call;
	f->search_self = e;
	fixture_reopen(f, false, true);
}

static const char *make(struct project_fixture *f, const char *name)
{
	const char *body = arena_printf(&f->arena, "{\"name\":\"%s\",\"customer\":\"Joe\"}", name);
	assert_int_equal(fixture_ask(f, "ann", "POST", "/projects", body, NULL), 201);
	env_sim_advance(&f->env, 1000000);
	return fixture_text(f, "result.project_id");
}

static uint32_t count_of(struct project_fixture *f, const char *query)
{
	assert_int_equal(fixture_ask(f, "ann", "GET", arena_printf(&f->arena, "/projects?%s", query), NULL, NULL), 200);
	return fixture_at(f, "result.items")->count;
}

static void expect_engine(struct project_fixture *f)
{
	assert_false(fixture_at(f, "trace.search.fallback")->boolean);
	assert_true(fixture_number_at(f, "trace.search.index_version") == SEARCH_VERSION);
	assert_int_equal(fixture_at(f, "warnings")->count, 0);
}

static void expect_fallback(struct project_fixture *f, const char *reason)
{
	assert_true(fixture_at(f, "trace.search.fallback")->boolean);
	assert_string_equal(fixture_text(f, "trace.search.reason"), reason);
	assert_string_equal(fixture_text(f, "warnings.0.code"), "search_fallback");
	assert_true(fixture_number_at(f, "confidence") == 1);
}

/* An index that is not there is made and filled from the store; then it follows every write. */
static void test_follows(void **state)
{
	struct project_fixture *f = *state;
	struct engine e = {.count = 0};
	make(f, "Corner diner"); /* before there was an engine */
	with_engine(f, &e);
	assert_int_equal(count_of(f, "q=diner"), 1);
	expect_fallback(f, "index_missing");
	work_off(f);
	assert_true(e.index && e.filled);
	assert_int_equal(count_of(f, "q=diner"), 1);
	expect_engine(f);
	const char *id = make(f, "Second diner");
	const char *const headers[] = {"If-Match", loopback_header(&f->answer, "ETag"), NULL};
	const char *const kept[] = {headers[0], arena_dup(&f->arena, headers[1]), NULL};
	work_off(f);
	assert_int_equal(count_of(f, "q=DIN+joe"), 2);
	assert_string_equal(fixture_text(f, "result.items.0.name"), "Second diner");
	expect_engine(f);
	assert_non_null(strstr(e.asked, "\"name^2\",\"customer\",\"description\",\"site_name\",\"street\""));
	assert_non_null(strstr(e.asked, "\"account_id\":\"01900000-0000-7000-8000-00000000000a\""));
	const char *path = arena_printf(&f->arena, "/projects/%s", id);
	assert_int_equal(fixture_ask(f, "ann", "PUT", path, "{\"name\":\"Bank\"}", kept), 200);
	const char *const next[] = {"If-Match", arena_dup(&f->arena, loopback_header(&f->answer, "ETag")), NULL};
	work_off(f);
	assert_int_equal(count_of(f, "q=diner"), 1);
	assert_int_equal(count_of(f, "q=bank&status=draft"), 1);
	assert_int_equal(count_of(f, "q=bank&status=accepted"), 0);
	expect_engine(f);
	assert_int_equal(fixture_ask(f, "adam", "DELETE", path, NULL, next), 204);
	work_off(f);
	assert_int_equal(e.deletes, 1);
	assert_int_equal(e.count, 1);
	assert_int_equal(fixture_ask(f, "eve", "GET", "/projects?q=diner", NULL, NULL), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, 0);
	assert_true(fixture_chain_sound(f));
}

/* Whatever the engine does, the rows are right: three tries, then the store, with the reason. */
static void test_fails(void **state)
{
	struct project_fixture *f = *state;
	struct engine e = {.count = 0};
	with_engine(f, &e);
	make(f, "Corner diner");
	work_off(f);
	e.fails = 2;
	assert_int_equal(count_of(f, "q=diner"), 1);
	expect_engine(f);
	assert_int_equal(e.questions, 3);
	e.hangs = true;
	assert_int_equal(count_of(f, "q=diner"), 1);
	expect_fallback(f, "timeout");
	e.hangs = false;
	static const char *const bad[] = {"", "[]", "{\"hits\":{\"hits\":[{\"_id\":7}]}}", "not JSON", "{\"hits\":{}}"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		e.says = bad[i];
		assert_int_equal(count_of(f, "q=diner"), 1);
		expect_fallback(f, "bad_answer");
	}
	e.says = NULL;
	e.fails = 3;
	assert_int_equal(count_of(f, "q=diner"), 1);
	expect_fallback(f, "unavailable");
	e.fails = 2;
	e.questions = 0;
	assert_int_equal(count_of(f, "q=diner"), 1);
	assert_int_equal(e.questions, 2); /* five in a row: the breaker is open */
	assert_int_equal(count_of(f, "q=diner"), 1);
	expect_fallback(f, "circuit_open");
	assert_int_equal(e.questions, 2);
	env_sim_advance(&f->env, 61000000);
	assert_int_equal(count_of(f, "q=diner"), 1);
	expect_engine(f);
}

/* What the engine says of other accounts, of deleted and of unknown projects is not shown. */
static void test_not_believed(void **state)
{
	struct project_fixture *f = *state;
	struct engine e = {.count = 0};
	with_engine(f, &e);
	const char *mine = make(f, "Corner diner");
	assert_int_equal(fixture_ask(f, "eve", "POST", "/projects", "{\"name\":\"Diner\"}", NULL), 201);
	const char *hers = fixture_text(f, "result.project_id");
	work_off(f);
	e.says = arena_printf(
		&f->arena, "{\"hits\":{\"hits\":[{\"_id\":\"%s\"},{\"_id\":\"proj_x' OR 1\"},{\"_id\":\"%s\"}]}}", hers, mine);
	assert_int_equal(count_of(f, "q=diner"), 1);
	assert_string_equal(fixture_text(f, "result.items.0.project_id"), mine);
	expect_engine(f);
	assert_int_equal(count_of(f, "q=diner&status=accepted"), 0);
}

/* A mapping error is a dead letter at once, an outage after its tries; redelivered, the document is put. */
static void test_dead_letters(void **state)
{
	struct project_fixture *f = *state;
	struct engine e = {.count = 0};
	with_engine(f, &e);
	work_off(f);
	const char *id = make(f, "Corner diner");
	e.refuses = 400;
	work_off(f);
	assert_int_equal(e.puts, 0);
	assert_int_equal(fixture_ask(f, "adam", "GET", "/api/v1/dead-letters", NULL, NULL), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, 1);
	assert_string_equal(fixture_text(f, "result.items.0.name"), "projects.search.index");
	assert_true(fixture_number_at(f, "result.items.0.attempts") == 1);
	assert_string_equal(fixture_text(f, "result.items.0.error"),
						"the search engine answered 400: failed to parse [name]");
	const char *letter = fixture_text(f, "result.items.0.dead_letter_id");
	assert_int_equal(fixture_ask(f, "ann", "GET", arena_printf(&f->arena, "/projects/%s/events", id), NULL, NULL), 200);
	assert_string_equal(fixture_text(f, "result.items.0.type"), "projects.search.index.failed");
	assert_int_equal(fixture_ask(f, "adam", "POST",
								 arena_printf(&f->arena, "/api/v1/dead-letters/%s/redeliver", letter), NULL, NULL),
					 202);
	work_off(f);
	assert_int_equal(e.puts, 1);
	assert_int_equal(count_of(f, "q=diner"), 1);
	expect_engine(f);
	make(f, "Bank");
	e.fails = 1000;
	for (int i = 0; i < 20; i++) {
		work_off(f);
		env_sim_advance(&f->env, 91000000);
	}
	e.fails = 0;
	assert_int_equal(fixture_ask(f, "adam", "GET", "/api/v1/dead-letters", NULL, NULL), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, 1);
	assert_true(fixture_number_at(f, "result.items.0.attempts") == 5);
	assert_int_equal(count_of(f, "q=bank"), 0); /* the copy is behind, and says so by its dead letter */
}

/* A list goes on with whoever began it. */
static void test_pages(void **state)
{
	struct project_fixture *f = *state;
	struct engine e = {.count = 0};
	with_engine(f, &e);
	for (int i = 0; i < 5; i++)
		make(f, arena_printf(&f->arena, "Diner %d", i));
	assert_int_equal(count_of(f, "q=diner&limit=2"), 2); /* by the store: there is no index yet */
	const char *by_store = fixture_text(f, "result.next_cursor");
	work_off(f);
	assert_int_equal(count_of(f, arena_printf(&f->arena, "q=diner&limit=2&cursor=%s", by_store)), 2);
	expect_fallback(f, "continued");
	assert_string_equal(fixture_text(f, "result.items.0.name"), "Diner 2");
	int seen = 0;
	for (const char *query = "q=diner&limit=2"; query != NULL;) {
		uint32_t count = count_of(f, query);
		expect_engine(f);
		for (uint32_t i = 0; i < count; i++, seen++)
			assert_string_equal(fixture_text(f, arena_printf(&f->arena, "result.items.%u.name", i)),
								arena_printf(&f->arena, "Diner %d", 4 - seen));
		const char *cursor = fixture_text(f, "result.next_cursor");
		query = cursor[0] != '\0' ? arena_printf(&f->arena, "q=diner&limit=2&cursor=%s", cursor) : NULL;
	}
	assert_int_equal(seen, 5);
	assert_int_equal(count_of(f, "q=diner&limit=2"), 2);
	const char *by_engine =
		arena_printf(&f->arena, "/projects?q=diner&limit=2&cursor=%s", fixture_text(f, "result.next_cursor"));
	e.hangs = true;
	assert_int_equal(fixture_ask(f, "ann", "GET", by_engine, NULL, NULL), 400);
	assert_string_equal(fixture_text(f, "code"), "cursor_invalid");
	assert_int_equal(fixture_ask(f, "eve", "GET", by_engine, NULL, NULL), 400);
}

/* An index of another version is made anew; one that was taken away too. */
static void test_rebuilt(void **state)
{
	struct project_fixture *f = *state;
	struct engine e = {.count = 0};
	with_engine(f, &e);
	make(f, "Corner diner");
	work_off(f);
	e.index = e.filled = false; /* somebody deleted it */
	e.count = 0;
	assert_int_equal(count_of(f, "q=diner"), 1);
	expect_fallback(f, "index_missing");
	work_off(f);
	assert_int_equal(count_of(f, "q=diner"), 1);
	expect_engine(f);
	e.filled = false; /* a filling was cut short: after a start it goes on */
	e.count = 0;
	fixture_reopen(f, false, true);
	work_off(f);
	assert_int_equal(e.count, 1);
	assert_true(e.filled);
	e.version = SEARCH_VERSION + 1;
	keep(&e, "proj_old", "{}", 2);
	fixture_reopen(f, false, true);
	work_off(f);
	assert_int_equal(e.count, 1);
	assert_int_equal(count_of(f, "q=diner"), 1);
	expect_engine(f);
}

/* [P-11.1] For the health check: asked past the circuit breaker, which its failures do not open. */
static void test_says_how_it_is(void **state)
{
	struct project_fixture *f = *state;
	struct engine e = {.colour = "yellow"};
	char colour[16] = "";
	struct err err;
	with_engine(f, &e);
	assert_true(sign_search_status(f->sign, colour, &err));
	assert_string_equal(colour, "yellow");
	e.fails = 10;
	for (int i = 0; i < 10; i++)
		assert_false(sign_search_status(f->sign, colour, &err));
	assert_string_equal(err.message, "the search engine answered 503");
	assert_true(sign_search_status(f->sign, colour, &err));
	e.hangs = true;
	assert_false(sign_search_status(f->sign, colour, &err));
	assert_int_equal(err.kind, ERR_DEADLINE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, project_fixture_new, project_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_follows),       TEST(test_fails), TEST(test_not_believed),
									   TEST(test_dead_letters),  TEST(test_pages), TEST(test_rebuilt),
									   TEST(test_says_how_it_is)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
