#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/err.h"
#include "flow/agents_fixture.h"
#include "flow/domain/memory.h"
#include "flow/memory.h"
#include "flow/memory_repo.h"
#include "store/store.h"

#define MEMORY "/api/v1/flow/memory"
#define assert_number(a, b) assert_true(fabs((a) - (b)) < 1e-6)

static const char *keep(struct agents_fixture *f, const char *content, const char *more)
{
	assert_int_equal(
		fixture_ask(f, "ops", "POST", MEMORY "/working", "{\"agent_id\":\"a\",\"content\":\"%s\"%s}", content, more),
		201);
	return fixture_keep(f, "result.memory_id");
}

static int one(struct agents_fixture *f, const char *who, const char *method, const char *id, const char *rest,
			   const char *body)
{
	return fixture_ask(f, who, method, arena_printf(&f->arena, MEMORY "/%s%s", id, rest), body == NULL ? NULL : "%s",
					   body);
}

static double count_of(struct agents_fixture *f, const char *what)
{
	assert_int_equal(fixture_ask(f, "vic", "GET", MEMORY "/statistics/a", NULL), 200);
	return fixture_number_at(f, arena_printf(&f->arena, "result.%s", what));
}

static bool make_equal(struct db *db, void *self, struct err *err)
{
	return db_run(db, err, self);
}

static int64_t number_of(struct agents_fixture *f, const char *sql)
{
	struct db_rows rows;
	struct err err;
	struct db *db = store_read(f->store);
	assert_true(db_query(db, &rows, &err, sql) && db_next(&rows));
	int64_t number = db_int(&rows, 0);
	assert_true(db_end(&rows, &err));
	store_read_end(f->store, db);
	return number;
}

static void a_memory_is_stored_read_changed_and_forgotten(void **state)
{
	struct agents_fixture *f = *state;
	const char *id =
		keep(f, "The gate opens at six.", ",\"importance_score\":0.8,\"tags\":[\"gate\"],\"metadata\":{\"n\":1}");
	assert_string_equal(fixture_text(f, "result.tier"), "l1");
	assert_false(fixture_true(f, "result.deduplicated"));
	assert_int_equal(one(f, "vic", "GET", id, "", NULL), 200);
	assert_number(fixture_number_at(f, "result.access_count"), 1);
	assert_int_equal(one(f, "ops", "PATCH", id, "", "{\"importance_score\":0.2,\"tags\":[]}"), 200);
	assert_number(fixture_number_at(f, "result.importance_score"), .2);
	assert_number(fixture_number_at(f, "result.metadata.n"), 1);
	assert_int_equal(fixture_ask(f, "vic", "GET", MEMORY "/working/a?min_importance=0.3", NULL), 200);
	assert_int_equal(fixture_at(f, "result.memories")->count, 0);
	assert_int_equal(fixture_ask(f, "vic", "GET", "/api/v3/memory/working/a", NULL), 200);
	assert_number(fixture_number_at(f, "result.memories.0.access_count"), 2);
	assert_int_equal(one(f, "eve", "GET", id, "", NULL), 404);
	assert_int_equal(one(f, "vic", "DELETE", id, "", NULL), 403);
	assert_int_equal(one(f, "ops", "DELETE", id, "", NULL), 204);
	assert_int_equal(one(f, "vic", "GET", id, "", NULL), 404);
	assert_int_equal(one(f, "vic", "GET", id, "/events", NULL), 200);
	assert_int_equal(fixture_at(f, "result.events")->count, 3);
	assert_string_equal(fixture_text(f, "result.events.2.kind"), "deleted");
	assert_number(count_of(f, "l1_count"), 0);
	assert_true(fixture_chain_sound(f));
}

