#include "sign/project_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/embedded.h"
#include "core/err.h"
#include "core/must.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/roles.h"
#include "seal/pack.h"
#include "sign/sign.h"
#include "store/blob.h"
#include "store/store.h"

extern const struct embedded embedded_migrations[];

enum { STEPS_MAX = 32, HEADERS_MAX = 16 };

#define ACCOUNT "01900000-0000-7000-8000-00000000000a"
#define OTHER_ACCOUNT "01900000-0000-7000-8000-00000000000b"

static const struct {
	const char *name, *user_id, *account_id;
	unsigned roles;
} people[] = {
	{"ann", "01900000-0000-7000-8000-000000000001", ACCOUNT, ROLE_ENGINEER},
	{"pat", "01900000-0000-7000-8000-000000000002", ACCOUNT, ROLE_PE},
	{"bob", "01900000-0000-7000-8000-000000000003", ACCOUNT, ROLE_APPROVER},
	{"adam", "01900000-0000-7000-8000-000000000004", ACCOUNT, ROLE_ADMIN | ROLE_OWNER},
	{"vic", "01900000-0000-7000-8000-000000000005", ACCOUNT, ROLE_VIEWER},
	{"eve", "01900000-0000-7000-8000-000000000006", OTHER_ACCOUNT, ROLE_ENGINEER},
	{"sam", "01900000-0000-7000-8000-000000000007", ACCOUNT, ROLE_PE},
	{"max", "01900000-0000-7000-8000-000000000008", ACCOUNT, ROLE_PE | ROLE_ENGINEER},
};
enum { PEOPLE = sizeof people / sizeof *people };

static bool authorise(void *self, struct exchange *x, const struct route *route, struct err *err)
{
	const char *who = exchange_header(x, "x-test-user");
	(void)self;
	for (size_t i = 0; who != NULL && i < PEOPLE; i++) {
		if (strcmp(people[i].name, who) != 0)
			continue;
		struct principal *principal = arena_new(&x->arena, struct principal);
		must(principal != NULL);
		*principal = (struct principal){.kind = PRINCIPAL_PERSON, .roles = people[i].roles};
		strcpy(principal->user_id, people[i].user_id);
		strcpy(principal->account_id, people[i].account_id);
		x->principal = principal;
		return role_permits(people[i].roles, route->permission) ||
			   err_set(err, ERR_FORBIDDEN, "This needs the permission %s.", route->permission);
	}
	return err_set(err, ERR_UNAUTHENTICATED, "who?");
}

/* What a client is not told is what a failing test needs. */
static void failed(void *self, const struct exchange *x, const struct err *err)
{
	(void)self;
	fprintf(stderr, "%s: %s (%s:%d)\n", x->path, err->message, err->file, err->line);
}

/* Everybody but sam has one; only an engineer's counts. */
static const char *licence_of(const char *name)
{
	return strcmp(name, "sam") == 0 ? NULL : "{\"state\":\"TX\",\"number\":\"12345\",\"expires\":\"2027-06-30\"}";
}

static bool add_people(struct db *db, void *self, struct err *err)
{
	(void)self;
	const char *const accounts[] = {ACCOUNT, OTHER_ACCOUNT};
	for (size_t i = 0; i < 2; i++)
		if (!db_run(db, err, "INSERT INTO accounts (account_id, name, created_at) VALUES ($1, $1, 0)",
					V_TEXT(accounts[i])))
			return false;
	for (size_t i = 0; i < PEOPLE; i++) {
		char roles[ROLES_TEXT];
		if (!db_run(db, err,
					"INSERT INTO users (user_id, account_id, email, email_norm, roles, status, erasure_key, version, "
					"created_at, updated_at, licence) VALUES ($1, $2, $3, $3, $4, 'active', $5, 1, 0, 0, $6)",
					V_TEXT(people[i].user_id), V_TEXT(people[i].account_id), V_TEXT(people[i].name),
					V_TEXT(roles_format(people[i].roles, roles)), V_BLOB(people[i].user_id, AUDIT_KEY),
					V_TEXT(licence_of(people[i].name))))
			return false;
	}
	return true;
}

