#include "flow/persons.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/id.h"
#include "core/jcs.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "flow/domain/ask.h"
#include "flow/domain/datum.h"
#include "flow/domain/trouble.h"
#include "flow/runner.h"
#include "flow/work_repo.h"
#include "people/roles.h"
#include "seal/countersign.h"
#include "seal/outbox.h"
#include "seal/seals.h"
#include "store/store.h"

enum { ARENA_CAP = 32 << 20, DECISIONS_MAX = 100 };

#define SUBJECT "step"

static const struct audit_event the_system = {.actor = "system", .role = "system"};

struct decided {
	char run_id[ID_TEXT];
	struct decided *next;
};

struct persons {
	struct persons_options options;
	pthread_mutex_t lock; /* of what follows */
	struct runner *runner;
	struct decided *decided; /* in ops that may not be committed yet */
};

/* --- opening --- */

/* [P-6.4] What was received is its own seal. */
void persons_seal(const struct json *content, struct buf *text, char sha256[65])
{
	struct buf own;
	buf_init(&own, 0);
	struct buf *to = text != NULL ? text : &own;
	jcs_write_whole(to, content);
	sha256_hex(buf_text(to), to->size, sha256);
	buf_fini(&own);
}

static bool seal_content(struct persons *p, struct db *db, const struct persons_ask *ask, const char *subject,
						 char sha256[SHA256_HEX_SIZE], struct err *err)
{
	struct buf text;
	bool made;
	buf_init(&text, 0);
	persons_seal(ask->person->content, &text, sha256);
	const struct seal seal = {
		.account_id = ask->account_id,
		.seal_sha256 = sha256,
		.content_sha256 = sha256,
		.inputs_sha256 = sha256,
		.inputs = "null",
		.result = buf_text(&text),
		.packs = "{}",
		.code_version = p->options.version,
		.git_sha = p->options.git_sha,
		.confidence = 1,
		.subject_kind = SUBJECT,
		.subject_id = subject,
		.created_by = ask->author_id,
		.created_us = env_wall_us(p->options.env),
	};
	bool sealed = seal_insert(db, &seal, p->options.packs, &made, err);
	buf_fini(&text);
	return sealed;
}

static bool keep(struct db *db, const struct persons_ask *ask, const struct countersign_request *request,
				 struct err *err)
{
	struct datum *who = datum_json(ask->person->who);
	bool kept = db_run(db, err,
					   "INSERT INTO flow_requests (request_id, run_id, path, attempt, reference, who, go_on, "
					   "seal_sha256, open) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 1)",
					   V_TEXT(request->request_id), V_TEXT(ask->run_id), V_TEXT(ask->path), V_INT(ask->attempt),
					   V_TEXT(ask->reference), V_TEXT(datum_bytes(who, NULL)), V_INT(ask->person->go_on),
					   V_TEXT(request->seal_sha256));
	datum_unref(who);
	return kept;
}

bool persons_open(struct persons *p, struct db *db, const struct persons_ask *ask, struct err *err)
{
	char sha256[SHA256_HEX_SIZE];
	struct arena arena;
	struct audit_event who = the_system;
	arena_init(&arena, ARENA_CAP);
	const char *subject = arena_printf(&arena, "%s:%s", ask->run_id, ask->path);
	struct countersign_request request = {
		.account_id = ask->account_id,
		.kind = COUNTERSIGN_STEP,
		.seal_sha256 = sha256,
		.content_sha256 = sha256,
		.subject_kind = SUBJECT,
		.subject_id = subject,
		.author_id = ask->author_id,
		.quorum = ask->person->quorum,
		.four_eyes = ask->person->four_eyes,
		.consent_version = ask->person->consent_version,
		.expires_us = env_wall_us(p->options.env) + ask->person->expires_ms * 1000,
	};
	who.account_id = ask->account_id;
	bool opened = seal_content(p, db, ask, subject, sha256, err) &&
				  countersign_open(p->options.countersign, db, &who, &arena, &request, err) &&
				  keep(db, ask, &request, err);
	arena_fini(&arena);
	return opened;
}

/* --- finding --- */

struct link {
	struct arena *arena;
	const char *request_id, *run_id, *path, *reference, *who, *seal_sha256;
	int64_t attempt;
	bool go_on, open;
};

static void take_link(const struct db_rows *row, void *self)
{
	struct link *link = self;
	const char **texts[] = {&link->request_id, &link->run_id, &link->path,
							&link->reference,  &link->who,    &link->seal_sha256};
	for (int i = 0; i < 6; i++)
		*texts[i] = db_text_dup(row, i, link->arena);
	link->attempt = db_int(row, 6);
	link->go_on = db_int(row, 7) != 0;
	link->open = db_int(row, 8) != 0;
}

#define LINK "SELECT request_id, run_id, path, reference, who, seal_sha256, attempt, go_on, open FROM flow_requests "

