#include "sign/projects_repo.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/must.h"
#include "sign/domain/words.h"
#include "store/store.h"

static bool insert_words(struct db *db, const struct project *project, struct err *err)
{
	struct words words = {.count = 0};
	const char *const texts[] = {project->name, project->customer, project->site_name, project->street,
								 project->description};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		words_add(&words, texts[i]);
	bool kept = true;
	for (size_t i = 0; kept && i < words.count; i++)
		kept = db_run(db, err, "INSERT INTO project_terms (account_id, term, project_id) VALUES ($1, $2, $3)",
					  V_TEXT(project->account_id), V_TEXT(words.items[i]), V_TEXT(project->project_id));
	return kept;
}

bool project_insert(struct db *db, const struct project *project, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO projects (project_id, account_id, name, customer, description, site_name, street, "
				  "status, version, created_by, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
				  "$10, $11, $11)",
				  V_TEXT(project->project_id), V_TEXT(project->account_id), V_TEXT(project->name),
				  V_TEXT(project->customer), V_TEXT(project->description), V_TEXT(project->site_name),
				  V_TEXT(project->street), V_TEXT(project_status_names[project->status]), V_INT(project->version),
				  V_TEXT(project->created_by), V_INT(project->created_us)) &&
		   insert_words(db, project, err);
}

#define PROJECT_SELECT \
	"SELECT p.project_id, p.account_id, p.name, p.customer, p.description, p.site_name, p.street, p.status, " \
	"p.version, p.pricing_version, p.project_number, p.payload_id, p.created_by, p.created_at, p.updated_at, " \
	"l.module, l.sha256, l.seal_sha256, l.created_by, l.request_id FROM projects p LEFT JOIN project_payloads l " \
	"ON l.payload_id = p.payload_id WHERE p.deleted_at IS NULL "

static void take(const struct db_rows *row, struct arena *arena, struct project *project)
{
	*project = (struct project){
		.project_id = db_text_dup(row, 0, arena),
		.account_id = db_text_dup(row, 1, arena),
		.name = db_text_dup(row, 2, arena),
		.customer = db_text_dup(row, 3, arena),
		.description = db_text_dup(row, 4, arena),
		.site_name = db_text_dup(row, 5, arena),
		.street = db_text_dup(row, 6, arena),
		.status = (enum project_status)project_status_named(db_text(row, 7)),
		.version = db_int(row, 8),
		.pricing_version = db_text_dup(row, 9, arena),
		.project_number = db_text_dup(row, 10, arena),
		.payload_id = db_text_dup(row, 11, arena),
		.created_by = db_text_dup(row, 12, arena),
		.created_us = db_int(row, 13),
		.updated_us = db_int(row, 14),
		.module = db_text_dup(row, 15, arena),
		.payload_sha256 = db_text_dup(row, 16, arena),
		.seal_sha256 = db_text_dup(row, 17, arena),
		.payload_by = db_text_dup(row, 18, arena),
		.request_id = db_text_dup(row, 19, arena),
	};
}

struct taking {
	struct arena *arena;
	struct project *project;
};

static void take_one(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	take(row, to->arena, to->project);
}

bool project_find(struct db *db, const char *account_id, const char *project_id, struct arena *arena,
				  struct project *project, bool *found, struct err *err)
{
	struct taking to = {.arena = arena, .project = project};
	if (account_id == NULL)
		return db_one(db, err, found, take_one, &to, PROJECT_SELECT "AND p.project_id = $1", V_TEXT(project_id));
	return db_one(db, err, found, take_one, &to, PROJECT_SELECT "AND p.project_id = $1 AND p.account_id = $2",
				  V_TEXT(project_id), V_TEXT(account_id));
}

