#include "flow/budget.h"

#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/jw.h"
#include "core/must.h"
#include "flow/budget_internal.h"
#include "flow/domain/money.h"
#include "seal/outbox.h"
#include "store/store.h"

enum { SCRATCH = 1 << 18 /* bytes for the rows of one spender's budgets and their zones */ };

int64_t budget_used(const struct budget_row *row)
{
	return money_add(row->consumed, row->reserved);
}

int64_t budget_left(const struct budget_row *row)
{
	int64_t used = budget_used(row);
	return used < row->allocated ? row->allocated - used : 0;
}

static double usage_of(const struct budget_row *row)
{
	return budget_usage(row->allocated, budget_used(row));
}

/* --- what happened --- */

static char *event_json(const struct budget_row *row, const char *kind, struct buf *buf)
{
	struct jw jw;
	jw_init(&jw, buf);
	jw_object(&jw);
	jw_member_str(&jw, "budget_id", row->budget_id);
	jw_member_str(&jw, "scope", budget_scope_names[row->scope]);
	jw_member_str(&jw, "scope_id", row->scope_id);
	jw_member_str(&jw, "kind", kind);
	jw_member_num(&jw, "usage_percentage", 100 * usage_of(row));
	jw_object_end(&jw);
	must(jw_ok(&jw));
	return buf->bytes;
}

static bool tell_outbox(const struct budgets *budgets, struct db *db, const struct budget_row *row, const char *kind,
						struct err *err)
{
	struct buf buf;
	if (budgets->outbox == NULL)
		return true;
	buf_init(&buf, 0);
	event_json(row, kind, &buf);
	struct outbox_event event = {.account_id = row->account_id,
								 .topic = "budget",
								 .event = kind,
								 .subject = row->budget_id,
								 .data = buf_text(&buf)};
	bool added = outbox_add(budgets->outbox, db, &event, err);
	buf_fini(&buf);
	return added;
}

bool budget_tell(const struct budgets *budgets, struct db *db, const struct budget_row *row, const char *kind,
				 const char *reason, int64_t now_us, struct err *err)
{
	char id[ID_TEXT];
	id_make(budgets->ids, id);
	const struct budget_event event = {.event_id = id,
									   .budget_id = row->budget_id,
									   .kind = kind,
									   .reason = reason,
									   .at_us = now_us,
									   .usage_percentage = 100 * usage_of(row)};
	return budget_event_insert(db, &event, err) && tell_outbox(budgets, db, row, kind, err);
}

bool budget_raise(const struct budgets *budgets, struct db *db, struct budget_row *row, int64_t now_us, struct err *err)
{
	static const char *const kinds[] = {[BUDGET_WARNING] = "budget.warning",
										[BUDGET_CRITICAL] = "budget.critical",
										[BUDGET_EXHAUSTED] = "budget.exhausted"};
	unsigned fresh = budget_reached(usage_of(row), row->warning, row->critical) & ~row->raised;
	if (fresh == 0)
		return true;
	for (int status = BUDGET_WARNING; status <= BUDGET_EXHAUSTED; status++)
		if ((fresh & 1U << status) != 0 && !budget_tell(budgets, db, row, kinds[status], NULL, now_us, err))
			return false;
	row->raised |= fresh;
	bool stops = (fresh & 1U << BUDGET_EXHAUSTED) != 0 && row->on_exhausted == BUDGET_SUSPEND;
	row->suspended = row->suspended || stops;
	return budget_mark(db, row, err) &&
		   (!stops || budgets->hooks.stop == NULL || budgets->hooks.stop(budgets->hooks.self, db, row, err));
}

/* --- who covers --- */

bool cover_find(struct db *db, const struct spender *spender, int64_t now_us, struct arena *arena, struct cover *cover,
				struct err *err)
{
	const char *const ids[BUDGET_SCOPES] = {[BUDGET_RUN] = spender->run_id,
											[BUDGET_AGENT] = spender->agent_id,
											[BUDGET_WORKFLOW] = spender->workflow,
											[BUDGET_TENANT] = spender->account_id};
	cover->count = 0;
	for (int scope = 0; scope < BUDGET_SCOPES; scope++) {
		size_t count = 0;
		if (ids[scope] != NULL && !budgets_of_scope(db, spender->account_id, (enum budget_scope)scope, ids[scope],
													now_us, arena, cover->rows + cover->count, &count, err))
			return false;
		cover->count += count;
	}
	for (size_t i = 0; spender->currency != NULL && i < cover->count; i++)
		if (strcmp(cover->rows[i].currency, spender->currency) != 0)
			return err_field(err, ERR_INVALID, "/currency", "The budget %s is of %s, not %s.", cover->rows[i].budget_id,
							 cover->rows[i].currency, spender->currency);
	return true;
}