static bool find_link(struct db *db, const char *request_id, struct link *link, bool *found, struct err *err)
{
	return db_one(db, err, found, take_link, link, LINK "WHERE request_id = $1", V_TEXT(request_id));
}

bool persons_find(struct db *db, const char *run_id, const char *path, struct arena *arena,
				  struct persons_request *request, bool *found, struct err *err)
{
	struct link link = {.arena = arena};
	if (!db_one(db, err, found, take_link, &link,
				LINK "WHERE run_id = $1 AND (path = $2 OR $2 IS NULL) ORDER BY open DESC, request_id DESC LIMIT 1",
				V_TEXT(run_id), V_TEXT(path)))
		return false;
	*request = (struct persons_request){
		.request_id = link.request_id, .path = link.path, .seal_sha256 = link.seal_sha256, .open = link.open};
	return true;
}

static bool shut(struct db *db, const char *request_id, struct err *err)
{
	return db_run(db, err, "UPDATE flow_requests SET open = 0 WHERE request_id = $1", V_TEXT(request_id));
}

static bool withdraw(struct persons *p, struct db *db, const char *account_id, const char *request_id,
					 struct arena *arena, struct err *err)
{
	struct audit_event who = the_system;
	struct countersign_request request;
	who.account_id = account_id;
	return countersign_withdraw(p->options.countersign, db, &who, request_id, NULL, arena, &request, err);
}

bool persons_close(struct persons *p, struct db *db, const char *run_id, const char *account_id, const char *path,
				   int64_t attempt, struct err *err)
{
	struct arena arena;
	bool found = false;
	arena_init(&arena, ARENA_CAP);
	struct link link = {.arena = &arena};
	/* It is shut before it is withdrawn, so that the withdrawal is no answer to the step. */
	bool closed =
		db_one(db, err, &found, take_link, &link, LINK "WHERE run_id = $1 AND path = $2 AND attempt = $3 AND open = 1",
			   V_TEXT(run_id), V_TEXT(path), V_INT(attempt)) &&
		(!found || (shut(db, link.request_id, err) && withdraw(p, db, account_id, link.request_id, &arena, err)));
	arena_fini(&arena);
	return closed;
}

/* --- being told --- */

static void take_decision(void *self, const struct countersignature *row)
{
	struct jw *jw = self;
	char at[STAMP_TEXT];
	if (row->revoked_us != 0)
		return;
	stamp_format(at, row->created_us);
	jw_object(jw);
	jw_member_str(jw, "user_id", row->user_id);
	jw_member_str(jw, "decision", countersign_decision_names[row->decision]);
	jw_member_str(jw, "reason", row->reason);
	jw_member_str(jw, "at", at);
	jw_object_end(jw);
}

/* {decision, decisions[], seal_sha256} [flow.md 2.7] */
static bool write_output(struct db *db, const struct countersign_request *r, struct arena *arena, struct buf *text,
						 struct err *err)
{
	const struct countersign_filter filter = {.account_id = r->account_id,
											  .request_id = r->request_id,
											  .before = "",
											  .status = -1,
											  .kind = -1,
											  .limit = DECISIONS_MAX};
	struct jw jw;
	jw_init(&jw, text);
	jw_object(&jw);
	jw_member_str(&jw, "decision", r->status == COUNTERSIGN_GRANTED ? "approve" : "reject");
	jw_key(&jw, "decisions");
	jw_array(&jw);
	bool read = countersignatures(db, &filter, arena, take_decision, &jw, err);
	jw_array_end(&jw);
	jw_member_str(&jw, "seal_sha256", r->seal_sha256);
	jw_object_end(&jw);
	return read;
}

static struct datum *error_of(const struct countersign_request *r, const struct link *link)
{
	struct trouble trouble;
	if (r->status == COUNTERSIGN_EXPIRED)
		trouble_set(&trouble, TROUBLE_TIMEOUT, "Expired", "Nobody decided in time.");
	else if (r->status == COUNTERSIGN_REJECTED)
		trouble_set(&trouble, TROUBLE_RUNTIME, "Rejected", "Who was asked has said no.");
	else
		trouble_set(&trouble, TROUBLE_RUNTIME, "Withdrawn", "The request was withdrawn.");
	return trouble_datum(&trouble, NULL, link->reference);
}

static void note_decided(struct persons *p, const char *run_id)
{
	struct decided *decided = malloc(sizeof *decided);
	must(decided != NULL && strlen(run_id) < sizeof decided->run_id);
	strcpy(decided->run_id, run_id);
	pthread_mutex_lock(&p->lock);
	decided->next = p->decided;
	p->decided = decided;
	pthread_mutex_unlock(&p->lock);
}