static void bad_bodies_are_refused(void **state)
{
	static const struct {
		const char *body, *pointer, *code;
	} rows[] = {
		{"{\"content\":\"x\"}", "/agent_id", "required"},
		{"{\"agent_id\":\"a\",\"content\":\"\"}", "/content", "length"},
		{"{\"agent_id\":\"a\",\"content\":\"  \"}", "/content", "length"},
		{"{\"agent_id\":\"a\",\"content\":\"x\",\"importance_score\":1.1}", "/importance_score", "range"},
		{"{\"agent_id\":\"a\",\"content\":\"x\",\"memory_type\":\"dream\"}", "/memory_type", "enum"},
		{"{\"agent_id\":\"a\",\"content\":\"x\",\"expires_at\":\"2020-01-01T00:00:00Z\"}", "/expires_at", "range"},
		{"{\"agent_id\":\"a\",\"content\":\"x\",\"embedding\":{\"vector\":[]}}", "/embedding/vector", "count"},
	};
	struct agents_fixture *f = *state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(fixture_ask(f, "ops", "POST", MEMORY "/store", "%s", rows[i].body), 422);
		assert_string_equal(fixture_text(f, "errors.0.pointer"), rows[i].pointer);
		assert_string_equal(fixture_text(f, "errors.0.code"), rows[i].code);
	}
	keep(f, "x", ",\"embedding\":{\"vector\":[1,0]}");
	assert_int_equal(fixture_ask(f, "ops", "POST", MEMORY "/store",
								 "{\"agent_id\":\"a\",\"content\":\"y\",\"embedding\":{\"vector\":[1,0,0]}}"),
					 422);
	assert_int_equal(fixture_ask(f, "ops", "POST", MEMORY "/search", "{\"agent_id\":\"a\",\"query_embedding\":[1]}"),
					 422);
	assert_int_equal(fixture_ask(f, "ops", "POST", MEMORY "/search", "{\"agent_id\":\"a\"}"), 422);
	assert_int_equal(
		fixture_ask(f, "ops", "POST", MEMORY "/search", "{\"agent_id\":\"a\",\"text\":\"x\",\"mode\":\"hybrid\"}"),
		422);
	assert_string_equal(fixture_text(f, "errors.0.pointer"), "/query_embedding");
	assert_int_equal(fixture_ask(f, "ops", "POST", MEMORY "/search", "{\"agent_id\":\"a\",\"query_embedding\":[0,0]}"),
					 422);
	assert_string_equal(fixture_text(f, "errors.0.code"), "zero_norm");
}

static void the_same_fact_five_times_is_one_memory(void **state)
{
	struct agents_fixture *f = *state;
	const char *id = keep(f, "one  fact", ",\"importance_score\":0.4,\"tags\":[\"x\"]");
	for (int i = 0; i < 4; i++) {
		assert_int_equal(
			fixture_ask(f, "ops", "POST", MEMORY "/store",
						"{\"agent_id\":\"a\",\"content\":\" one fact\\n\",\"importance_score\":0.%d,\"tags\":"
						"[\"y\"]}",
						i + 3),
			200);
		assert_true(fixture_true(f, "result.deduplicated"));
		assert_string_equal(fixture_text(f, "result.memory_id"), id);
	}
	assert_number(fixture_number_at(f, "result.importance_score"), .6);
	assert_number(fixture_number_at(f, "result.access_count"), 4);
	assert_int_equal(fixture_at(f, "result.tags")->count, 2);
	assert_number(count_of(f, "l1_count"), 1);
	assert_number(count_of(f, "dedup_hits"), 4);
}

/* REF: Unicode Standard Annex #15: one text, however its marks are written */
static void texts_are_the_same_in_their_normal_form(void **state)
{
	struct agents_fixture *f = *state;
	const char *id = keep(f, "caf\xc3\xa9 \xe2\x84\xab", "");
	assert_int_equal(fixture_ask(f, "ops", "POST", MEMORY "/store", "{\"agent_id\":\"a\",\"content\":\"%s\"}",
								 "cafe\xcc\x81\xc2\xa0\xc3\x85"),
					 200);
	assert_string_equal(fixture_text(f, "result.memory_id"), id);
}

