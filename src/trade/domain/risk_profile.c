#include "trade/domain/risk_profile.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"

#define LIMIT(m, low, high, preset, ...) \
	F_NUM(risk_profile, m, RANGE(low, high), DEFAULT(preset), SIGNIFICANT(12), __VA_ARGS__)
#define WHOLE(m, low, high, preset, ...) F_INT(risk_profile, m, RANGE(low, high), DEFAULT(preset), __VA_ARGS__)

static const char *const on_lapse_names[] = {"close", "keep", "alert", NULL};

static const struct field profile_fields[] = {
	LIMIT(risk_percent, .1, 10, 2, UNIT("%"), DOC("Part of the equity that one trade may lose")),
	LIMIT(max_order_size, .01, 1e6, 1, UNIT("lots"), DOC("Largest order")),
	F_NUM(risk_profile, max_order_notional, ABOVE(0, 1e15), NULLABLE, SIGNIFICANT(12), DOC("Largest order's value")),
	LIMIT(price_collar_pct, 0, 100, 2, UNIT("%"), DOC("How far from the middle of the quote a price may lie")),
	LIMIT(duplicate_window_s, 0, 86400, 10, UNIT("s"), DOC("An order like another one within it is refused")),
	WHOLE(max_orders_per_minute, 1, 100000, 30, DOC("Orders in 60 s, this one included")),
	WHOLE(max_open_positions, 0, 100000, 5, DOC("With so many open, no further entry")),
	LIMIT(max_gross_exposure_x, 0, 1e6, 20, DOC("Sum of all positions' values, in equities")),
	LIMIT(max_net_exposure_x, 0, 1e6, 10, DOC("Longs less shorts, in equities")),
	LIMIT(max_group_share, 0, 1, .7, DOC("One group's part of the gross exposure, from the second group on")),
	LIMIT(max_daily_loss_pct, 0, 100, 5, UNIT("%"), DOC("Loss since 00:00 UTC, of the day's first equity")),
	LIMIT(max_drawdown_pct, 0, 100, 20, UNIT("%"), DOC("From the peak of the equity")),
	F_STRS(risk_profile, instruments, TOLD_APART, NULLABLE, COUNT(0, 1000), DOC("Null: all of pack instruments")),
	F_BOOL(risk_profile, require_stop_loss, DEFAULT(false), DOC("Refuse orders without one")),
	LIMIT(quote_max_age_s, 0, 86400, 60, UNIT("s"), DOC("Age of the quote")),
	LIMIT(account_max_age_s, 0, 86400, 60, UNIT("s"), DOC("Age of the account's figures")),
	LIMIT(margin_buffer_pct, 0, 100, 20, UNIT("%"), DOC("Of the balance, to stay free after the order")),
	WHOLE(quorum, 1, 5, 1, DOC("Approvals needed")),
	F_STRS(risk_profile, approver_set, TOLD_APART, NULLABLE, COUNT(0, 100), DOC("Users; null: all with the right")),
	F_BOOL(risk_profile, owner_counts, DEFAULT(true), DOC("The owner's own approval counts")),
	F_ENUM(risk_profile, on_lapse, on_lapse_names, DEFAULT(LAPSE_CLOSE), DOC("When an approval lapses")),
	WHOLE(approval_valid_seconds, 1, 2592000, 14400, UNIT("s"), DOC("Life of an approval")),
};
const struct field_table risk_profile_table = FIELD_TABLE("trade.risk_profile", risk_profile, profile_fields);

void risk_profile_defaults(struct risk_profile *profile)
{
	field_defaults(&risk_profile_table, profile);
}

static bool names(const struct json *json, const char *member)
{
	const struct json *value = json_get(json, member);
	return value != NULL && value->kind != JS_NULL;
}

