#include "trade/ingest.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/log.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "http/media.h"
#include "http/service.h"
#include "people/idempotency.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/roles.h"
#include "seal/calc.h"
#include "seal/pack.h"
#include "seal/seals.h"
#include "trade/domain/instruments.h"
#include "trade/domain/risk.h"
#include "trade/figures.h"
#include "trade/judge.h"
#include "trade/kept_risk.h"
#include "trade/signal_life.h"
#include "trade/signal_view.h"
#include "trade/trade_internal.h"

/* --- 6 and 7: how often, and whether it was answered before --- */

/* Who it is, now that the signature holds: for the Idempotency-Key and the log. */
static bool take_principal(struct ingest *in)
{
	struct exchange *x = in->deed.x;
	struct principal *principal = arena_new(&x->arena, struct principal);
	if (principal == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return false;
	}
	*principal = (struct principal){.kind = PRINCIPAL_PRODUCER, .roles = ROLE_PRODUCER};
	snprintf(principal->user_id, sizeof principal->user_id, "%s", in->producer.producer_id);
	snprintf(principal->account_id, sizeof principal->account_id, "%s", in->producer.account_id);
	x->principal = principal;
	return true;
}

bool ingest_admit(struct ingest *in)
{
	struct idempotency *idempotency = in->deed.api->serving.idempotency;
	struct figures *figures = in->deed.api->figures;
	if (!deed_rate(&in->deed, "trade.producer", in->producer.producer_id)) {
		figures_count(figures, COUNT_signals_refused_total, err_code(ERR_RATE_LIMITED), NULL);
		return false;
	}
	return take_principal(in) && (idempotency == NULL || idempotency_enter(idempotency, in->deed.x));
}

/* --- 9 to 11: what it says --- */

static bool parse_body(struct ingest *in, const struct json **body)
{
	static const char *const json_only[] = {"application/json", NULL};
	struct exchange *x = in->deed.x;
	const char *type = exchange_header(x, "content-type");
	struct err err;
	/* services that call a URL say text/plain of JSON */
	if (exchange_header(x, "content-encoding") != NULL ||
		(in->kind != PRODUCER_URL_TOKEN && !media_is(type, json_only))) {
		write_refuse(&in->deed.write, ERR_MEDIA_TYPE, "The body has to be application/json.");
		return false;
	}
	if (!json_parse(&x->arena, buf_text(&x->body), x->body.size, &json_body_limits, body, &err) ||
		((*body)->kind != JS_OBJECT && !err_set(&err, ERR_JSON_INVALID, "The body must be an object."))) {
		write_refuse(&in->deed.write, err.kind, "%s", err.message);
		return false;
	}
	if (!signal_payload_fits(*body)) {
		write_refuse(&in->deed.write, ERR_PAYLOAD_TOO_LARGE, "The payload has at most %d bytes.", SIGNAL_PAYLOAD_MAX);
		return false;
	}
	return true;
}

/* The producer's list of instruments, in the arena; NULL: all. */
static const char *const *allowed_of(struct ingest *in, size_t *count)
{
	const struct json *list = NULL;
	struct arena *arena = &in->deed.x->arena;
	const char *text = in->producer.instruments, **names;
	*count = 0;
	if (text == NULL || !json_parse(arena, text, strlen(text), &json_body_limits, &list, NULL))
		return NULL;
	names = arena_array(arena, list->count + 1, sizeof *names);
	for (uint32_t i = 0; names != NULL && i < list->count; i++)
		names[(*count)++] = list->items[i].text;
	return names;
}

static const void *pack_data(const struct ingest *in, const char *name)
{
	return packs_find(in->deed.api->options.packs, name, NULL, NULL)->data;
}

/* A charting service that tells no time means now; whole minutes, so that its repetitions are found. */
static bool add_time(struct ingest *in, const struct json **body)
{
	struct arena *arena = &in->deed.x->arena;
	const struct json *given = *body;
	const int64_t minute_us = 60 * STAMP_US_PER_S;
	char now[STAMP_TEXT];
	if (json_get(given, "time") != NULL || json_get(given, "timestamp") != NULL)
		return true;
	struct json *whole = arena_new(arena, struct json);
	struct json_member *members = arena_array(arena, given->count + 1, sizeof *members);
	stamp_format(now, in->deed.now_us / minute_us * minute_us);
	const char *text = arena_dup(arena, now);
	if (whole == NULL || members == NULL || text == NULL)
		return write_refuse(&in->deed.write, ERR_LIMIT, "no memory") && false;
	for (uint32_t i = 0; i < given->count; i++)
		members[i] = given->members[i];
	members[given->count] = (struct json_member){
		.name = "time", .name_size = 4, .value = {.kind = JS_STRING, .text = text, .size = strlen(text)}};
	*whole = (struct json){.kind = JS_OBJECT, .count = given->count + 1, .members = members};
	*body = whole;
	return true;
}

