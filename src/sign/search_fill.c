#include <pthread.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/log.h"
#include "sign/projects_repo.h"
#include "sign/search.h"
#include "sign/search_call.h"
#include "sign/sign_internal.h"
#include "store/store.h"

/*
 * Documents of the search engine, and the making of its index.  The index carries the mark `filled` in its mapping's
 * _meta once every project is in it, so that a filling that was cut short begins anew.
 */

enum { FILL_PAGE = 500, FILL_ARENA = 64 << 20, FILL_LOOK_MS = 500 };

/* The words of the store: runs of letters and digits, without case. */
static const char index_body[] =
	"{\"settings\":{\"analysis\":{"
	"\"tokenizer\":{\"runs\":{\"type\":\"pattern\",\"pattern\":\"[^\\\\p{L}\\\\p{N}]+\"}},"
	"\"analyzer\":{\"words\":{\"type\":\"custom\",\"tokenizer\":\"runs\",\"filter\":[\"lowercase\"]}}}},"
	"\"mappings\":{\"dynamic\":\"strict\",\"_meta\":{\"version\":1,\"filled\":false},\"properties\":{"
	"\"project_id\":{\"type\":\"keyword\"},\"account_id\":{\"type\":\"keyword\"},\"status\":{\"type\":\"keyword\"},"
	"\"name\":{\"type\":\"text\",\"analyzer\":\"words\"},\"customer\":{\"type\":\"text\",\"analyzer\":\"words\"},"
	"\"description\":{\"type\":\"text\",\"analyzer\":\"words\"},"
	"\"site_name\":{\"type\":\"text\",\"analyzer\":\"words\"},\"street\":{\"type\":\"text\",\"analyzer\":\"words\"}}}}";
static const char filled_body[] = "{\"_meta\":{\"version\":1,\"filled\":true}}";
_Static_assert(SEARCH_VERSION == 1, "both bodies name the version");

/* --- one document --- */

static void write_document(struct jw *jw, const struct project *project)
{
	jw_object(jw);
	jw_member_str(jw, "project_id", project->project_id);
	jw_member_str(jw, "account_id", project->account_id);
	jw_member_str(jw, "status", project_status_names[project->status]);
	jw_member_str(jw, "name", project->name);
	jw_member_str(jw, "customer", project->customer);
	jw_member_str(jw, "description", project->description);
	jw_member_str(jw, "site_name", project->site_name);
	jw_member_str(jw, "street", project->street);
	jw_object_end(jw);
}

static const char *reason_of(const struct json *answer)
{
	const char *reason = json_text(json_get(answer, "error"), "reason");
	return reason != NULL ? reason : "no reason given";
}

/* A version conflict says that a newer document is there: that is well. */
static bool write_call(struct sign_api *api, struct sign_search_call *call, struct arena *arena, struct err *err)
{
	const struct json *answer;
	int status;
	call->timeout_ms = SEARCH_WRITE_MS;
	if (call->path == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!search_call(api, call, arena, &status, &answer, err))
		return false;
	if (status / 100 == 2 || status == 409 || (status == 404 && strcmp(call->method, "DELETE") == 0))
		return true;
	return err_set(err, status == 400 ? ERR_INVALID : ERR_UNAVAILABLE, "the search engine answered %d: %s", status,
				   reason_of(answer));
}

bool search_put(struct sign_api *api, const struct project *project, struct arena *arena, struct err *err)
{
	struct sign_search_call call = {.method = "PUT",
									.path =
										arena_printf(arena, "/projects/_doc/%s?version=%lld&version_type=external_gte",
													 project->project_id, (long long)project->version)};
	struct buf body;
	struct jw jw;
	buf_init(&body, 0);
	jw_init(&jw, &body);
	write_document(&jw, project);
	call.body = buf_text(&body);
	bool put = write_call(api, &call, arena, err);
	buf_fini(&body);
	return put;
}

