#include "app/fact.h"

#include "app/cli.h"
#include "core/env.h"
#include "core/stamp.h"
#include "seal/envelope.h"
#include "version.h"

static int print(const struct buf *result, int code)
{
	char now[STAMP_TEXT];
	struct buf out;
	stamp_format(now, env_wall_us(env_real()));
	const struct envelope_context context = {.version = APP_VERSION, .git_sha = APP_GIT_SHA, .timestamp = now};
	buf_init(&out, 0);
	bool told = buf_ok(result) && envelope_fact_text(&out, buf_text(result), result->size, &context);
	buf_addc(&out, '\n');
	told = told && buf_ok(&out) && cli_write(stdout, buf_text(&out), out.size);
	buf_fini(&out);
	return told ? code : CLI_FAILED;
}

struct jw *fact_begin(struct fact *fact)
{
	buf_init(&fact->text, 0);
	jw_init(&fact->jw, &fact->text);
	jw_object(&fact->jw);
	return &fact->jw;
}

int fact_end(struct fact *fact, int code)
{
	jw_object_end(&fact->jw);
	code = jw_ok(&fact->jw) ? print(&fact->text, code) : CLI_FAILED;
	buf_fini(&fact->text);
	return code;
}

int fact_print(const struct json *result, int code)
{
	struct fact fact;
	buf_init(&fact.text, 0);
	jw_init(&fact.jw, &fact.text);
	jw_json(&fact.jw, result);
	code = jw_ok(&fact.jw) ? print(&fact.text, code) : CLI_FAILED;
	buf_fini(&fact.text);
	return code;
}