bool risk_profile_platform(const struct json *json, struct arena *arena, struct risk_profile *limits,
						   struct faults *faults)
{
	static const char *const no_limits[] = {"approver_set", "on_lapse"};
	if (!field_decode(&risk_profile_table, json, limits, arena, "", faults))
		return false;
	for (size_t i = 0; i < sizeof no_limits / sizeof *no_limits; i++)
		if (names(json, no_limits[i]))
			faults_add(faults, field_pointer(arena, "", no_limits[i]), "no_limit", "is each tenant's own");
	for (size_t i = 0; i < risk_profile_table.count; i++) {
		const struct field *field = &risk_profile_table.fields[i];
		void *member = (char *)limits + field->offset;
		if (names(json, field->name))
			continue;
		if (field->kind == FIELD_NUM)
			*(double *)member = NAN;
		else if (field->kind == FIELD_INT)
			*(int64_t *)member = strcmp(field->name, "quorum") == 0 ? 0 : INT64_MAX;
	}
	return faults->count == 0;
}

/* NaN is no limit. */
static bool at_most(double *mine, double other)
{
	bool tighter = other < *mine || (isnan(*mine) && !isnan(other));
	*mine = tighter ? other : *mine;
	return tighter;
}

static bool at_least(double *mine, double other)
{
	bool tighter = other > *mine || (isnan(*mine) && !isnan(other));
	*mine = tighter ? other : *mine;
	return tighter;
}

static bool at_most_count(int64_t *mine, int64_t other)
{
	bool tighter = other < *mine;
	*mine = tighter ? other : *mine;
	return tighter;
}

static bool at_least_count(int64_t *mine, int64_t other)
{
	bool tighter = other > *mine;
	*mine = tighter ? other : *mine;
	return tighter;
}

static bool set_to(bool *mine, bool wanted, bool value)
{
	bool tighter = wanted && *mine != value;
	*mine = tighter ? value : *mine;
	return tighter;
}

static bool is_among(const char *name, const char *const *items, size_t count)
{
	size_t i = 0;
	while (i < count && strcmp(items[i], name) != 0)
		i++;
	return i < count;
}

static bool both_instruments(struct risk_profile *p, const struct risk_profile *other, struct arena *arena)
{
	size_t count = 0;
	if (other->instruments.items == NULL)
		return false;
	if (p->instruments.items == NULL) {
		p->instruments = (typeof(p->instruments)){other->instruments.count, other->instruments.items};
		return true;
	}
	size_t before = p->instruments.count;
	const char **both = arena_array(arena, before + 1, sizeof *both);
	for (size_t i = 0; both != NULL && i < before; i++)
		if (is_among(p->instruments.items[i], other->instruments.items, other->instruments.count))
			both[count++] = p->instruments.items[i];
	static const char *none[1];
	p->instruments = (typeof(p->instruments)){count, both != NULL ? both : none};
	return count < before;
}

bool risk_profile_tighten(struct risk_profile *p, const struct risk_profile *other, struct arena *arena)
{
	bool tighter = both_instruments(p, other, arena);
	tighter |= at_most(&p->risk_percent, other->risk_percent);
	tighter |= at_most(&p->max_order_size, other->max_order_size);
	tighter |= at_most(&p->max_order_notional, other->max_order_notional);
	tighter |= at_most(&p->price_collar_pct, other->price_collar_pct);
	tighter |= at_least(&p->duplicate_window_s, other->duplicate_window_s);
	tighter |= at_most_count(&p->max_orders_per_minute, other->max_orders_per_minute);
	tighter |= at_most_count(&p->max_open_positions, other->max_open_positions);
	tighter |= at_most(&p->max_gross_exposure_x, other->max_gross_exposure_x);
	tighter |= at_most(&p->max_net_exposure_x, other->max_net_exposure_x);
	tighter |= at_most(&p->max_group_share, other->max_group_share);
	tighter |= at_most(&p->max_daily_loss_pct, other->max_daily_loss_pct);
	tighter |= at_most(&p->max_drawdown_pct, other->max_drawdown_pct);
	tighter |= set_to(&p->require_stop_loss, other->require_stop_loss, true);
	tighter |= at_most(&p->quote_max_age_s, other->quote_max_age_s);
	tighter |= at_most(&p->account_max_age_s, other->account_max_age_s);
	tighter |= at_least(&p->margin_buffer_pct, other->margin_buffer_pct);
	tighter |= at_least_count(&p->quorum, other->quorum);
	tighter |= set_to(&p->owner_counts, !other->owner_counts, false);
	tighter |= at_most_count(&p->approval_valid_seconds, other->approval_valid_seconds);
	return tighter;
}
