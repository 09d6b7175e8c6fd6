/*
 * The limits that orders are judged by [trade.md 7], as one versioned document.
 */
#ifndef CS_TRADE_DOMAIN_RISK_PROFILE_H
#define CS_TRADE_DOMAIN_RISK_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/field.h"

struct arena;
struct json;

enum on_lapse { LAPSE_CLOSE, LAPSE_KEEP, LAPSE_ALERT };

struct risk_profile {
	double risk_percent, max_order_size, max_order_notional, price_collar_pct, duplicate_window_s;
	int64_t max_orders_per_minute, max_open_positions;
	double max_gross_exposure_x, max_net_exposure_x, max_group_share, max_daily_loss_pct, max_drawdown_pct;
	struct {
		size_t count;
		const char **items; /* NULL: all of the pack */
	} instruments;
	bool require_stop_loss;
	double quote_max_age_s, account_max_age_s, margin_buffer_pct;
	int64_t quorum;
	struct {
		size_t count;
		const char **items;
	} approver_set; /* users; NULL: everybody with the permission */
	bool owner_counts;
	int on_lapse; /* enum on_lapse */
	int64_t approval_valid_seconds;
};

extern const struct field_table risk_profile_table;

/* The profile of someone who set nothing. */
void risk_profile_defaults(struct risk_profile *profile);

/*
 * The platform's own profile [trade.md 7]: what `json` names limits everybody, what it leaves out limits nobody.  Who
 * approves and what a lapse brings about are no limits, so they are refused.  Texts are the arena's.  False: faults.
 */
bool risk_profile_platform(const struct json *json, struct arena *arena, struct risk_profile *limits,
						   struct faults *faults);

/*
 * Make every limit of `profile` at least as tight as that of `other`.  True: at least one became tighter.  The arena
 * holds the list of instruments that both allow; without memory for it none is.
 */
bool risk_profile_tighten(struct risk_profile *profile, const struct risk_profile *other, struct arena *arena);

#endif
