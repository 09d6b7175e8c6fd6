#include "app/here.h"

int here(struct ask *job, here_fn *act, void *self, const struct json **result)
{
	struct app app;
	struct err err;
	struct buf text;
	struct jw jw;
	int code = ask_needs_store(job);
	if (code != CLI_DONE)
		return code;
	if (!app_open(&app, job->cli, &err))
		return cli_fail(job->cli, err.kind == ERR_STORE_BUSY ? CLI_UNREACHABLE : CLI_FAILED, "%s", err.message);
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	bool done = act(&app, self, &jw, &err);
	jw_object_end(&jw);
	app_close(&app);
	done = done && json_parse(&job->arena, buf_text(&text), text.size, &json_body_limits, result, &err);
	buf_fini(&text);
	return done ? CLI_DONE : cli_fail(job->cli, CLI_FAILED, "%s", err.message);
}