static void decode(struct ingest *in)
{
	const struct json *body;
	struct arena *arena = &in->deed.x->arena;
	struct signal_rules rules = {.instruments = pack_data(in, "instruments"), .now_us = in->deed.now_us};
	if (!parse_body(in, &body))
		return;
	if (in->kind == PRODUCER_URL_TOKEN && !add_time(in, &body))
		return;
	rules.allowed = allowed_of(in, &rules.allowed_count);
	faults_init(&in->faults, arena);
	field_decode(&signal_request_table, body, &in->signal, arena, "", &in->faults);
	signal_check(arena, &rules, &in->signal, &in->faults);
	in->signal.producer_id = in->producer.producer_id;
	if (in->faults.count > 0) {
		in->deed.faults = &in->faults;
		write_refuse(&in->deed.write, ERR_INVALID, "%zu of the fields cannot be taken.", in->faults.count);
	}
}

/* --- the row --- */

static bool make_row(struct ingest *in)
{
	struct arena *arena = &in->deed.x->arena;
	struct buf content;
	buf_init(&content, 0);
	signal_write_content(&content, &in->signal);
	sha256_hex(buf_text(&content), content.size, in->content_sha256);
	id_make(in->deed.api->options.ids, in->signal_id);
	in->row = (struct signal_row){
		.signal_id = in->signal_id,
		.account_id = in->producer.account_id,
		.producer_id = in->producer.producer_id,
		.owner_id = in->producer.owner_id,
		.instrument = in->signal.instrument,
		.side = trade_side_names[in->signal.side],
		.version = in->signal.version,
		.external_id = in->signal.external_id,
		.time_us = in->signal.time_us,
		.expires_us = in->signal.expiry_us,
		.content = buf_ok(&content) ? arena_dupn(arena, buf_text(&content), content.size) : NULL,
		.seal_sha256 = in->content_sha256,
		.authenticity = producer_kind_names[in->kind],
		.created_us = in->deed.now_us,
		.updated_us = in->deed.now_us,
		.row_version = 1,
		.price = in->signal.price,
	};
	buf_fini(&content);
	return in->row.content != NULL;
}

/* --- 8, 12 and the store --- */

static struct audit_event event_of(const struct ingest *in, enum audit_action action, enum audit_status status)
{
	const struct exchange *x = in->deed.x;
	return (struct audit_event){
		.action = action,
		.status = status,
		.account_id = in->producer.account_id,
		.actor = in->producer.producer_id,
		.role = "producer",
		.ip = x->peer[0] != '\0' ? x->peer : NULL,
		.user_agent = exchange_header(x, "user-agent"),
		.request_id = x->trace.request_id,
	};
}

static bool audit(struct ingest *in, struct db *db, enum audit_action action, enum audit_status status,
				  const char *target_id, const struct audit_pair *meta, size_t count, struct err *err)
{
	struct audit_event event = event_of(in, action, status);
	event.target_id = target_id;
	event.meta = meta;
	event.meta_count = count;
	return audit_append(in->deed.api->options.audit, db, &event, err);
}

static const char *faults_text(struct ingest *in)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_array(&jw);
	for (const struct fault *f = in->deed.faults != NULL ? in->faults.first : NULL; f != NULL; f = f->next) {
		jw_object(&jw);
		jw_member_str(&jw, "pointer", f->pointer);
		jw_member_str(&jw, "code", f->code);
		jw_member_str(&jw, "message", f->message);
		jw_object_end(&jw);
	}
	jw_array_end(&jw);
	const char *text = arena_dupn(&in->deed.x->arena, buf_text(&buf), buf.size);
	buf_fini(&buf);
	return text;
}

/* Keep what was refused. */
static bool store_refusal(struct ingest *in, struct db *db, struct err *err)
{
	const struct err *why = &in->deed.write.refused;
	char id[ID_TEXT];
	id_make(in->deed.api->options.ids, id);
	const struct refused_row row = {
		.refused_id = id,
		.account_id = in->producer.account_id,
		.producer_id = in->producer.producer_id,
		.status = err_status(why->kind),
		.code = err_code(why->kind),
		.detail = why->message,
		.errors = faults_text(in),
		.signal_id = in->deed.signal_id,
		.created_us = in->deed.now_us,
	};
	const struct audit_pair meta[] = {{AUDIT_META_code, row.code}};
	return refused_insert(db, &row, err) &&
		   audit(in, db, AUDIT_SIGNAL_REFUSE, AUDIT_FAILURE, in->producer.producer_id, meta, 1, err);
}