bool project_update(struct db *db, struct project *project, int64_t now_us, struct err *err)
{
	if (!db_run(db, err,
				"UPDATE projects SET name = $3, customer = $4, description = $5, site_name = $6, street = $7, "
				"status = $8, version = $9, pricing_version = $10, project_number = $11, payload_id = $12, "
				"updated_at = $13 WHERE project_id = $1 AND account_id = $2",
				V_TEXT(project->project_id), V_TEXT(project->account_id), V_TEXT(project->name),
				V_TEXT(project->customer), V_TEXT(project->description), V_TEXT(project->site_name),
				V_TEXT(project->street), V_TEXT(project_status_names[project->status]), V_INT(project->version + 1),
				V_TEXT(project->pricing_version), V_TEXT(project->project_number), V_TEXT(project->payload_id),
				V_INT(now_us)))
		return false;
	project->version++;
	project->updated_us = now_us;
	return db_run(db, err, "DELETE FROM project_terms WHERE project_id = $1 AND account_id = $2",
				  V_TEXT(project->project_id), V_TEXT(project->account_id)) &&
		   insert_words(db, project, err);
}

bool project_delete(struct db *db, const char *account_id, const char *project_id, int64_t now_us, struct err *err)
{
	return db_run(db, err, "UPDATE projects SET deleted_at = $3 WHERE project_id = $1 AND account_id = $2",
				  V_TEXT(project_id), V_TEXT(account_id), V_INT(now_us)) &&
		   db_run(db, err, "DELETE FROM project_terms WHERE project_id = $1 AND account_id = $2", V_TEXT(project_id),
				  V_TEXT(account_id));
}

/* --- lists --- */

/* The words of a search, the rarest first. */
struct search {
	size_t count;
	bool rare; /* the first is in so few projects that the others are looked up in those */
	struct {
		const char *word;
		char end[WORD_END];
		int64_t hits; /* at most RARE */
	} words[PROJECT_QUERY_WORDS];
};

enum { RARE = 2000 };

/*
 * One text for each number of words, with or without a status: few statements are prepared.  A rare word gives the
 * candidates; where all are frequent, projects are walked from the newest and the page is soon full.
 */
static const char *list_text(struct buf *sql, const struct project_query *query, const struct search *search)
{
	/* Few candidates are looked up and sorted: what an index could give would make a planner walk all projects. */
	buf_adds(sql, search->rare ? PROJECT_SELECT
					  "AND coalesce(p.account_id, '') = $1 AND coalesce(p.project_id, '') < $2 "
							   : PROJECT_SELECT "AND p.account_id = $1 AND p.project_id < $2 ");
	size_t next = 4;
	if (query->status >= 0)
		buf_addf(sql, "AND p.status = $%zu ", next++);
	for (size_t i = 0; i < search->count; i++, next += 2)
		if (i == 0 && search->rare)
			buf_addf(sql,
					 "AND p.project_id IN (SELECT t.project_id FROM project_terms t WHERE t.account_id = $1 "
					 "AND t.term >= $%zu AND t.term < $%zu) ",
					 next, next + 1);
		else
			buf_addf(sql,
					 "AND EXISTS (SELECT 1 FROM project_terms t WHERE t.project_id = p.project_id "
					 "AND t.term >= $%zu AND t.term < $%zu) ",
					 next, next + 1);
	buf_adds(sql, search->rare ? "ORDER BY coalesce(p.project_id, '') DESC LIMIT $3"
							   : "ORDER BY p.project_id DESC LIMIT $3");
	return buf_text(sql);
}