/* Not a digest, but as good as one to tell migrations apart. */
static void fingerprint(const void *bytes, size_t size, char hex[65])
{
	uint64_t sum = 14695981039346656037u;
	for (size_t i = 0; i < size; i++)
		sum = (sum ^ ((const unsigned char *)bytes)[i]) * 1099511628211u;
	snprintf(hex, 65, "%064llx", (unsigned long long)sum);
}

static void open_store(struct project_fixture *f)
{
	struct store_migration steps[STEPS_MAX];
	struct store_options options = {
		.folder = f->folder,
		.migrations = steps,
		.sha256_hex = fingerprint,
		.mono_us = f->env.env.mono_us,
		.wall_us = f->env.env.wall_us,
		.clock = f->env.env.self,
		.new_store_id = "01900000-0000-7000-8000-0000000000ff",
		.batch_max = 64,
		.queue_max = 1024,
		.readers = 2,
	};
	struct err err;
	for (const struct embedded *file = embedded_migrations; file->name != NULL; file++) {
		must(options.migrations_count < STEPS_MAX);
		steps[options.migrations_count++] =
			(struct store_migration){.number = atoi(file->name), .name = file->name, .sql = file->bytes};
	}
	if (!store_open(&options, &f->store, &err)) {
		fprintf(stderr, "%s\n", err.message);
		abort();
	}
	must(store_write(f->store, add_people, NULL, &err));
}

static bool fetch(void *self, const char *url, struct buf *body, struct err *err)
{
	struct project_fixture *f = self;
	const char *says = strstr(url, "geocode.test") != NULL ? f->geocodes : f->hazards;
	f->fetches++;
	snprintf(f->fetched, sizeof f->fetched, "%s", url);
	if (says == NULL)
		return err_set(err, ERR_UNAVAILABLE, "nobody answers");
	buf_adds(body, says);
	return true;
}

static bool pm(void *self, const char *project_id, const char *body, struct buf *answer, struct err *err)
{
	struct project_fixture *f = self;
	f->pm_calls++;
	snprintf(f->pm_key, sizeof f->pm_key, "%s", project_id);
	if (f->pm_first[0] == '\0')
		strcpy(f->pm_first, f->pm_key);
	if (f->pm_down)
		return err_set(err, ERR_UNAVAILABLE, "the PM system is down");
	if (f->pm_says != NULL)
		buf_adds(answer, f->pm_says);
	else
		buf_addf(answer, "{\"project_number\":\"PM-%d\"}", strcmp(f->pm_first, project_id) == 0 ? 1 : 2);
	return strstr(body, "\"seal_sha256\"") != NULL;
}

static bool mail(void *self, const char *to, const char *subject, const char *text, struct err *err)
{
	struct project_fixture *f = self;
	f->mails++;
	must(to[0] != '\0' && subject[0] != '\0' && text[0] != '\0');
	return !f->mail_down || err_set(err, ERR_UNAVAILABLE, "no mail today");
}

static void open_sign(struct project_fixture *f, bool require_stamp, bool with_pm)
{
	const struct sign_api_options options = {.store = f->store,
											 .blobs = f->blobs,
											 .packs = f->packs,
											 .env = &f->env.env,
											 .ids = &f->ids,
											 .audit = &f->audit,
											 .countersign = f->desk.countersign,
											 .outbox = f->desk.outbox,
											 .version = "1.2.3",
											 .git_sha = "abc",
											 .geocoder_url = "https://geocode.test/json",
											 .geocoder_key = "secret",
											 .hazard_url = "https://hazard.test/?v=1",
											 .fetch = fetch,
											 .fetch_self = f,
											 .require_stamp = require_stamp,
											 .pm = with_pm ? pm : NULL,
											 .pm_self = f,
											 .search = f->search,
											 .search_self = f->search_self,
											 .mail = mail,
											 .mail_self = f};
	f->sign = sign_api_open(&options);
	f->router = router_new();
	sign_api_add(f->router, f->sign);
	f->service = (struct service){.env = &f->env.env, .ids = &f->ids, .router = f->router, .version = "1.2.3"};
	http_config_init(&f->service.config);
	f->service.config.deadline_ms = 600000;
	f->service.hooks.authorise = authorise;
	f->service.hooks.failed = failed;
}

