#include "flow/agents_fixture.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/embedded.h"
#include "core/err.h"
#include "core/must.h"
#include "expr/expr.h"
#include "flow/flow.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/roles.h"
#include "seal/outbox.h"
#include "seal/pack.h"
#include "store/store.h"

extern const struct embedded embedded_migrations[];

enum { STEPS_MAX = 32, HEADERS_MAX = 16 };

#define ACCOUNT FIXTURE_ACCOUNT
#define OTHER_ACCOUNT "01900000-0000-7000-8000-00000000000b"

static const struct {
	const char *name, *user_id, *account_id;
	unsigned roles;
} people[] = {
	{"ops", "01900000-0000-7000-8000-000000000001", ACCOUNT, ROLE_OPERATOR},
	{"own", "01900000-0000-7000-8000-000000000002", ACCOUNT, ROLE_OWNER},
	{"vic", "01900000-0000-7000-8000-000000000003", ACCOUNT, ROLE_VIEWER},
	{"eve", "01900000-0000-7000-8000-000000000004", OTHER_ACCOUNT, ROLE_OWNER},
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
					"created_at, updated_at) VALUES ($1, $2, $3, $3, $4, 'active', $5, 1, 0, 0)",
					V_TEXT(people[i].user_id), V_TEXT(people[i].account_id), V_TEXT(people[i].name),
					V_TEXT(roles_format(people[i].roles, roles)), V_BLOB(people[i].user_id, AUDIT_KEY)))
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

static void open_store(struct agents_fixture *f)
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

static void open_agents(struct agents_fixture *f, const struct budget_hooks *hooks)
{
	const struct agents_api_options options = {.store = f->store,
											   .env = &f->env.env,
											   .ids = &f->ids,
											   .audit = &f->audit,
											   .outbox = f->outbox,
											   .packs = f->packs,
											   .exprs = f->exprs,
											   .budget_hooks = *hooks};
	f->agents = agents_api_open(&options);
	f->router = router_new();
	agents_add_routes(f->router, f->agents);
	f->service = (struct service){.env = &f->env.env, .ids = &f->ids, .router = f->router, .version = "1.2.3"};
	http_config_init(&f->service.config);
	f->service.config.deadline_ms = 600000;
	f->service.hooks.authorise = authorise;
	f->service.hooks.failed = failed;
}

void fixture_reopen(struct agents_fixture *f, const struct budget_hooks *hooks)
{
	agents_api_close(f->agents);
	router_free(f->router);
	open_agents(f, hooks);
}

int agents_fixture_new(void **state)
{
	struct agents_fixture *f = calloc(1, sizeof *f);
	const struct budget_hooks none = {.self = NULL};
	struct err err;
	must(f != NULL);
	strcpy(f->folder, "/tmp/agents-XXXXXX");
	must(mkdtemp(f->folder) != NULL);
	env_sim_init(&f->env, 1, 1750000000000000);
	id_maker_init(&f->ids, &f->env.env);
	arena_init(&f->arena, (size_t)1 << 30);
	f->packs = packs_new(flow_pack_kinds, flow_pack_kinds_count);
	for (const struct embedded *file = embedded_packs; file->name != NULL; file++)
		must(packs_add(f->packs, file->bytes, file->size, false, &err));
	const struct expr_config exprs = {.helpers = 1};
	must(expr_open(&exprs, &f->exprs, &err));
	open_store(f);
	f->audit = (struct audit){.env = &f->env.env, .store_id = store_id(f->store), .stream = "main"};
	f->outbox = outbox_new(f->store, &f->env.env, &f->ids, "https://test");
	open_agents(f, &none);
	*state = f;
	return 0;
}

int agents_fixture_free(void **state)
{
	struct agents_fixture *f = *state;
	char command[128];
	loopback_fini(&f->answer);
	router_free(f->router);
	store_close(f->store);
	agents_api_close(f->agents);
	outbox_free(f->outbox);
	expr_close(f->exprs);
	packs_free(f->packs);
	arena_fini(&f->arena);
	id_maker_fini(&f->ids);
	env_sim_fini(&f->env);
	snprintf(command, sizeof command, "rm -rf %s", f->folder);
	int removed = system(command);
	free(f);
	return removed;
}

static int ask(struct agents_fixture *f, const char *who, const char *method, const char *target, const char *etag,
			   const char *body)
{
	static const struct json_limits large = {.depth = 64, .values = 10000000};
	const char *headers[] = {"X-Test-User", who, "Content-Type", "application/json", "If-Match", etag, NULL};
	if (etag == NULL)
		headers[4] = NULL;
	if (body == NULL)
		headers[2] = NULL;
	loopback_fini(&f->answer);
	f->answer = (struct loopback){.method = method,
								  .target = target,
								  .headers = headers,
								  .body = body,
								  .body_size = body != NULL ? strlen(body) : 0};
	loopback_ask(&f->service, &f->answer);
	f->json = NULL;
	if (f->answer.answer_size > 0 && f->answer.answer[0] == '{')
		json_parse(&f->arena, f->answer.answer, f->answer.answer_size, &large, &f->json, NULL);
	return f->answer.status;
}

int fixture_ask(struct agents_fixture *f, const char *who, const char *method, const char *target, const char *body,
				...)
{
	char *text = NULL;
	va_list args;
	if (body != NULL) {
		va_start(args, body);
		must(vasprintf(&text, body, args) >= 0);
		va_end(args);
	}
	int status = ask(f, who, method, target, NULL, text);
	free(text);
	return status;
}

int fixture_ask_if(struct agents_fixture *f, const char *who, const char *method, const char *target, const char *etag,
				   const char *body)
{
	return ask(f, who, method, target, etag, body);
}

bool fixture_true(const struct agents_fixture *f, const char *path)
{
	const struct json *at = fixture_at(f, path);
	return at != NULL && at->kind == JS_BOOL && at->boolean;
}

const char *fixture_keep(struct agents_fixture *f, const char *path)
{
	return arena_dup(&f->arena, fixture_text(f, path));
}

const struct json *fixture_at(const struct agents_fixture *f, const char *path)
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

const char *fixture_text(const struct agents_fixture *f, const char *path)
{
	const struct json *at = fixture_at(f, path);
	return at != NULL && at->kind == JS_STRING ? at->text : "";
}

double fixture_number_at(const struct agents_fixture *f, const char *path)
{
	const struct json *at = fixture_at(f, path);
	return at != NULL && json_numeric(at) ? json_number(at) : NAN;
}

bool fixture_chain_sound(struct agents_fixture *f)
{
	struct audit_report report;
	struct err err;
	struct db *db = store_read(f->store);
	bool read = audit_verify(db, store_id(f->store), NULL, NULL, &report, &err);
	store_read_end(f->store, db);
	return read && report.sound && report.rows > 0;
}