/* [P-6.4] What was received is its own seal. */
static bool store_seal(struct ingest *in, struct db *db, struct err *err)
{
	const struct exchange *x = in->deed.x;
	bool made;
	const struct seal seal = {
		.account_id = in->producer.account_id,
		.seal_sha256 = in->content_sha256,
		.content_sha256 = in->content_sha256,
		.inputs_sha256 = in->content_sha256,
		.inputs = "null",
		.result = in->row.content,
		.packs = "{}",
		.code_version = x->service->version,
		.git_sha = x->service->git_sha,
		.confidence = 1,
		.subject_kind = "signal",
		.subject_id = in->signal_id,
		.created_by = in->producer.producer_id,
		.created_us = in->deed.now_us,
		.request_id = x->trace.request_id,
	};
	return seal_insert(db, &seal, in->deed.api->options.packs, &made, err);
}

static bool judge_it(struct ingest *in, struct db *db, struct err *err)
{
	const struct judging judging = {
		in->deed.api->options.packs,   db, &in->deed.x->arena, in->deed.now_us, &in->row, &in->signal, NAN,
		in->deed.api->options.platform};
	return judge(&judging, &in->judgement, err);
}

static void pack_report(struct arena *arena, struct judgement *j)
{
	struct buf packed;
	buf_init(&packed, 0);
	kept_risk_pack(j->risk, &packed);
	j->risk_packed = arena_dupn(arena, buf_text(&packed), packed.size);
	j->risk_packed_size = packed.size;
	buf_fini(&packed);
}

/* On the worker, so that the writer need not.  What cannot be judged here the op judges, and says why it cannot. */
static void judge_ahead(struct ingest *in)
{
	struct err err;
	struct trade_api *api = in->deed.api;
	uint64_t judged = store_watch_seen(api->judged);
	struct db *db = store_read(api->options.store);
	if (judge_it(in, db, &err))
		in->judged = judged;
	store_read_end(api->options.store, db);
	if (in->judged != 0)
		pack_report(&in->deed.x->arena, &in->judgement);
	in->row.status = SIGNAL_BLOCKED;
	signal_take_judgement(&in->row, &in->judgement);
}

/*
 * In the op, where the orders before it are known: two of one batch must not pass one limit together, nor one that was
 * judged before trading was stopped.  So if anything that the judgement rests upon has changed since, it is made anew.
 */
static bool settle_judgement(struct ingest *in, struct db *db, struct err *err)
{
	struct trade_api *api = in->deed.api;
	const struct audit_event who = event_of(in, AUDIT_SIGNAL_CREATE, AUDIT_SUCCESS);
	bool holds = in->judged != 0 && in->judged == db_watch(db, api->judged);
	if (!holds && !judge_it(in, db, err))
		return false;
	in->deed.write.drafted = in->deed.write.ahead && holds;
	in->row.status = in->judgement.accept ? SIGNAL_PENDING : SIGNAL_BLOCKED;
	return signal_judged(api, db, &in->deed.x->arena, &in->row, &in->judgement, &who, in->deed.now_us, err);
}

static bool store_signal(struct ingest *in, struct db *db, struct err *err)
{
	const struct judgement *judgement = &in->judgement;
	const struct audit_pair made[] = {{AUDIT_META_producer_id, in->producer.producer_id},
									  {AUDIT_META_seal_sha256, in->content_sha256}};
	if (!settle_judgement(in, db, err))
		return false;
	const struct audit_pair blocked[] = {{AUDIT_META_reason, "risk"}, {AUDIT_META_rules, judgement->names}};
	in->stored = true;
	return store_seal(in, db, err) && signal_insert(db, &in->row, err) &&
		   audit(in, db, AUDIT_SIGNAL_CREATE, AUDIT_SUCCESS, in->signal_id, made, 2, err) &&
		   (in->row.status != SIGNAL_BLOCKED ||
			audit(in, db, AUDIT_SIGNAL_BLOCK, AUDIT_SUCCESS, in->signal_id, blocked, 2, err)) &&
		   signal_note(in->deed.api, db, &in->row, "signal.created", in->producer.producer_id, judgement->names,
					   in->deed.now_us, err);
}