/* What was looked at on a reader is old when the writer comes: it looks at what came since. */
static bool store_as_seen_before(struct db *db, void *self, struct err *err)
{
	struct agents_fixture *f = self;
	const float numbers[2][2] = {{1, 0}, {1, .01f}};
	for (int i = 0; i < 2; i++) {
		char id[ID_TEXT], text[16];
		bool same;
		id_make(&f->ids, id);
		snprintf(text, sizeof text, "text %d", i);
		const struct memory_vector vector = {.model = "m", .numbers = numbers[i], .dimension = 2, .norm = 1};
		struct memory_new new = {.vector = &vector,
								 .row = {.memory_id = id,
										 .account_id = FIXTURE_ACCOUNT,
										 .agent_id = "a",
										 .content = text,
										 .content_sha256 = text,
										 .tags = "[]",
										 .compression_ratio = NAN,
										 .created_us = 1,
										 .last_accessed_us = 1,
										 .expires_us = INT64_C(4102444800000000)}};
		if (!memory_store(db, &f->ids, &new, 2, &f->arena, &same, err))
			return false;
		assert_int_equal(same, i == 1);
	}
	return true;
}

static void the_same_meaning_at_once_is_one_memory(void **state)
{
	struct agents_fixture *f = *state;
	struct err err;
	assert_true(store_write(f->store, store_as_seen_before, f, &err));
	assert_number(count_of(f, "l1_count"), 1);
}

static void search(struct agents_fixture *f, const char *more)
{
	assert_int_equal(fixture_ask(f, "vic", "POST", MEMORY "/search", "{\"agent_id\":\"a\",%s}", more), 200);
}

static void memories_are_found_by_words_and_by_both(void **state)
{
	struct agents_fixture *f = *state;
	const char *six = keep(f, "The gate opens at six", ",\"embedding\":{\"vector\":[1,0]},\"tags\":[\"t\"]");
	keep(f, "A caf\xc3\xa9 beyond the gate, that gate", ",\"embedding\":{\"vector\":[0,1]}");
	keep(f, "Nothing of that kind", ",\"embedding\":{\"vector\":[1,0.5]}");
	search(f, "\"text\":\"GATE cafe\"");
	assert_int_equal(fixture_at(f, "result.memories")->count, 2);
	assert_non_null(strstr(fixture_text(f, "result.memories.0.content"), "beyond"));
	assert_true(fixture_number_at(f, "result.memories.0.score") > fixture_number_at(f, "result.memories.1.score"));
	search(f, "\"text\":\"gate\",\"tags\":[\"t\"]");
	assert_int_equal(fixture_at(f, "result.memories")->count, 1);
	assert_string_equal(fixture_text(f, "result.memories.0.memory_id"), six);
	search(f, "\"text\":\"gate\",\"tiers\":[\"l4\"]");
	assert_int_equal(fixture_at(f, "result.memories")->count, 0);
	/* REF: Cormack, Clarke, Buettcher, "Reciprocal rank fusion", SIGIR 2009: 1/61 + 1/62, 1/61, 1/62 */
	search(f, "\"text\":\"gate\",\"query_embedding\":[1,0],\"mode\":\"hybrid\"");
	assert_int_equal(fixture_at(f, "result.memories")->count, 3);
	assert_string_equal(fixture_text(f, "result.memories.0.memory_id"), six);
	assert_number(fixture_number_at(f, "result.memories.0.score"), .032522);
	assert_number(fixture_number_at(f, "result.memories.1.score"), .016393);
	assert_number(fixture_number_at(f, "result.memories.2.score"), .016129);
	assert_number(fixture_number_at(f, "result.memories.2.similarity"), .894427);
	assert_int_equal(one(f, "ops", "DELETE", six, "", NULL), 204);
	search(f, "\"text\":\"opens six\"");
	assert_int_equal(fixture_at(f, "result.memories")->count, 0);
}

