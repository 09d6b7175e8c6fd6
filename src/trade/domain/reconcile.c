#include "trade/domain/reconcile.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"

const char *const recon_deal_reason_names[] = {"client", "expert", "sl", "tp", "so", NULL};
const char *const recon_by_names[] = {"ticket", "magic", "comment", "nearest", NULL};
const char *const recon_kind_names[] = {"entry_slippage", "volume_mismatch", "partial_fill",
										"tp_mismatch",    "sl_mismatch",     NULL};
const struct recon_tolerances recon_tolerances_shipped = {25, 50, .5, 5, 10, 2};

/* Figures are differences of decimals: the last bits of a double must not decide at a limit. */
#define SLACK 1e-6

struct work {
	const struct recon_input *in;
	struct reconciliation *out;
	bool *expected_done, *position_done;
};

static bool same_text(const char *a, const char *b)
{
	return a != NULL && b != NULL && a[0] != '\0' && strcmp(a, b) == 0;
}

/* --- matching --- */

static void match(struct work *w, size_t e, size_t p, enum recon_by by)
{
	w->expected_done[e] = w->position_done[p] = true;
	w->out->matched[w->out->matched_count++] = (struct recon_match){.expected = e, .position = p, .by = by};
}

static bool fits(const struct recon_expected *e, const struct recon_position *p, enum recon_by by)
{
	switch (by) {
	case BY_TICKET:
		return same_text(e->ticket, p->ticket);
	case BY_MAGIC:
		return e->magic != 0 && e->magic == p->magic;
	case BY_COMMENT:
		return same_text(e->comment, p->comment);
	case BY_NEAREST:
		break;
	}
	return false;
}

static void match_all(struct work *w, enum recon_by by)
{
	for (size_t e = 0; e < w->in->expected_count; e++)
		for (size_t p = 0; p < w->in->positions_count && !w->expected_done[e]; p++)
			if (!w->position_done[p] && fits(&w->in->expected[e], &w->in->positions[p], by))
				match(w, e, p, by);
}

/* How far apart, in ticks; NaN: they are not the same. */
static double distance(const struct work *w, const struct recon_expected *e, const struct recon_position *p)
{
	const struct recon_tolerances *t = &w->in->tolerances;
	if (!same_text(e->symbol, p->symbol) || e->side != p->side)
		return NAN;
	double apart = fabs(p->price - e->price),
		   most = fmax(t->match_entry_ticks * e->tick, t->match_entry_pct / 100 * e->price);
	if (!(fabs(p->volume - e->volume) <= t->match_volume_pct / 100 * e->volume + SLACK) ||
		!(apart <= most + SLACK * e->tick))
		return NAN;
	return apart / e->tick;
}

/* Of all pairs left the nearest first, so that no expected one takes what is nearer to another. */
static bool match_nearest(struct work *w)
{
	size_t best_e = 0, best_p = 0;
	double best = NAN;
	for (size_t e = 0; e < w->in->expected_count; e++)
		for (size_t p = 0; p < w->in->positions_count; p++) {
			if (w->expected_done[e] || w->position_done[p])
				continue;
			double apart = distance(w, &w->in->expected[e], &w->in->positions[p]);
			if (isnan(apart) || apart >= best)
				continue;
			best = apart;
			best_e = e;
			best_p = p;
		}
	if (isnan(best))
		return false;
	match(w, best_e, best_p, BY_NEAREST);
	return true;
}

/* --- deals --- */

struct fills {
	double volume, price, profit;
	int64_t time_us;
	int reason; /* of the last */
	bool any;
};

static struct fills sum_deals(const struct work *w, const char *ticket, bool out)
{
	struct fills f = {.volume = 0};
	double value = 0;
	for (size_t i = 0; i < w->in->deals_count; i++) {
		const struct recon_deal *d = &w->in->deals[i];
		if (d->out != out || !same_text(d->position_ticket, ticket))
			continue;
		f.volume += d->volume;
		value += d->volume * d->price;
		f.profit += d->profit + d->swap + d->commission;
		if (!f.any || d->time_us >= f.time_us) {
			f.time_us = d->time_us;
			f.reason = d->reason;
		}
		f.any = true;
	}
	f.price = value / f.volume;
	return f;
}

