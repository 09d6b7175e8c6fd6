/*
 * A person's live sessions as a list, newest use first: what they see of themselves and what whoever manages them sees.
 * Never more than people.max_sessions, so the list has one page.  Private to src/people.  Thread: any.
 */
#ifndef CS_PEOPLE_SESSION_VIEW_H
#define CS_PEOPLE_SESSION_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "core/field.h"

struct act;
struct db;
struct err;

struct session_view {
	const char *session_id, *device_name, *user_agent, *ip, *created_at, *last_seen_at;
	bool current;
};

struct session_page {
	struct {
		size_t count;
		struct session_view *items;
	} items;
	const char *next_cursor;
};
extern const struct field_table session_page_table;

/* Of `user_id`, at the time of the act.  Memory: the exchange's.  ERR_LIMIT, or what the store says. */
bool session_page_read(struct act *act, struct db *db, const char *user_id, struct session_page *page, struct err *err);

#endif