/* What is kept in memory is as the store is: added, forgotten and archived ones count at once. */
static void searches_see_what_has_changed(void **state)
{
	struct agents_fixture *f = *state;
	const char *north = keep(f, "north", ",\"embedding\":{\"vector\":[1,0]}");
	search(f, "\"query_embedding\":[1,0]");
	assert_int_equal(fixture_at(f, "result.memories")->count, 1);
	const char *other = keep(f, "north-east", ",\"embedding\":{\"vector\":[1,0.5]}");
	keep(f, "of another model", ",\"embedding\":{\"vector\":[1,0],\"model\":\"m\"}");
	search(f, "\"query_embedding\":[1,0.1]");
	assert_int_equal(fixture_at(f, "result.memories")->count, 3);
	assert_string_equal(fixture_text(f, "result.memories.2.memory_id"), other);
	search(f, "\"query_embedding\":[1,0],\"model\":\"m\"");
	assert_int_equal(fixture_at(f, "result.memories")->count, 1);
	assert_int_equal(one(f, "ops", "DELETE", north, "", NULL), 204);
	search(f, "\"query_embedding\":[1,0],\"model\":\"default\",\"top_k\":1");
	assert_string_equal(fixture_text(f, "result.memories.0.memory_id"), other);
	assert_int_equal(
		fixture_ask(f, "vic", "POST", MEMORY "/search", "{\"agent_id\":\"a\",\"query_embedding\":[1,0,0]}"), 422);
	assert_int_equal(fixture_ask(f, "ops", "POST", MEMORY "/promote/l2",
								 "{\"agent_id\":\"a\",\"memory_ids\":[\"%s\"],\"summary\":\"s\"}", other),
					 201);
	search(f, "\"query_embedding\":[1,0.5],\"model\":\"default\"");
	assert_int_equal(fixture_at(f, "result.memories")->count, 1);
	assert_string_equal(fixture_text(f, "result.memories.0.tier"), "l2");
	search(f, "\"query_embedding\":[1,0.5],\"tiers\":[\"l4\"]");
	assert_int_equal(fixture_at(f, "result.memories")->count, 1);
	assert_string_equal(fixture_text(f, "result.memories.0.memory_id"), other);
	for (int i = 0; i < 300; i++) { /* more than may be missing before all are read anew */
		char content[32];
		snprintf(content, sizeof content, "passing %d", i);
		const char *id = keep(f, content, ",\"memory_type\":\"action\",\"embedding\":{\"vector\":[-1,0.001]}");
		assert_int_equal(one(f, "ops", "DELETE", id, "", NULL), 204);
	}
	for (int i = 0; i < 2; i++) {
		search(f, "\"query_embedding\":[-1,0]");
		assert_int_equal(fixture_at(f, "result.memories")->count, 0);
	}
}

static void close_vectors_are_the_same_or_may_be(void **state)
{
	struct agents_fixture *f = *state;
	const char *id = keep(f, "north", ",\"embedding\":{\"vector\":[1,0]}");
	assert_int_equal(fixture_ask(f, "ops", "POST", MEMORY "/store",
								 "{\"agent_id\":\"a\",\"content\":\"due north\",\"embedding\":{\"vector\":[1,0.1]}}"),
					 200); /* cosine 0.995 */
	assert_string_equal(fixture_text(f, "result.memory_id"), id);
	keep(f, "an act", ",\"memory_type\":\"action\",\"embedding\":{\"vector\":[1,0.1]}"); /* of another type */
	assert_string_equal(fixture_text(f, "result.possible_duplicate_of"), id);
	keep(f, "northerly", ",\"embedding\":{\"vector\":[1,-0.25]}"); /* 0.970 */
	assert_string_equal(fixture_text(f, "result.possible_duplicate_of"), id);
	keep(f, "east", ",\"embedding\":{\"vector\":[0,1]}");
	assert_null(fixture_at(f, "result.possible_duplicate_of"));
	assert_int_equal(
		fixture_ask(f, "vic", "POST", MEMORY "/search", "{\"agent_id\":\"a\",\"query_embedding\":[1,0],\"top_k\":2}"),
		200);
	assert_int_equal(fixture_at(f, "result.memories")->count, 2);
	assert_string_equal(fixture_text(f, "result.memories.0.content"), "north");
	assert_number(fixture_number_at(f, "result.memories.0.similarity"), 1);
	assert_string_equal(fixture_text(f, "result.memories.1.content"), "an act");
	assert_int_equal(fixture_ask(f, "vic", "POST", MEMORY "/search",
								 "{\"agent_id\":\"a\",\"query_embedding\":[1,0],\"memory_type\":\"action\",\"tiers\":"
								 "[\"l1\"]}"),
					 200);
	assert_int_equal(fixture_at(f, "result.memories")->count, 1);
	assert_int_equal(fixture_ask(f, "vic", "POST", MEMORY "/search",
								 "{\"agent_id\":\"a\",\"query_embedding\":[1,0],\"tiers\":[\"l4\"]}"),
					 200);
	assert_int_equal(fixture_at(f, "result.memories")->count, 0);
}