static bool roll_all(struct db *db, const struct cover *cover, int64_t now_us, struct err *err)
{
	for (size_t i = 0; i < cover->count; i++)
		if (!budget_roll(db, &cover->rows[i], now_us, err))
			return false;
	return true;
}

static const char *currency_of(const struct spender *spender, const struct cover *cover)
{
	return spender->currency != NULL ? spender->currency : cover->count > 0 ? cover->rows[0].currency : "USD";
}

/* --- reserving --- */

struct reserving {
	const struct budgets *budgets;
	const struct spender *spender;
	int64_t amount, expires_us, now_us;
	const char *purpose;
	struct arena arena;
	struct cover cover;
	struct budget_reservation *reservation;
	struct budget_refusal *refusal;
};

static void refuse(struct reserving *r, const struct budget_row *row)
{
	*r->refusal = (struct budget_refusal){.refused = true,
										  .available = budget_left(row),
										  .requested = r->amount,
										  .allocated = row->allocated,
										  .on_exhausted = row->on_exhausted};
	snprintf(r->refusal->budget_id, ID_TEXT, "%s", row->budget_id);
}

static const struct budget_row *first_too_small(const struct reserving *r)
{
	for (size_t i = 0; i < r->cover.count; i++)
		if (budget_left(&r->cover.rows[i]) < r->amount)
			return &r->cover.rows[i];
	return NULL;
}

static bool insert_reservation(struct db *db, const struct reserving *r, struct err *err)
{
	const struct spender *s = r->spender;
	if (!db_run(
			db, err,
			"INSERT INTO budget_reservations (reservation_id, account_id, run_id, agent_id, workflow, step, currency, "
			"amount, purpose, state, expires_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'held', $10, "
			"$11)",
			V_TEXT(r->reservation->reservation_id), V_TEXT(s->account_id), V_TEXT(s->run_id), V_TEXT(s->agent_id),
			V_TEXT(s->workflow), V_TEXT(s->step), V_TEXT(currency_of(s, &r->cover)), V_INT(r->amount),
			V_TEXT(r->purpose), r->expires_us != 0 ? V_INT(r->expires_us) : V_NULL, V_INT(r->now_us)))
		return false;
	for (size_t i = 0; i < r->cover.count; i++)
		if (!db_run(db, err, "INSERT INTO budget_holds (reservation_id, budget_id, window_start) VALUES ($1, $2, $3)",
					V_TEXT(r->reservation->reservation_id), V_TEXT(r->cover.rows[i].budget_id),
					V_INT(r->cover.rows[i].window_start_us)))
			return false;
	return true;
}

/* All of them or none: false undoes what the first ones held. */
static bool hold_all(struct db *db, void *self, struct err *err)
{
	struct reserving *r = self;
	if (!roll_all(db, &r->cover, r->now_us, err))
		return false;
	for (size_t i = 0; i < r->cover.count; i++) {
		bool held;
		if (!budget_hold(db, &r->cover.rows[i], r->amount, r->now_us, &held, err))
			return false;
		if (!held) {
			refuse(r, &r->cover.rows[i]);
			return err_set(err, ERR_CONFLICT, "the budget has not enough");
		}
	}
	if (!insert_reservation(db, r, err))
		return false;
	for (size_t i = 0; i < r->cover.count; i++)
		if (!budget_raise(r->budgets, db, &r->cover.rows[i], r->now_us, err))
			return false;
	return true;
}

static void describe(struct reserving *r)
{
	struct budget_reservation *out = r->reservation;
	out->amount = r->amount;
	out->available = INT64_MAX;
	out->count = r->cover.count;
	for (size_t i = 0; i < out->count; i++) {
		int64_t left = budget_left(&r->cover.rows[i]);
		out->available = left < out->available ? left : out->available;
		snprintf(out->budget_ids[i], ID_TEXT, "%s", r->cover.rows[i].budget_id);
	}
}

static bool reserve(struct reserving *r, struct db *db, struct err *err)
{
	if (!cover_find(db, r->spender, r->now_us, &r->arena, &r->cover, err))
		return false;
	if (r->cover.count == 0) {
		r->reservation->reservation_id[0] = '\0';
		return true;
	}
	const struct budget_row *small = first_too_small(r);
	if (small != NULL) {
		refuse(r, small);
		return true;
	}
	id_make(r->budgets->ids, r->reservation->reservation_id);
	if (!db_attempt(db, hold_all, r, err) && !r->refusal->refused)
		return false;
	describe(r);
	return true;
}

