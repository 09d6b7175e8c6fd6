#include "app/sign_setup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/mail.h"
#include "core/err.h"
#include "people/people.h"
#include "sign/sign_api.h"
#include "version.h"

enum { SECRET_MAX = 1000 };

/* The first line of a file, or of a credential of the service manager (cred:NAME) [P-3.2]. */
static bool read_secret(struct app *app, const char *name, const char **secret, struct err *err)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	char line[SECRET_MAX + 2] = "";
	if (name == NULL)
		return true;
	if (strncmp(name, "cred:", 5) == 0)
		name = arena_printf(&app->arena, "%s/%s", folder != NULL ? folder : "/run/credentials", name + 5);
	FILE *file = name != NULL ? fopen(name, "re") : NULL;
	if (file == NULL)
		return err_set(err, ERR_IO, "cannot read the key in %s: %s", name, strerror(errno));
	bool read = fgets(line, sizeof line, file) != NULL;
	fclose(file);
	line[strcspn(line, "\r\n")] = '\0';
	if (!read || line[0] == '\0' || strlen(line) > SECRET_MAX)
		return err_set(err, ERR_IO, "the file %s holds no key of one line, at most %d bytes", name, SECRET_MAX);
	*secret = arena_dup(&app->arena, line);
	return true;
}

static bool send_mail(void *self, const char *to, const char *subject, const char *text, struct err *err)
{
	struct app *app = self;
	const struct mail mail = {.to = to, .subject = subject, .text = text};
	return mail_write(app->config.data, app->env, &app->ids, &mail, err);
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
		.pm_url = app->config.sign.pm_url,
		.geocoder_url = app->config.sign.geocoder_url,
		.hazard_url = app->config.sign.hazard_url,
		.mail = send_mail,
		.mail_self = app,
		.main_account = main_account,
		.main_self = app,
		.work = true,
	};
	if (!read_secret(app, app->config.sign.pm_token_file, &options.pm_key, err) ||
		!read_secret(app, app->config.sign.geocoder_key_file, &options.geocoder_key, err))
		return false;
	app->sign = sign_api_open(&options);
	return true;
}