/* [flow.md 6]: "cosine >= 0.98 with equal memory_type": a nearer one of another type does not hide it, nor a gone one.
 */
static void the_same_is_found_behind_a_nearer_one(void **state)
{
	struct agents_fixture *f = *state;
	const char *id = keep(f, "north", ",\"embedding\":{\"vector\":[1,0]}");
	const char *act = keep(f, "an act", ",\"memory_type\":\"action\",\"embedding\":{\"vector\":[1,0.1]}");
	assert_int_equal(fixture_ask(f, "ops", "POST", MEMORY "/store",
								 "{\"agent_id\":\"a\",\"content\":\"near\",\"embedding\":{\"vector\":[1,0.09]}}"),
					 200);
	assert_string_equal(fixture_text(f, "result.memory_id"), id);
	assert_int_equal(one(f, "ops", "DELETE", id, "", NULL), 204);
	keep(f, "nearly", ",\"embedding\":{\"vector\":[1,0.01]}");
	assert_string_equal(fixture_text(f, "result.possible_duplicate_of"), act);
	assert_number(count_of(f, "l1_count"), 2);
}

static void what_expires_is_not_there_any_more(void **state)
{
	struct agents_fixture *f = *state;
	struct err err;
	const char *id = keep(f, "soon over", ",\"expires_at\":\"2025-06-15T15:06:41Z\""); /* in a second */
	const char *day = keep(f, "a day", "");
	env_sim_advance(&f->env, 1000000);
	assert_int_equal(one(f, "vic", "GET", id, "", NULL), 404);
	assert_int_equal(fixture_ask(f, "vic", "GET", MEMORY "/working/a", NULL), 200);
	assert_int_equal(fixture_at(f, "result.memories")->count, 1);
	assert_number(fixture_number_at(f, "result.total"), 1); /* nor is it counted, swept or not */
	assert_number(count_of(f, "l1_count"), 1);
	assert_number(count_of(f, "expiries"), 0);
	assert_int_equal(fixture_ask(f, "vic", "GET", MEMORY "/working/a?min_importance=0.6", NULL), 200);
	assert_number(fixture_number_at(f, "result.total"), 0);
	assert_true(agents_chores(f->agents, &err));
	assert_number(count_of(f, "expiries"), 1);
	assert_number(count_of(f, "l1_count"), 1);
	env_sim_advance(&f->env, INT64_C(86400) * 1000000);
	assert_int_equal(one(f, "vic", "GET", day, "", NULL), 404);
	keep(f, "soon over", ""); /* what is over is no duplicate */
}