static const char *reason_of(const struct recon_expected *e, const struct fills *f)
{
	static const char *const reasons[] = {
		[DEAL_CLIENT] = "manual", [DEAL_SL] = "stop_loss", [DEAL_TP] = "take_profit", [DEAL_SO] = "stop_out"};
	if (f->any && f->reason != DEAL_EXPERT)
		return reasons[f->reason];
	return f->any && e->close_reason != NULL ? e->close_reason : "broker";
}

static void tell_gone(struct work *w)
{
	for (size_t i = 0; i < w->in->expected_count; i++) {
		const struct recon_expected *e = &w->in->expected[i];
		if (w->expected_done[i])
			continue;
		if (e->ticket == NULL || e->ticket[0] == '\0') {
			w->out->missing[w->out->missing_count++] = i;
			continue;
		}
		const struct fills f = sum_deals(w, e->ticket, true);
		w->out->closed[w->out->closed_count++] = (struct recon_close){.expected = i,
																	  .reason = reason_of(e, &f),
																	  .price = f.any ? f.price : NAN,
																	  .profit = f.any ? f.profit : NAN,
																	  .time_us = f.time_us};
	}
}

/* --- differences --- */

static void diverge(struct work *w, const struct recon_match *m, enum recon_kind kind, double expected, double actual)
{
	w->out->divergences[w->out->divergences_count++] =
		(struct recon_divergence){m->expected, m->position, kind, expected, actual};
}

/* More than so many ticks apart, or there on one side only. */
static bool apart(double a, double b, double tick, double ticks)
{
	if (isnan(a) || isnan(b))
		return isnan(a) != isnan(b);
	return fabs(a - b) / tick > ticks + SLACK;
}

static void compare(struct work *w, struct recon_match *m)
{
	const struct recon_expected *e = &w->in->expected[m->expected];
	const struct recon_position *p = &w->in->positions[m->position];
	const struct recon_tolerances *t = &w->in->tolerances;
	const struct fills f = sum_deals(w, p->ticket, false);
	m->entry = f.any ? f.price : p->price;
	m->volume = f.any ? f.volume : p->volume;
	if (given(e->price) && apart(e->price, m->entry, e->tick, t->slippage_ticks))
		diverge(w, m, DIVERGE_ENTRY, e->price, m->entry);
	if (fabs(m->volume - e->volume) / e->volume * 100 > t->volume_pct + SLACK)
		diverge(w, m, DIVERGE_VOLUME, e->volume, m->volume);
	if (m->volume < e->volume - SLACK)
		diverge(w, m, DIVERGE_PARTIAL, e->volume, m->volume);
	if (apart(e->take_profit, p->take_profit, e->tick, t->level_ticks))
		diverge(w, m, DIVERGE_TP, e->take_profit, p->take_profit);
	if (apart(e->stop_loss, p->stop_loss, e->tick, t->level_ticks))
		diverge(w, m, DIVERGE_SL, e->stop_loss, p->stop_loss);
}

bool reconcile(struct arena *arena, const struct recon_input *in, struct reconciliation *out)
{
	struct work w = {.in = in, .out = out};
	size_t expected = in->expected_count + 1, positions = in->positions_count + 1;
	*out = (struct reconciliation){
		.matched = arena_array(arena, expected, sizeof *out->matched),
		.closed = arena_array(arena, expected, sizeof *out->closed),
		.divergences = arena_array(arena, expected * DIVERGE_KINDS, sizeof *out->divergences),
		.unmatched = arena_array(arena, positions, sizeof *out->unmatched),
		.missing = arena_array(arena, expected, sizeof *out->missing),
	};
	w.expected_done = arena_array(arena, expected, sizeof *w.expected_done);
	w.position_done = arena_array(arena, positions, sizeof *w.position_done);
	if (arena->full)
		return false;
	memset(w.expected_done, 0, expected * sizeof *w.expected_done);
	memset(w.position_done, 0, positions * sizeof *w.position_done);
	match_all(&w, BY_TICKET);
	match_all(&w, BY_MAGIC);
	match_all(&w, BY_COMMENT);
	while (match_nearest(&w))
		continue;
	for (size_t i = 0; i < out->matched_count; i++)
		compare(&w, &out->matched[i]);
	for (size_t p = 0; p < in->positions_count; p++)
		if (!w.position_done[p])
			out->unmatched[out->unmatched_count++] = p;
	tell_gone(&w);
	return true;
}
