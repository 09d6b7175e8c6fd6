#include "flow/members.h"

#include <string.h>

#include "core/arena.h"
#include "core/jw.h"
#include "core/stamp.h"

void members_time(struct jw *jw, const char *name, int64_t us)
{
	char text[STAMP_TEXT] = "";
	if (us != 0)
		stamp_format(text, us);
	jw_member_str(jw, name, us != 0 ? text : NULL);
}

const char *members_time_text(struct arena *arena, int64_t us)
{
	char text[STAMP_TEXT];
	if (us == 0)
		return NULL;
	stamp_format(text, us);
	return arena_dup(arena, text);
}

void members_json(struct jw *jw, const char *name, const char *json)
{
	jw_key(jw, name);
	if (json == NULL)
		jw_null(jw);
	else
		jw_raw(jw, json, strlen(json));
}