static void memories_that_belong_together_become_an_episode(void **state)
{
	struct agents_fixture *f = *state;
	char ids[4][40];
	for (int i = 0; i < 4; i++) {
		char content[64], more[100];
		snprintf(content, sizeof content, "fact number %d. The gate opens.", i);
		snprintf(more, sizeof more, ",\"importance_score\":0.8,\"embedding\":{\"vector\":[1,%d]}", i == 3 ? -9 : i);
		snprintf(ids[i], sizeof ids[i], "%s", keep(f, content, more));
		for (int k = 0; k < 3; k++)
			assert_int_equal(one(f, "vic", "GET", ids[i], "", NULL), 200);
	}
	assert_int_equal(fixture_ask(f, "ops", "POST", MEMORY "/promote/l2", "{\"agent_id\":\"a\"}"), 201);
	assert_int_equal(fixture_at(f, "result.memories")->count, 0); /* none is an hour old */
	env_sim_advance(&f->env, INT64_C(3600) * 1000000);
	assert_int_equal(fixture_ask(f, "ops", "POST", MEMORY "/compress", "{\"agent_id\":\"a\",\"min_importance\":0.7}"),
					 201);
	/* [1,0] [1,1] are alike at .707, [1,0] and [1,2] at .447 are not: two are too few */
	assert_int_equal(fixture_at(f, "result.memories")->count, 0);
	assert_int_equal(fixture_ask(f, "ops", "POST", MEMORY "/promote/l2",
								 "{\"agent_id\":\"a\",\"memory_ids\":[\"%s\",\"%s\"],\"summary\":\"both\"}", ids[0],
								 ids[1]),
					 201);
	assert_int_equal(fixture_at(f, "result.memories")->count, 1);
	assert_string_equal(fixture_text(f, "result.memories.0.tier"), "l2");
	assert_number(fixture_number_at(f, "result.memories.0.importance_score"), .8);
	assert_int_equal(fixture_at(f, "result.memories.0.source_ids")->count, 2);
	assert_number(fixture_number_at(f, "result.memories.0.compression_ratio"), .066667);
	const char *episode = fixture_keep(f, "result.memories.0.memory_id");
	assert_int_equal(one(f, "vic", "GET", ids[0], "", NULL), 200);
	assert_string_equal(fixture_text(f, "result.tier"), "l4"); /* nothing is lost */
	assert_int_equal(
		fixture_ask(f, "ops", "POST", MEMORY "/promote/l2", "{\"agent_id\":\"a\",\"memory_ids\":[\"%s\"]}", ids[0]),
		404);
	assert_int_equal(fixture_ask(f, "ops", "POST", MEMORY "/promote/l3", "{\"agent_id\":\"a\",\"title\":\"Gate\"}"),
					 422);
	assert_int_equal(fixture_ask(f, "ops", "POST", MEMORY "/promote/l3",
								 "{\"agent_id\":\"a\",\"title\":\"Gate\",\"knowledge_type\":\"factual\"}"),
					 201);
	assert_string_equal(fixture_text(f, "result.memories.0.tier"), "l3");
	assert_string_equal(fixture_text(f, "result.memories.0.content"), "both");
	assert_string_equal(fixture_text(f, "result.memories.0.source_ids.0"), episode);
	assert_number(count_of(f, "l1_count"), 2);
	assert_number(count_of(f, "l4_count"), 2);
	assert_true(fixture_chain_sound(f));
}

/* [flow.md 6]: L4 is kept as zstd, and nobody who reads it sees that */
static void the_archive_packs_what_gets_smaller(void **state)
{
	struct agents_fixture *f = *state;
	struct buf text;
	buf_init(&text, 0);
	for (int i = 0; i < 200; i++)
		buf_addf(&text, "Line %d of the log says that the gate is open. ", i);
	const char *content = arena_dup(&f->arena, buf_text(&text));
	buf_fini(&text);
	const char *log = keep(f, content, ""), *note = keep(f, "Short.", "");
	assert_number(count_of(f, "tiers.l1.stored_bytes"), count_of(f, "tiers.l1.bytes"));
	assert_int_equal(fixture_ask(f, "ops", "POST", MEMORY "/promote/l2",
								 "{\"agent_id\":\"a\",\"memory_ids\":[\"%s\",\"%s\"],\"summary\":\"both\"}", log, note),
					 201);
	assert_int_equal(number_of(f, "SELECT COUNT(*) FROM memories WHERE packed IS NOT NULL AND content = ''"), 1);
	search(f, "\"text\":\"gate\",\"tiers\":[\"l4\"]"); /* its words were not put yet when it was packed */
	assert_int_equal(fixture_at(f, "result.memories")->count, 1);
	assert_string_equal(fixture_text(f, "result.memories.0.content"), content);
	assert_int_equal(one(f, "vic", "GET", note, "", NULL), 200);
	assert_string_equal(fixture_text(f, "result.content"), "Short.");
	assert_null(json_get(fixture_at(f, "result"), "compression_ratio")); /* it would not get smaller */
	double bytes = count_of(f, "tiers.l4.bytes"), stored = count_of(f, "tiers.l4.stored_bytes");
	assert_number(bytes, (double)strlen(content) + 6);
	assert_true(stored > 6 && stored < bytes / 4);
	assert_int_equal(one(f, "vic", "GET", log, "", NULL), 200);
	assert_string_equal(fixture_text(f, "result.content"), content);
	assert_true(fabs(fixture_number_at(f, "result.compression_ratio") - (stored - 6) / (bytes - 6)) < 1e-6);
	assert_true(store_write(f->store, make_equal, "UPDATE memories SET packed = x'00' WHERE packed IS NOT NULL", NULL));
	assert_int_equal(one(f, "vic", "GET", log, "", NULL), 500); /* a damaged row is no empty memory */
}

