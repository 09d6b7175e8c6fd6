#include <string.h>

#include "app/app.h"
#include "app/countersign_api.h"
#include "app/routes.h"
#include "core/arena.h"
#include "core/err.h"
#include "crypt/digest.h"
#include "http/etag.h"
#include "http/exchange.h"
#include "http/router.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/write.h"
#include "store/store.h"

/* /api/v1/countersign-policies: what an account asks for beyond the kinds' own policies; it only raises [P-6.6]. */

struct policy_view {
	int kind;
	int64_t quorum;
	bool four_eyes;
	const char *permission;
	int64_t expires_s;
};
static const struct field policy_fields[] = {
	F_ENUM(policy_view, kind, countersign_kind_names),
	F_INT(policy_view, quorum, DOC("Approvals that a request needs at least")),
	F_BOOL(policy_view, four_eyes, DOC("Who asked cannot decide")),
	F_STR(policy_view, permission, DOC("What a signer needs")),
	F_INT(policy_view, expires_s, DOC("How long a request is open by default; 0: as its product says")),
};
static const struct field_table policy_table = FIELD_TABLE("countersign.policy", policy_view, policy_fields);

struct policies_view {
	struct {
		size_t count;
		struct policy_view *items;
	} policies;
};
static const struct field policies_fields[] = {F_OBJECTS(policies_view, policies, &policy_table)};
static const struct field_table policies_table = FIELD_TABLE("countersign.policies", policies_view, policies_fields);

static const struct field change_fields[] = {
	F_ENUM(policy_view, kind, countersign_kind_names, REQUIRED),
	F_INT(policy_view, quorum, RANGE(1, COUNTERSIGN_QUORUM_MAX), DEFAULT(1)),
	F_BOOL(policy_view, four_eyes, DEFAULT(false)),
};
static const struct field_table change_table = FIELD_TABLE("countersign.policy.change", policy_view, change_fields);

static const struct field body_fields[] = {
	F_OBJECTS(policies_view, policies, &change_table, REQUIRED, COUNT(1, COUNTERSIGN_KINDS)),
};
static const struct field_table body_table = FIELD_TABLE("countersign.policies.change", policies_view, body_fields);

struct changing {
	struct write write; /* first */
	struct app *app;
	struct policies_view body, now;
	char etag[ETAG_TEXT];
};

static bool read_policies(struct db *db, const char *account_id, struct policy_view view[COUNTERSIGN_KINDS],
						  char etag[ETAG_TEXT], struct err *err)
{
	unsigned char sum[COUNTERSIGN_KINDS * 2];
	char hash[SHA256_HEX_SIZE];
	for (int kind = 0; kind < COUNTERSIGN_KINDS; kind++) {
		const struct countersign_policy *policy = &countersign_policies[kind];
		int64_t quorum;
		bool four_eyes;
		if (!countersign_policy_get(db, account_id, (enum countersign_kind)kind, &quorum, &four_eyes, err))
			return false;
		view[kind] = (struct policy_view){
			.kind = kind,
			.quorum = quorum > policy->quorum ? quorum : policy->quorum,
			.four_eyes = four_eyes || policy->four_eyes,
			.permission = policy->permission,
			.expires_s = policy->expires_s,
		};
		sum[2 * kind] = (unsigned char)view[kind].quorum;
		sum[2 * kind + 1] = view[kind].four_eyes;
	}
	sha256_hex(sum, sizeof sum, hash);
	etag_format(etag, hash);
	return true;
}

static void handle_get(struct exchange *x)
{
	const struct app *app = x->owner;
	struct policy_view view[COUNTERSIGN_KINDS];
	const struct policies_view all = {.policies = {COUNTERSIGN_KINDS, view}};
	char etag[ETAG_TEXT];
	struct err err;
	struct db *db = store_read(app->store);
	bool read = read_policies(db, principal_of(x)->account_id, view, etag, &err);
	store_read_end(app->store, db);
	if (!read) {
		exchange_fail(x, &err);
		return;
	}
	exchange_set(x, "ETag", etag);
	reply_fact(x, 200, &policies_table, &all);
}

