#include "people/session_view.h"

#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "http/exchange.h"
#include "people/act.h"
#include "people/people_internal.h"
#include "people/principal.h"
#include "people/sessions.h"
#include "people/view.h"

static const struct field view_fields[] = {
	F_STR(session_view, session_id),
	F_STR(session_view, device_name, NULLABLE),
	F_STR(session_view, user_agent, NULLABLE),
	F_STR(session_view, ip, NULLABLE),
	F_STR(session_view, created_at, FORMAT("date-time")),
	F_STR(session_view, last_seen_at, FORMAT("date-time")),
	F_BOOL(session_view, current, DOC("The session that asks")),
};
static const struct field_table view_table = FIELD_TABLE("session", session_view, view_fields);

static const struct field page_fields[] = {
	F_OBJECTS(session_page, items, &view_table),
	F_STR(session_page, next_cursor, NULLABLE),
};
const struct field_table session_page_table = FIELD_TABLE("auth.sessions", session_page, page_fields);

struct taking {
	struct act *act;
	struct session_page *page;
	size_t room;
};

static void take(void *self, const struct session *session)
{
	struct taking *t = self;
	struct arena *arena = &t->act->x->arena;
	if (t->page->items.count == t->room)
		return;
	t->page->items.items[t->page->items.count++] = (struct session_view){
		.session_id = session->session_id,
		.device_name = session->device_name,
		.user_agent = session->user_agent,
		.ip = session->ip,
		.created_at = view_time(arena, session->created_us),
		.last_seen_at = view_time(arena, session->last_seen_us),
		.current = strcmp(session->session_id, principal_of(t->act->x)->session_id) == 0,
	};
}

bool session_page_read(struct act *act, struct db *db, const char *user_id, struct session_page *page, struct err *err)
{
	struct taking t = {act, page, (size_t)act->people->options.max_sessions};
	struct arena *arena = &act->x->arena;
	*page = (struct session_page){.items.items = arena_array(arena, t.room, sizeof *page->items.items)};
	if (page->items.items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	return session_list(db, user_id, act->now_us, arena, take, &t, err);
}