/* A signal that was sent before is one more way to be refused. */
static bool look_for_twin(struct ingest *in, struct db *db, struct err *err)
{
	if (!signal_twin(db, in->producer.producer_id, &in->signal, in->twin, err))
		return false;
	if (in->twin[0] == '\0')
		return true;
	in->deed.signal_id = in->twin;
	return write_refuse(&in->deed.write, ERR_DUPLICATE_SIGNAL, "The producer sent this signal before.");
}

/* The signature goes with what it was spent on, a refusal too.  *again: it had gone before, which comes first. */
static bool spend(struct ingest *in, struct db *db, bool *again, struct err *err)
{
	const struct spent spent = {in->producer.producer_id, in->spent, in->signed_us};
	bool refused = in->deed.write.refused.kind != ERR_NONE;
	*again = false;
	if (in->spent[0] == '\0')
		return true;
	if (!replay_spend(db, &spent, in->deed.now_us, refused ? NULL : in->signal_id, again, err))
		return false;
	return !*again || replay_signal(db, &spent, in->deed.now_us, in->twin, err);
}

static bool refuse_replay(struct ingest *in)
{
	struct deed *deed = &in->deed;
	deed->signal_id = in->twin[0] != '\0' ? in->twin : NULL;
	deed->faults = NULL;
	return write_refuse(&deed->write, ERR_REPLAYED, "Each request is signed anew; this signature was used before.");
}

static bool apply(struct deed *deed, struct db *db, struct err *err)
{
	struct ingest *in = (struct ingest *)deed;
	bool again;
	if ((deed->write.refused.kind == ERR_NONE && !look_for_twin(in, db, err)) || !spend(in, db, &again, err))
		return false;
	if (again)
		return refuse_replay(in);
	if (in->old_secret && !producer_count_old_use(db, in->producer.producer_id, err))
		return false;
	return deed->write.refused.kind == ERR_NONE ? store_signal(in, db, err) : store_refusal(in, db, err);
}

/* [trade.md 2.1] Each use of a secret that was rotated away is warned about. */
static const struct note old_secret_used = {
	.code = "old_secret",
	.message = "Signed with the secret before the last rotation, which ends with its overlap; take the new one."};

static void answer(struct deed *deed)
{
	struct ingest *in = (struct ingest *)deed;
	struct buf body;
	char sha256[SHA256_HEX_SIZE];
	buf_init(&body, 0);
	signal_write(&body, &in->row);
	exchange_setf(deed->x, "Location", "/api/v1/signals/%s", in->signal_id);
	sha256_hex(buf_text(&body), body.size, sha256);
	reply_fact_hashed(deed->x, 201, buf_text(&body), body.size, sha256, in->old_secret ? &old_secret_used : NULL);
	buf_fini(&body);
}

static void count_stored(const struct ingest *in)
{
	struct figures *figures = in->deed.api->figures;
	figures_count(figures, COUNT_signals_ingested_total, in->row.instrument, in->row.side);
	figures_count(figures, COUNT_signal_status_total, signal_status_names[in->row.status], NULL);
	if (!in->judgement.accept)
		figures_rules(figures, in->judgement.names);
	figures_took(figures, TIME_signals_create_seconds, env_mono_us(in->deed.api->options.env) - in->deed.x->started_us);
	if (in->old_secret)
		log_warn("a rotated secret is still in use", log_str("producer", in->producer.producer_id));
}

/* On the writer's thread, after the commit. */
static void count(struct write *w, bool applied)
{
	const struct ingest *in = (const struct ingest *)w;
	if (applied && in->stored)
		count_stored(in);
	else if (applied)
		figures_count(in->deed.api->figures, COUNT_signals_refused_total, err_code(w->refused.kind), NULL);
}

/*
 * What risk refuses, which is told at once and costs most to tell, is told as it was judged here.  A signal that waits
 * for people names the request that its op opens.
 */
void ingest_take(struct ingest *in)
{
	decode(in);
	if (in->deed.write.refused.kind == ERR_NONE && !make_row(in)) {
		exchange_failf(in->deed.x, ERR_LIMIT, "The signal takes too much memory.");
		return;
	}
	if (in->deed.write.refused.kind == ERR_NONE)
		judge_ahead(in);
	in->deed.write.after = count;
	in->deed.write.repeatable = true;
	if (in->judged != 0 && !in->judgement.accept)
		deed_write_ahead(&in->deed, apply, answer);
	else
		deed_write(&in->deed, apply, answer);
}
