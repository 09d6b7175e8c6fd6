#include "people/fixture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/embedded.h"
#include "core/err.h"
#include "core/must.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/principal.h"
#include "people/roles.h"
#include "seal/pack.h"

enum { HEADERS_MAX = 16 };

static bool authorise(void *self, struct exchange *x, const struct route *route, struct err *err)
{
	const struct people_fixture *f = self;
	const char *who = exchange_header(x, "x-test-user");
	for (size_t i = 0; who != NULL && i < f->known_count; i++) {
		const struct fixture_person *person = &f->known[i];
		if (strcmp(person->name, who) != 0)
			continue;
		struct principal *principal = arena_new(&x->arena, struct principal);
		must(principal != NULL);
		*principal = (struct principal){.kind = PRINCIPAL_PERSON, .roles = person->roles};
		strcpy(principal->user_id, person->user_id);
		strcpy(principal->account_id, person->account_id);
		x->principal = principal;
		return role_permits(person->roles, route->permission) ||
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

static void open_people(struct people_fixture *f, const char *name)
{
	enum { MANY = 64 };
	struct fixture_person rows[MANY];
	char names[MANY][ROLES_TEXT];
	must(f->known_count <= MANY);
	for (size_t i = 0; i < f->known_count; i++) {
		rows[i] = f->known[i];
		rows[i].role_names = roles_format(rows[i].roles, names[i]);
	}
	seal_fixture_open(&f->seal, name, rows, f->known_count);
}

void people_fixture_open(struct people_fixture *f, const char *name, const struct fixture_person *known, size_t count,
						 const struct pack_kind *const *kinds, size_t kinds_count)
{
	struct err err;
	*f = (struct people_fixture){.known = known, .known_count = count};
	open_people(f, name);
	f->packs = packs_new(kinds, kinds_count);
	for (const struct embedded *file = embedded_packs; file->name != NULL; file++)
		must(packs_add(f->packs, file->bytes, file->size, false, &err));
	f->service = (struct service){.env = &f->env.env, .ids = &f->ids, .version = "1.2.3"};
	http_config_init(&f->service.config);
	f->service.config.deadline_ms = 600000;
	f->service.config.check_answers = true;
	f->service.hooks = (struct http_hooks){.self = f, .authorise = authorise, .failed = failed};
}

void people_fixture_close(struct people_fixture *f)
{
	loopback_fini(&f->answer);
	router_free(f->router);
	seal_fixture_close(&f->seal);
	packs_free(f->packs);
}

void people_fixture_serve(struct people_fixture *f, struct router *router)
{
	router_free(f->router);
	f->router = router;
	f->service.router = router;
}

int people_fixture_ask(struct people_fixture *f, const char *who, const char *method, const char *target,
					   const char *body, const char *const *headers)
{
	static const struct json_limits large = {.depth = 64, .values = 10000000};
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
		json_parse(&f->arena, f->answer.answer, f->answer.answer_size, &large, &f->json, NULL);
	return f->answer.status;
}

const struct json *people_fixture_at(const struct people_fixture *f, const char *path)
{
	return fixture_path(f->json, path);
}

const char *people_fixture_text(const struct people_fixture *f, const char *path)
{
	const struct json *at = people_fixture_at(f, path);
	return at != NULL && at->kind == JS_STRING ? at->text : "";
}

double people_fixture_number(const struct people_fixture *f, const char *path)
{
	const struct json *at = people_fixture_at(f, path);
	return at != NULL && json_numeric(at) ? json_number(at) : NAN;
}

bool people_fixture_true(const struct people_fixture *f, const char *path)
{
	const struct json *at = people_fixture_at(f, path);
	return at != NULL && at->kind == JS_BOOL && at->boolean;
}

const char *people_fixture_keep(struct people_fixture *f, const char *path)
{
	return arena_dup(&f->arena, people_fixture_text(f, path));
}
