#include "app/sign_setup.h"

#include <string.h>

#include "app/app.h"
#include "app/mail.h"
#include "app/mailer.h"
#include "core/err.h"
#include "people/people.h"
#include "sign/sign_api.h"
#include "version.h"

static bool send_mail(void *self, const char *to, const char *subject, const char *text, struct err *err)
{
	struct app *app = self;
	const struct mail mail = {.to = to, .subject = subject, .text = text};
	return mailer_send(app->mailer, &mail, err);
}

static const char *main_account(void *self, struct arena *arena)
{
	const struct app *app = self;
	char account_id[ID_TEXT] = "";
	struct err err;
	return people_main_account(app->people, account_id, &err) && account_id[0] != '\0' ? arena_dup(arena, account_id)
																					   : NULL;
}

bool sign_setup(struct app *app, struct err *err)
{
	struct sign_api_options options = {
		.store = app->store,
		.blobs = app->blobs,
		.packs = app->packs,
		.env = app->env,
		.ids = &app->ids,
		.audit = &app->audit,
		.countersign = app->countersign,
		.outbox = app->outbox,
		.version = APP_VERSION,
		.git_sha = APP_GIT_SHA,
		.require_stamp = app->config.sign.require_stamp,
		.public_quote = app->config.sign.public_quote,
		.pm_open_us = app->config.sign.pm_open_s * 1000000,
		.pm_url = app->config.sign.pm_url,
		.geocoder_url = app->config.sign.geocoder_url,
		.search_url = app->config.sign.search_url,
		.hazard_url = app->config.sign.hazard_url,
		.mail = send_mail,
		.mail_self = app,
		.main_account = main_account,
		.main_self = app,
		.work = !app->alone,
	};
	if (!app_secret(app, app->config.sign.pm_token_file, &options.pm_key, err) ||
		!app_secret(app, app->config.sign.search_login_file, &options.search_login, err) ||
		!app_secret(app, app->config.sign.geocoder_key_file, &options.geocoder_key, err))
		return false;
	app->sign = sign_api_open(&options);
	return true;
}