/* Rows of another program than this one: refused by name, and nothing stops for them. */
static void what_is_not_known_is_refused(void **state)
{
	struct agents_fixture *f = *state;
	const char *id = keep(f, "x", ""), *other = keep(f, "y", ",\"embedding\":{\"vector\":[1,0]}");
	struct err err;
	assert_true(
		store_write(f->store, make_equal, "UPDATE memories SET memory_type = 'dream' WHERE content = 'x'", &err));
	assert_int_equal(one(f, "vic", "GET", id, "", NULL), 500);
	assert_int_equal(one(f, "vic", "GET", other, "", NULL), 200);
	assert_int_equal(fixture_ask(f, "vic", "GET", MEMORY "/working/a", NULL), 500);
	assert_true(store_write(f->store, make_equal, "UPDATE memory_vectors SET vector = x'00'", &err));
	search(f, "\"query_embedding\":[1,0]");
	assert_int_equal(fixture_at(f, "result.memories")->count, 0);
	env_sim_advance(&f->env, 40 * INT64_C(86400000000)); /* both are due: the other one goes */
	assert_true(agents_chores(f->agents, &err));
	assert_int_equal(number_of(f, "SELECT COUNT(*) FROM memories WHERE content = 'x'"), 1);
	assert_int_equal(number_of(f, "SELECT COUNT(*) FROM memories WHERE content = 'y'"), 0);
}

static void use_age_and_kind_weigh(void **state)
{
	struct agents_fixture *f = *state;
	const char *id = keep(f, "x", ",\"importance_score\":0.5,\"memory_type\":\"action\"");
	assert_int_equal(fixture_ask(f, "ops", "POST", MEMORY "/importance/update", "{\"agent_id\":\"a\"}"), 200);
	/* 0.3·0 + 0.4·1 + 0.3·0.7 = 0.61 */
	assert_number(fixture_number_at(f, "result.updated_count"), 1);
	assert_int_equal(one(f, "vic", "GET", id, "", NULL), 200);
	assert_number(fixture_number_at(f, "result.importance_score"), .61);
}

/* --- the cap --- */

struct filling {
	struct agents_fixture *f;
	int from, to;
};

static bool fill(struct db *db, void *self, struct err *err)
{
	struct filling *filling = self;
	for (int i = filling->from; i < filling->to; i++) {
		char id[ID_TEXT], text[40];
		id_make(&filling->f->ids, id);
		snprintf(text, sizeof text, "memory %d", i);
		const struct memory_row row = {.memory_id = id,
									   .account_id = FIXTURE_ACCOUNT,
									   .agent_id = "a",
									   .content = text,
									   .content_sha256 = text,
									   .tags = "[]",
									   .size = 10,
									   .importance = i / 1000.,
									   .compression_ratio = NAN,
									   .created_us = 1,
									   .last_accessed_us = 1000 - i,
									   .expires_us = INT64_C(4102444800000000)};
		if (!memory_insert(db, &row, NULL, err))
			return false;
	}
	return true;
}

static void a_full_tier_lets_one_go_or_refuses(void **state)
{
	struct agents_fixture *f = *state;
	struct filling filling = {f, 0, 1000};
	struct err err;
	assert_true(store_write(f->store, fill, &filling, &err));
	assert_int_equal(fixture_ask(f, "ops", "POST", MEMORY "/store",
								 "{\"agent_id\":\"a\",\"content\":\"new\",\"strategy\":\"reject\"}"),
					 409);
	assert_string_equal(fixture_text(f, "code"), "memory_full");
	keep(f, "new", "");
	assert_number(count_of(f, "l1_count"), 1000);
	assert_number(count_of(f, "evictions"), 1);
	/* of the lowest tenth (0 to 99) the one used longest ago: number 99 */
	assert_int_equal(fixture_ask(f, "ops", "POST", MEMORY "/evict",
								 "{\"agent_id\":\"a\",\"strategy\":\"low_importance\",\"max_count\":100}"),
					 200);
	assert_number(fixture_number_at(f, "result.evicted_count"), 100);
	assert_int_equal(fixture_ask(f, "vic", "GET", MEMORY "/working/a?min_importance=0.1&limit=500", NULL), 200);
	const char *cursor = fixture_keep(f, "result.next_cursor");
	assert_int_equal(
		fixture_ask(f, "vic", "GET",
					arena_printf(&f->arena, MEMORY "/working/a?min_importance=0.1&limit=500&cursor=%s", cursor), NULL),
		200);
	assert_int_equal(fixture_at(f, "result.memories")->count, 400);
	assert_string_equal(fixture_text(f, "result.memories.399.content"), "memory 101");
}