bool budget_reserve(const struct budgets *budgets, struct db *db, const struct spender *spender, int64_t amount,
					int64_t expires_us, const char *purpose, int64_t now_us, struct budget_reservation *reservation,
					struct budget_refusal *refusal, struct err *err)
{
	struct reserving r = {.budgets = budgets,
						  .spender = spender,
						  .amount = amount,
						  .expires_us = expires_us,
						  .now_us = now_us,
						  .purpose = purpose,
						  .reservation = reservation,
						  .refusal = refusal};
	int64_t freed = 0;
	must(amount > 0);
	*reservation = (struct budget_reservation){.amount = 0};
	*refusal = (struct budget_refusal){.refused = false};
	arena_init(&r.arena, SCRATCH);
	bool done = reserve(&r, db, err);
	/* What has expired is free, whether the timer came by or not. */
	if (done && refusal->refused && budget_expire(budgets, db, now_us, 1000, &freed, err) && freed > 0) {
		arena_reset(&r.arena);
		*refusal = (struct budget_refusal){.refused = false};
		done = reserve(&r, db, err);
	}
	arena_fini(&r.arena);
	return done;
}

bool budget_fits(struct db *db, const struct spender *spender, int64_t amount, int64_t now_us,
				 struct budget_refusal *refusal, bool *warned, struct err *err)
{
	struct reserving r = {.spender = spender, .amount = amount, .now_us = now_us, .refusal = refusal};
	*refusal = (struct budget_refusal){.refused = false};
	*warned = false;
	arena_init(&r.arena, SCRATCH);
	bool done = cover_find(db, spender, now_us, &r.arena, &r.cover, err);
	for (size_t i = 0; done && i < r.cover.count; i++) {
		const struct budget_row *row = &r.cover.rows[i];
		if (budget_left(row) >= amount)
			continue;
		*warned = *warned || row->on_exhausted == BUDGET_WARN;
		if (row->on_exhausted != BUDGET_WARN && !refusal->refused)
			refuse(&r, row);
	}
	arena_fini(&r.arena);
	return done;
}

/* --- spending --- */

static bool insert_entry(const struct budgets *budgets, struct db *db, const struct spender *s, const char *currency,
						 const struct cost_item *item, int64_t now_us, char entry_id[ID_TEXT], struct err *err)
{
	id_make(budgets->ids, entry_id);
	return db_run(
		db, err,
		"INSERT INTO cost_entries (entry_id, account_id, run_id, agent_id, workflow, step, operation_type, "
		"provider, model, priced_as, cost, saved, currency, tokens, metadata, reservation_id, at) VALUES ($1, "
		"$2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
		V_TEXT(entry_id), V_TEXT(s->account_id), V_TEXT(s->run_id), V_TEXT(s->agent_id), V_TEXT(s->workflow),
		V_TEXT(s->step), V_TEXT(item->operation_type), V_TEXT(item->provider), V_TEXT(item->model),
		V_TEXT(item->priced_as), V_INT(item->cost), V_INT(item->saved), V_TEXT(currency), V_TEXT(item->tokens),
		V_TEXT(item->metadata), V_TEXT(item->reservation_id), V_INT(now_us));
}

static bool spend(const struct budgets *budgets, struct db *db, const struct spender *spender,
				  const struct cost_item *item, int64_t now_us, struct arena *arena, char entry_id[ID_TEXT],
				  struct err *err)
{
	struct cover cover;
	if (!cover_find(db, spender, now_us, arena, &cover, err) || !roll_all(db, &cover, now_us, err) ||
		!insert_entry(budgets, db, spender, currency_of(spender, &cover), item, now_us, entry_id, err))
		return false;
	for (size_t i = 0; item->cost > 0 && i < cover.count; i++)
		if (!budget_book(db, &cover.rows[i], 0, item->cost, now_us, err) ||
			!budget_raise(budgets, db, &cover.rows[i], now_us, err))
			return false;
	return true;
}

bool budget_record(const struct budgets *budgets, struct db *db, const struct spender *spender,
				   const struct cost_item *item, bool count, int64_t now_us, char entry_id[ID_TEXT], struct err *err)
{
	struct arena arena;
	if (!count)
		return insert_entry(budgets, db, spender, spender->currency, item, now_us, entry_id, err);
	arena_init(&arena, SCRATCH);
	bool done = spend(budgets, db, spender, item, now_us, &arena, entry_id, err);
	arena_fini(&arena);
	return done;
}

bool budget_spend(const struct budgets *budgets, struct db *db, const struct spender *spender,
				  const struct cost_item *item, int64_t now_us, char entry_id[ID_TEXT], struct err *err)
{
	return budget_record(budgets, db, spender, item, true, now_us, entry_id, err);
}
