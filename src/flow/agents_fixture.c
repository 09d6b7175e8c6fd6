#include "flow/agents_fixture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/must.h"
#include "expr/expr.h"
#include "flow/flow.h"
#include "http/router.h"
#include "people/roles.h"
#include "seal/outbox.h"
#include "store/store.h"

static const struct fixture_person people[] = {
	{"ops", "01900000-0000-7000-8000-000000000001", FIXTURE_ACCOUNT, ROLE_OPERATOR, NULL, NULL},
	{"own", "01900000-0000-7000-8000-000000000002", FIXTURE_ACCOUNT, ROLE_OWNER, NULL, NULL},
	{"vic", "01900000-0000-7000-8000-000000000003", FIXTURE_ACCOUNT, ROLE_VIEWER, NULL, NULL},
	{"eve", "01900000-0000-7000-8000-000000000004", FIXTURE_OTHER, ROLE_OWNER, NULL, NULL},
};

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
	struct router *router = router_new();
	agents_add_routes(router, f->agents);
	people_fixture_serve(&f->people, router);
}

void fixture_reopen(struct agents_fixture *f, const struct budget_hooks *hooks)
{
	agents_api_close(f->agents);
	open_agents(f, hooks);
}

int agents_fixture_new(void **state)
{
	struct agents_fixture *f = calloc(1, sizeof *f);
	const struct budget_hooks none = {.self = NULL};
	must(f != NULL);
	people_fixture_open(&f->people, "agents", people, sizeof people / sizeof *people, flow_pack_kinds,
						flow_pack_kinds_count);
	const struct expr_config exprs = {.helpers = 1};
	struct err err;
	must(expr_open(&exprs, &f->exprs, &err));
	f->outbox = outbox_new(f->store, &f->env.env, &f->ids, "https://test");
	open_agents(f, &none);
	*state = f;
	return 0;
}

int agents_fixture_free(void **state)
{
	struct agents_fixture *f = *state;
	store_close(f->store);
	f->store = NULL;
	agents_api_close(f->agents);
	outbox_free(f->outbox);
	expr_close(f->exprs);
	people_fixture_close(&f->people);
	free(f);
	return 0;
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
	int status = people_fixture_ask(&f->people, who, method, target, text, NULL);
	free(text);
	return status;
}

int fixture_ask_if(struct agents_fixture *f, const char *who, const char *method, const char *target, const char *etag,
				   const char *body)
{
	const char *const headers[] = {"If-Match", etag, NULL};
	return people_fixture_ask(&f->people, who, method, target, body, etag != NULL ? headers : NULL);
}
