#include "people/users.h"
#include "sign/sign_internal.h"
#include "sign/submission.h"
#include "sign/work.h"
#include "store/store.h"

/* Whoever submitted a project is told its number. */

struct addressee {
	struct user user;
	bool found;
};

static bool find_addressee(struct work *work, struct addressee *to, struct err *err)
{
	struct db *db = store_read(work->api->options.store);
	bool read = work->dispatch.started_by == NULL ||
				user_by_id(db, work->dispatch.started_by, &work->arena, &to->user, &to->found, err);
	store_read_end(work->api->options.store, db);
	return read;
}

static bool carry_out(struct work *work, struct err *err)
{
	const struct sign_api_options *options = &work->api->options;
	struct addressee to = {.found = false};
	if (!find_addressee(work, &to, err))
		return false;
	if (!to.found || to.user.email == NULL)
		return true; /* who submitted is no person any more: there is nobody to write to */
	if (options->mail == NULL)
		return err_set(err, ERR_UNAVAILABLE, "no mail is sent from here");
	const char *text = arena_printf(&work->arena, "Project \"%s\" was submitted.  Its number is %s.\n",
									work->project.name, work->project.project_number);
	return text != NULL && options->mail(options->mail_self, to.user.email, "Project submitted", text, err);
}

const struct work_kind work_email = {.name = DISPATCH_EMAIL, .tries = EMAIL_TRIES, .carry_out = carry_out};