static void take_count(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

static bool plan(struct db *db, const struct project_query *query, const struct words *words, struct search *search,
				 struct err *err)
{
	*search = (struct search){.count = words->count < PROJECT_QUERY_WORDS ? words->count : PROJECT_QUERY_WORDS};
	for (size_t i = 0; i < search->count; i++) {
		search->words[i].word = words->items[i];
		words_prefix_end(words->items[i], search->words[i].end);
		if (!db_one(db, err, NULL, take_count, &search->words[i].hits,
					"SELECT COUNT(*) FROM (SELECT t.term FROM project_terms t WHERE t.account_id = $1 "
					"AND t.term >= $2 AND t.term < $3 LIMIT $4) AS hits",
					V_TEXT(query->account_id), V_TEXT(search->words[i].word), V_TEXT(search->words[i].end),
					V_INT(RARE)))
			return false;
		if (search->words[i].hits < search->words[0].hits) {
			typeof(search->words[0]) rarer = search->words[i];
			search->words[i] = search->words[0];
			search->words[0] = rarer;
		}
	}
	search->rare = search->count > 0 && search->words[0].hits < RARE;
	return true;
}

static bool read_list(struct db *db, const char *sql, const struct store_value *values, size_t values_count,
					  struct arena *arena, struct project *projects, size_t limit, size_t *count, struct err *err)
{
	struct db_rows rows;
	*count = 0;
	if (!db_query_values(db, &rows, err, sql, values, values_count))
		return false;
	while (*count < limit && db_next(&rows))
		take(&rows, arena, &projects[(*count)++]);
	return db_end(&rows, err);
}

bool projects_list(struct db *db, const struct project_query *query, struct arena *arena, struct project *projects,
				   size_t *count, struct err *err)
{
	struct words words = {.count = 0};
	struct store_value values[5 + 2 * PROJECT_QUERY_WORDS] = {V_NULL}; /* $1 is at 1 */
	struct search search;
	struct buf sql;
	size_t n = 1;
	words_add(&words, query->text);
	*count = 0;
	if (query->text != NULL && words.count == 0)
		return true; /* nothing but punctuation is in no project's words */
	if (!plan(db, query, &words, &search, err))
		return false;
	values[n++] = V_TEXT(query->account_id);
	values[n++] = V_TEXT(query->before != NULL ? query->before : "q"); /* above every "proj_" */
	values[n++] = V_INT((int64_t)query->limit);
	if (query->status >= 0)
		values[n++] = V_TEXT(project_status_names[query->status]);
	for (size_t i = 0; i < search.count; i++) {
		values[n++] = V_TEXT(search.words[i].word);
		values[n++] = V_TEXT(search.words[i].end);
	}
	buf_init(&sql, 0);
	bool read =
		read_list(db, list_text(&sql, query, &search), values, n - 1, arena, projects, query->limit, count, err);
	buf_fini(&sql);
	return read;
}

bool projects_after(struct db *db, const char *after, size_t limit, struct arena *arena, struct project *projects,
					size_t *count, struct err *err)
{
	const struct store_value values[] = {V_NULL, V_TEXT(after), V_INT((int64_t)limit)};
	return read_list(db, PROJECT_SELECT "AND p.project_id > $1 ORDER BY p.project_id LIMIT $2", values, 2, arena,
					 projects, limit, count, err);
}

/* --- events --- */

bool project_event_insert(struct db *db, const struct project_event *event, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO project_events (event_id, account_id, project_id, type, actor, at, request_id, "
				  "content_sha256, before_json, after_json) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
				  V_TEXT(event->event_id), V_TEXT(event->account_id), V_TEXT(event->project_id), V_TEXT(event->type),
				  V_TEXT(event->actor), V_INT(event->at_us), V_TEXT(event->request_id), V_TEXT(event->content_sha256),
				  V_TEXT(event->before), V_TEXT(event->after));
}

bool project_events_list(struct db *db, const char *account_id, const char *project_id, const char *before,
						 size_t limit, struct arena *arena, struct project_event *events, size_t *count,
						 struct err *err)
{
	struct db_rows rows;
	*count = 0;
	if (!db_query(db, &rows, err,
				  "SELECT event_id, account_id, project_id, type, actor, at, request_id, content_sha256, before_json, "
				  "after_json FROM project_events WHERE account_id = $1 AND project_id = $2 AND event_id < $3 "
				  "ORDER BY event_id DESC LIMIT $4",
				  V_TEXT(account_id), V_TEXT(project_id), V_TEXT(before != NULL ? before : "g"), V_INT((int64_t)limit)))
		return false;
	while (*count < limit && db_next(&rows))
		events[(*count)++] = (struct project_event){
			.event_id = db_text_dup(&rows, 0, arena),
			.account_id = db_text_dup(&rows, 1, arena),
			.project_id = db_text_dup(&rows, 2, arena),
			.type = db_text_dup(&rows, 3, arena),
			.actor = db_text_dup(&rows, 4, arena),
			.at_us = db_int(&rows, 5),
			.request_id = db_text_dup(&rows, 6, arena),
			.content_sha256 = db_text_dup(&rows, 7, arena),
			.before = db_text_dup(&rows, 8, arena),
			.after = db_text_dup(&rows, 9, arena),
		};
	return db_end(&rows, err);
}