void fixture_reopen(struct project_fixture *f, bool require_stamp, bool with_pm)
{
	sign_api_close(f->sign);
	router_free(f->router);
	countersign_fixture_renew(&f->desk);
	open_sign(f, require_stamp, with_pm);
}

int project_fixture_new(void **state)
{
	struct project_fixture *f = calloc(1, sizeof *f);
	struct err err;
	must(f != NULL);
	strcpy(f->folder, "/tmp/projects-XXXXXX");
	must(mkdtemp(f->folder) != NULL);
	env_sim_init(&f->env, 1, 1750000000000000);
	id_maker_init(&f->ids, &f->env.env);
	arena_init(&f->arena, ARENA_REQUEST_CAP);
	f->packs = packs_new(sign_pack_kinds, sign_pack_kinds_count);
	for (const struct embedded *file = embedded_packs; file->name != NULL; file++)
		must(packs_add(f->packs, file->bytes, file->size, false, &err));
	open_store(f);
	f->audit = (struct audit){.env = &f->env.env, .store_id = store_id(f->store), .stream = "main"};
	countersign_fixture_open(&f->desk, f->store, &f->env.env, &f->ids, &f->audit);
	const struct blobs_options blobs = {.folder = f->folder};
	must(blobs_open(&blobs, &f->blobs, &err));
	open_sign(f, false, true);
	*state = f;
	return 0;
}

int project_fixture_free(void **state)
{
	struct project_fixture *f = *state;
	char command[128];
	loopback_fini(&f->answer);
	sign_api_close(f->sign);
	router_free(f->router);
	blobs_close(f->blobs);
	store_close(f->store);
	countersign_fixture_close(&f->desk);
	packs_free(f->packs);
	arena_fini(&f->arena);
	id_maker_fini(&f->ids);
	env_sim_fini(&f->env);
	snprintf(command, sizeof command, "rm -rf %s", f->folder);
	int removed = system(command);
	free(f);
	return removed;
}

int fixture_ask(struct project_fixture *f, const char *who, const char *method, const char *target, const char *body,
				const char *const *headers)
{
	const char *all[HEADERS_MAX + 5] = {"X-Test-User", who, "Content-Type", "application/json"};
	size_t count = body != NULL ? 4 : 2;
	for (; headers != NULL && *headers != NULL && count < HEADERS_MAX; headers++)
		all[count++] = *headers;
	all[count] = NULL;
	loopback_fini(&f->answer);
	f->answer = (struct loopback){
		.method = method, .target = target, .headers = all, .body = body, .body_size = body != NULL ? strlen(body) : 0};
	loopback_ask(&f->service, &f->answer);
	f->json = NULL;
	if (f->answer.answer_size > 0 && f->answer.answer[0] == '{')
		json_parse(&f->arena, f->answer.answer, f->answer.answer_size, &json_body_limits, &f->json, NULL);
	return f->answer.status;
}

const struct json *fixture_at(const struct project_fixture *f, const char *path)
{
	const struct json *at = f->json;
	while (at != NULL && *path != '\0') {
		char name[64];
		size_t size = strcspn(path, ".");
		must(size < sizeof name);
		memcpy(name, path, size);
		name[size] = '\0';
		if (at->kind == JS_ARRAY)
			at = strtoul(name, NULL, 10) < at->count ? &at->items[strtoul(name, NULL, 10)] : NULL;
		else
			at = json_get(at, name);
		path += size + (path[size] == '.');
	}
	return at;
}

const char *fixture_text(const struct project_fixture *f, const char *path)
{
	const struct json *at = fixture_at(f, path);
	return at != NULL && at->kind == JS_STRING ? at->text : "";
}

double fixture_number_at(const struct project_fixture *f, const char *path)
{
	const struct json *at = fixture_at(f, path);
	return at != NULL && json_numeric(at) ? json_number(at) : NAN;
}

bool fixture_chain_sound(struct project_fixture *f)
{
	struct audit_report report;
	struct err err;
	struct db *db = store_read(f->store);
	bool read = audit_verify(db, store_id(f->store), NULL, NULL, &report, &err);
	store_read_end(f->store, db);
	return read && report.sound && report.rows > 0;
}