static bool answer(struct persons *p, struct db *db, const struct countersign_request *r, const struct link *link,
				   struct err *err)
{
	struct buf output;
	struct datum *error = NULL;
	bool is_output = r->status == COUNTERSIGN_GRANTED || (r->status == COUNTERSIGN_REJECTED && link->go_on);
	buf_init(&output, 0);
	bool good = !is_output || write_output(db, r, link->arena, &output, err);
	if (!is_output)
		error = error_of(r, link);
	const struct work_answer made = {.path = link->path,
									 .attempt = link->attempt,
									 .output = is_output ? buf_text(&output) : NULL,
									 .error = is_output ? NULL : datum_bytes(error, NULL),
									 .definite = true};
	good = good && shut(db, link->request_id, err) && answers_put(db, link->run_id, &made, err);
	if (good)
		note_decided(p, link->run_id);
	buf_fini(&output);
	datum_unref(error);
	return good;
}

/*
 * What was granted has its effect here, in the transaction that grants it: the run has its answer.  So it is applied at
 * once, and cannot be taken back any more.
 */
static bool told(void *self, struct db *db, const struct countersign_request *r, struct err *err)
{
	struct persons *p = self;
	struct arena arena;
	bool found = false;
	arena_init(&arena, ARENA_CAP);
	struct link link = {.arena = &arena};
	bool good = find_link(db, r->request_id, &link, &found, err);
	if (good && found && link.open)
		good = answer(p, db, r, &link, err) &&
			   (r->status != COUNTERSIGN_GRANTED || countersign_claim(p->options.countersign, db, r->effect_key, err));
	arena_fini(&arena);
	return good;
}

/* --- who may --- */

struct user {
	char user_id[ID_TEXT], email[256];
	unsigned roles;
};

static void take_user(const struct db_rows *row, void *self)
{
	struct user *user = self;
	const char *email = db_text(row, 0);
	user->roles = roles_parse(db_text(row, 1));
	if (email != NULL && strlen(email) < sizeof user->email)
		strcpy(user->email, email);
}

static bool is_named(const struct json *who, const struct user *user)
{
	const struct json *users = json_get(who, "users");
	const char *role = json_text(who, "role");
	if (role != NULL)
		return (role_named(role) & user->roles) != 0;
	for (uint32_t i = 0; users != NULL && i < users->count; i++)
		if (strcmp(users->items[i].text, user->user_id) == 0 || strcasecmp(users->items[i].text, user->email) == 0)
			return true;
	return false;
}

static bool may_decide(struct db *db, const struct link *link, const char *user_id, struct err *err)
{
	const struct json *who;
	struct user user = {.roles = 0};
	bool found = false;
	if (!json_parse(link->arena, link->who, strlen(link->who), &datum_limits, &who, err) ||
		!db_one(db, err, &found, take_user, &user, "SELECT email_norm, roles FROM users WHERE user_id = $1",
				V_TEXT(user_id)))
		return false;
	strcpy(user.user_id, user_id);
	return (found && is_named(who, &user)) || err_set(err, ERR_FORBIDDEN, "Somebody else is asked to decide this.");
}

static bool asked(void *self, struct db *db, const struct countersign_request *r,
				  const struct countersign_choice *choice, struct err *err)
{
	struct arena arena;
	bool found = false;
	(void)self;
	arena_init(&arena, ARENA_CAP);
	struct link link = {.arena = &arena};
	bool may =
		find_link(db, r->request_id, &link, &found, err) && (!found || may_decide(db, &link, choice->user_id, err));
	arena_fini(&arena);
	return may;
}

/* --- life --- */

/* On the writer's thread, after a commit.  What its op lost is looked for in vain, which does no harm. */
static void committed(void *self)
{
	struct persons *p = self;
	pthread_mutex_lock(&p->lock);
	struct decided *list = p->decided;
	struct runner *runner = p->runner;
	p->decided = NULL;
	while (list != NULL) {
		struct decided *one = list;
		list = one->next;
		if (runner != NULL)
			runner_look(runner, one->run_id);
		free(one);
	}
	pthread_mutex_unlock(&p->lock);
}

void persons_serve(struct persons *p, struct runner *runner)
{
	if (p == NULL)
		return;
	pthread_mutex_lock(&p->lock);
	p->runner = runner;
	pthread_mutex_unlock(&p->lock);
}

struct persons *persons_new(const struct persons_options *options)
{
	struct persons *p = calloc(1, sizeof *p);
	must(p != NULL);
	p->options = *options;
	pthread_mutex_init(&p->lock, NULL);
	countersign_on(options->countersign, COUNTERSIGN_STEP, told, p);
	countersign_guard(options->countersign, COUNTERSIGN_STEP, asked, p);
	outbox_hook(options->outbox, committed, p);
	return p;
}

void persons_free(struct persons *p)
{
	if (p == NULL)
		return;
	committed(p);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
