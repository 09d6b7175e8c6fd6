#include "trade/domain/telegram.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/utf8.h"

enum { DESCRIPTION_MAX = 160 };

void telegram_message(const char *chat_id, const char *text, struct buf *out)
{
	struct jw jw;
	jw_init(&jw, out);
	jw_object(&jw);
	jw_member_str(&jw, "chat_id", chat_id);
	jw_member_str(&jw, "text", text);
	jw_object_end(&jw);
}

/* Its own words, on one line and not without end; "" where it has none. */
static const char *description_of(struct arena *arena, const struct json *answer)
{
	const char *text = json_text(answer, "description");
	if (text == NULL || *text == '\0')
		return "";
	char *line = arena_dupn(arena, text, utf8_cut(text, strlen(text), DESCRIPTION_MAX));
	for (char *c = line; c != NULL && *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = ' ';
	return line != NULL ? arena_printf(arena, ": %s", line) : "";
}

static int64_t wait_of(const struct json *answer)
{
	const struct json *wait = json_get(json_get(answer, "parameters"), "retry_after");
	return wait != NULL && wait->kind == JS_INT ? wait->integer : 0;
}

bool telegram_taken(struct arena *arena, int status, const char *body, int64_t *retry_after_s, struct err *err)
{
	const struct json *answer = NULL;
	if (status >= 200 && status < 300)
		return true;
	if (!json_parse(arena, body, strlen(body), &json_body_limits, &answer, NULL))
		answer = NULL;
	bool again = status < 400 || status >= 500 || status == 408 || status == 429;
	int64_t wait_s = wait_of(answer);
	*retry_after_s = wait_s > *retry_after_s ? wait_s : *retry_after_s;
	return err_set(err, again ? ERR_UNAVAILABLE : ERR_INVALID, "Telegram answered %d%s", status,
				   answer != NULL ? description_of(arena, answer) : "");
}