/* Of a tenth of one worth the one used longest ago goes; of several worths too. */
static void the_least_recently_used_of_the_tenth_goes(void **state)
{
	struct agents_fixture *f = *state;
	struct filling filling = {f, 0, 1000};
	struct err err;
	assert_true(store_write(f->store, fill, &filling, &err));
	assert_true(store_write(f->store, make_equal, "UPDATE memories SET importance = 0.5", &err));
	keep(f, "new", "");
	assert_int_equal(number_of(f, "SELECT COUNT(*) FROM memories WHERE content = 'memory 999'"), 0);
	assert_true(store_write(f->store, make_equal, "UPDATE memories SET importance = 0.2 WHERE last_accessed_at > 951",
							&err)); /* numbers 0 to 48: less than a tenth */
	assert_true(
		store_write(f->store, make_equal, "UPDATE memories SET last_accessed_at = 1 WHERE content = 'memory 7'", &err));
	keep(f, "newer", "");
	assert_int_equal(number_of(f, "SELECT COUNT(*) FROM memories WHERE content = 'memory 7'"), 0);
	assert_number(count_of(f, "l1_count"), 1000);
	assert_number(count_of(f, "evictions"), 2);
}

/* Words are put in when somebody asks, or by the chores; what is gone by then never is. */
static void words_come_when_they_are_asked_for(void **state)
{
	static const char of_texts[] = "SELECT COUNT(*) FROM memories WHERE worded = 1";
	struct agents_fixture *f = *state;
	struct filling filling = {f, 0, 450};
	struct err err;
	assert_true(store_write(f->store, fill, &filling, &err));
	const char *gone = keep(f, "gone before anybody asks", "");
	assert_int_equal(one(f, "ops", "DELETE", gone, "", NULL), 204);
	assert_int_equal(number_of(f, of_texts), 0);
	assert_int_equal(
		fixture_ask(f, "ops", "POST", MEMORY "/search", "{\"agent_id\":\"a\",\"text\":\"449\",\"mode\":\"text\"}"),
		200);
	assert_int_equal(fixture_at(f, "result.memories")->count, 1);
	assert_string_equal(fixture_text(f, "result.memories.0.content"), "memory 449");
	assert_int_equal(number_of(f, of_texts), 450);
	assert_int_equal(
		fixture_ask(f, "ops", "POST", MEMORY "/search", "{\"agent_id\":\"a\",\"text\":\"gone\",\"mode\":\"text\"}"),
		200);
	assert_int_equal(fixture_at(f, "result.memories")->count, 0);
	keep(f, "later", "");
	assert_true(agents_chores(f->agents, &err));
	assert_int_equal(number_of(f, of_texts), 451);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, agents_fixture_new, agents_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_memory_is_stored_read_changed_and_forgotten),
		TEST(bad_bodies_are_refused),
		TEST(the_same_fact_five_times_is_one_memory),
		TEST(texts_are_the_same_in_their_normal_form),
		TEST(the_same_meaning_at_once_is_one_memory),
		TEST(memories_are_found_by_words_and_by_both),
		TEST(searches_see_what_has_changed),
		TEST(close_vectors_are_the_same_or_may_be),
		TEST(the_same_is_found_behind_a_nearer_one),
		TEST(what_expires_is_not_there_any_more),
		TEST(memories_that_belong_together_become_an_episode),
		TEST(the_archive_packs_what_gets_smaller),
		TEST(what_is_not_known_is_refused),
		TEST(use_age_and_kind_weigh),
		TEST(a_full_tier_lets_one_go_or_refuses),
		TEST(the_least_recently_used_of_the_tenth_goes),
		TEST(words_come_when_they_are_asked_for),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