bool search_remove(struct sign_api *api, const char *project_id, struct arena *arena, struct err *err)
{
	struct sign_search_call call = {.method = "DELETE", .path = arena_printf(arena, "/projects/_doc/%s", project_id)};
	return write_call(api, &call, arena, err);
}

/* --- the index --- */

static bool plain_call(struct sign_api *api, const char *method, const char *path, const char *body,
					   struct arena *arena, struct err *err)
{
	struct sign_search_call call = {.method = method, .path = path, .body = body};
	return write_call(api, &call, arena, err);
}

/* What is there: nothing, an index of another version, one that is being filled, or one that is ready. */
static bool look(struct sign_api *api, struct arena *arena, enum search_state *state, bool *other, struct err *err)
{
	const struct sign_search_call call = {.method = "GET", .path = "/projects/_mapping", .timeout_ms = SEARCH_TIME_MS};
	const struct json *answer, *filled, *version;
	int status;
	if (!search_call(api, &call, arena, &status, &answer, err))
		return false;
	if (status != 200 && status != 404)
		return err_set(err, ERR_UNAVAILABLE, "the search engine answered %d: %s", status, reason_of(answer));
	const struct json *meta = json_get(json_get(json_get(answer, "projects"), "mappings"), "_meta");
	version = json_get(meta, "version");
	filled = json_get(meta, "filled");
	*other = status == 200 && (version == NULL || !json_numeric(version) || json_number(version) != SEARCH_VERSION);
	*state = status == 404 || *other                                        ? SEARCH_UNKNOWN
			 : filled != NULL && filled->kind == JS_BOOL && filled->boolean ? SEARCH_READY
																			: SEARCH_FILLING;
	return true;
}

static bool find_index(struct sign_api *api, struct arena *arena, struct err *err)
{
	enum search_state state;
	bool other;
	if (!look(api, arena, &state, &other, err))
		return false;
	if (state == SEARCH_UNKNOWN) {
		if ((other && !plain_call(api, "DELETE", "/projects", NULL, arena, err)) ||
			!plain_call(api, "PUT", "/projects", index_body, arena, err))
			return false;
		state = SEARCH_FILLING;
	}
	api->search_after[0] = '\0';
	api->search_state = state;
	return true;
}

/* --- a page of it --- */

static void write_pair(struct buf *lines, const struct project *project)
{
	struct jw jw;
	jw_init(&jw, lines);
	jw_object(&jw);
	jw_key(&jw, "index");
	jw_object(&jw);
	jw_member_str(&jw, "_id", project->project_id);
	jw_member_int(&jw, "version", project->version);
	jw_member_str(&jw, "version_type", "external_gte");
	jw_object_end(&jw);
	jw_object_end(&jw);
	buf_addc(lines, '\n');
	jw_init(&jw, lines);
	write_document(&jw, project);
	buf_addc(lines, '\n');
}

/* One document that is not taken holds up no other; its project is named in the log. */
static void tell_refused(const struct json *answer)
{
	const struct json *items = json_get(answer, "items");
	for (uint32_t i = 0; items != NULL && items->kind == JS_ARRAY && i < items->count; i++) {
		const struct json *item = json_get(&items->items[i], "index"), *status = json_get(item, "status");
		if (status != NULL && json_numeric(status) && json_number(status) >= 400 && json_number(status) != 409)
			log_warn("a project is not in the search index", log_str("project_id", json_text(item, "_id")),
					 log_str("why", reason_of(item)));
	}
}

static bool send_page(struct sign_api *api, const struct project *projects, size_t count, struct arena *arena,
					  struct err *err)
{
	struct sign_search_call call = {.method = "POST", .path = "/projects/_bulk", .timeout_ms = SEARCH_WRITE_MS};
	const struct json *answer;
	struct buf lines;
	int status;
	buf_init(&lines, 0);
	for (size_t i = 0; i < count; i++)
		write_pair(&lines, &projects[i]);
	call.body = buf_text(&lines);
	bool sent = search_call(api, &call, arena, &status, &answer, err) &&
				(status == 200 || err_set(err, ERR_UNAVAILABLE, "the search engine answered %d", status));
	if (sent)
		tell_refused(answer);
	buf_fini(&lines);
	return sent;
}

