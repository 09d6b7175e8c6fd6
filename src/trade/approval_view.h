/*
 * A decision at the desk as it is told, and who of an account decides there [trade.md 3].  Private to src/trade.
 */
#ifndef CS_TRADE_APPROVAL_VIEW_H
#define CS_TRADE_APPROVAL_VIEW_H

#include <stdbool.h>

struct approval;
struct db;
struct err;
struct exchange;
struct field_table;
struct jw;
struct profile_row;

extern const char *const approval_decision_names[]; /* ends with NULL */
extern const struct field_table approval_view_table;

/* Its members, inside an object that is begun already. */
void approval_write_members(struct jw *jw, const struct approval *approval);

/* Answer with it. */
void approval_reply(struct exchange *x, const struct approval *approval, int status);

/* The owner can narrow who decides: by the settings, and by the profile's set.  *profile: the one in force. */
bool approval_among(struct exchange *x, struct db *db, struct profile_row *profile, bool *among, struct err *err);

#endif