static void check_one(const struct policy_view *wanted, size_t i, struct faults *faults)
{
	if (wanted->kind < 0)
		return;
	const struct countersign_policy *policy = &countersign_policies[wanted->kind];
	const char *pointer = field_pointer_index(faults->arena, "/policies", i);
	if (wanted->quorum < policy->quorum)
		faults_add(faults, field_pointer(faults->arena, pointer, "quorum"), "range", "a policy can only raise it");
	if (policy->four_eyes && !wanted->four_eyes)
		faults_add(faults, field_pointer(faults->arena, pointer, "four_eyes"), "enum", "a %s always needs four eyes",
				   countersign_kind_names[wanted->kind]);
}

static void check_all(void *self, struct faults *faults)
{
	const struct changing *c = self;
	for (size_t i = 0; i < c->body.policies.count; i++)
		check_one(&c->body.policies.items[i], i, faults);
}

static bool put_one(const struct changing *c, struct db *db, const struct policy_view *policy, struct err *err)
{
	struct exchange *x = c->write.x;
	const char *quorum = arena_printf(&x->arena, "%lld", (long long)policy->quorum);
	const struct audit_pair meta[] = {{AUDIT_META_kind, countersign_kind_names[policy->kind]},
									  {AUDIT_META_quorum, quorum}};
	struct audit_event event = principal_event(x, AUDIT_COUNTERSIGN_POLICY, AUDIT_SUCCESS);
	event.target_id = countersign_kind_names[policy->kind];
	event.meta = meta;
	event.meta_count = sizeof meta / sizeof *meta;
	return countersign_policy_put(c->app->countersign, db, principal_of(x)->account_id,
								  (enum countersign_kind)policy->kind, policy->quorum, policy->four_eyes, err) &&
		   audit_append(&c->app->audit, db, &event, err);
}

static bool apply_put(struct write *w, struct db *db, struct err *err)
{
	struct changing *c = (struct changing *)w;
	const char *account_id = principal_of(w->x)->account_id;
	c->now.policies.items = arena_array(&w->x->arena, COUNTERSIGN_KINDS, sizeof *c->now.policies.items);
	c->now.policies.count = COUNTERSIGN_KINDS;
	if (c->now.policies.items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!read_policies(db, account_id, c->now.policies.items, c->etag, err) || !etag_if_match(w->x, c->etag, err))
		return false;
	for (size_t i = 0; i < c->body.policies.count; i++)
		if (!put_one(c, db, &c->body.policies.items[i], err))
			return false;
	return read_policies(db, account_id, c->now.policies.items, c->etag, err);
}

static void answer_put(struct write *w)
{
	const struct changing *c = (const struct changing *)w;
	exchange_set(w->x, "ETag", c->etag);
	reply_fact(w->x, 200, &policies_table, &c->now);
}

static void handle_put(struct exchange *x)
{
	struct changing *c = arena_new(&x->arena, struct changing);
	if (c == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*c = (struct changing){.app = x->owner};
	if (!exchange_decode_checked(x, &c->body, check_all, c) || !countersign_has_account(x))
		return;
	c->write = (struct write){.x = x, .store = c->app->store, .apply = apply_put, .answer = answer_put};
	write_submit(&c->write);
}

static const enum err_kind put_errors[] = {ERR_PRECONDITION_REQUIRED, ERR_PRECONDITION_FAILED, ERR_NONE};

static const struct route routes[] = {
	ROUTE(GET, "/api/v1/countersign-policies", "policy.manage", EFFECT_READ, handle_get,
		  .operation = "countersign.policies.get", .summary = "What each kind of request asks for in this account",
		  .result = &policies_table),
	ROUTE(PUT, "/api/v1/countersign-policies", "policy.manage", EFFECT_WRITE, handle_put,
		  .operation = "countersign.policies.put",
		  .summary = "Raise quorum or four eyes for requests opened from now on", .body = &body_table,
		  .result = &policies_table, .errors = put_errors,
		  .example = "{\"policies\":[{\"kind\":\"release\",\"quorum\":2,\"four_eyes\":true}]}"),
};

void policies_api_add(struct app *app)
{
	router_add(app->router, routes, sizeof routes / sizeof *routes, app);
}