static bool fill_page(struct sign_api *api, struct arena *arena, struct err *err)
{
	struct project *projects = arena_array(arena, FILL_PAGE, sizeof *projects);
	size_t count = 0;
	if (projects == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	struct db *db = store_read(api->options.store);
	bool read = projects_after(db, api->search_after, FILL_PAGE, arena, projects, &count, err);
	store_read_end(api->options.store, db);
	if (!read || (count > 0 && !send_page(api, projects, count, arena, err)))
		return false;
	if (count > 0)
		strcpy(api->search_after, projects[count - 1].project_id);
	if (count == FILL_PAGE)
		return true;
	if (!plain_call(api, "PUT", "/projects/_mapping", filled_body, arena, err))
		return false;
	api->search_state = SEARCH_READY;
	return true;
}

bool search_ready_to_write(struct sign_api *api, struct err *err)
{
	struct arena arena;
	if (api->search_state != SEARCH_UNKNOWN)
		return true;
	arena_init(&arena, ARENA_REQUEST_CAP);
	pthread_mutex_lock(&api->search_lock);
	bool found = api->search_state != SEARCH_UNKNOWN || find_index(api, &arena, err);
	pthread_mutex_unlock(&api->search_lock);
	arena_fini(&arena);
	return found;
}

bool search_fill_step(struct sign_api *api, bool *worked, struct err *err)
{
	struct arena arena;
	*worked = false;
	if (api->options.search == NULL || api->search_state == SEARCH_READY ||
		circuit_wait_us(&api->search, env_mono_us(api->options.env)) > 0)
		return true;
	arena_init(&arena, FILL_ARENA);
	pthread_mutex_lock(&api->search_lock);
	*worked = api->search_state == SEARCH_UNKNOWN ? find_index(api, &arena, err) : fill_page(api, &arena, err);
	pthread_mutex_unlock(&api->search_lock);
	arena_fini(&arena);
	return *worked;
}

/* --- the thread --- */

/* False: it is to end. */
static bool rest(struct sign_api *api, int64_t ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms * 1000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&api->search_lock);
	if (!api->fill_over && ms > 0)
		pthread_cond_timedwait(&api->search_stops, &api->search_lock, &until);
	bool goes_on = !api->fill_over;
	pthread_mutex_unlock(&api->search_lock);
	return goes_on;
}

/* An index that somebody has deleted is made anew, so the thread stays. */
static void *fill(void *self)
{
	struct sign_api *api = self;
	bool worked = false;
	while (rest(api, worked ? 0 : FILL_LOOK_MS)) {
		struct err err;
		if (!search_fill_step(api, &worked, &err)) {
			log_warn("the search index is not filled", log_str("why", err.message));
			worked = false;
		}
	}
	return NULL;
}

void search_fill_start(struct sign_api *api)
{
	pthread_condattr_t clock;
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_mutex_init(&api->search_lock, NULL);
	pthread_cond_init(&api->search_stops, &clock);
	pthread_condattr_destroy(&clock);
	api->filling =
		api->options.work && api->options.search != NULL && pthread_create(&api->filler, NULL, fill, api) == 0;
}

void search_fill_stop(struct sign_api *api)
{
	pthread_mutex_lock(&api->search_lock);
	api->fill_over = true;
	pthread_cond_signal(&api->search_stops);
	pthread_mutex_unlock(&api->search_lock);
	if (api->filling)
		pthread_join(api->filler, NULL);
	pthread_cond_destroy(&api->search_stops);
	pthread_mutex_destroy(&api->search_lock);
}
