#include "core/arena.h"
#include "people/users.h"
#include "sign/sign_internal.h"
#include "sign/work.h"
#include "store/store.h"

/* Whoever submitted a project is told its number. */

struct addressee {
	struct user user;
	bool found;
};

static bool find_addressee(const struct work *work, struct addressee *to, struct err *err)
{
	struct db *db = store_read(work->api->options.store);
	bool read = work->task.started_by == NULL ||
				user_by_id(db, work->task.started_by, work->step->arena, &to->user, &to->found, err);
	store_read_end(work->api->options.store, db);
	return read;
}

bool work_email(void *self, struct flow_step *step, struct err *err)
{
	struct sign_api *api = self;
	struct addressee to = {.found = false};
	struct work work;
	if (!work_open(&work, api, step, false, err) || !find_addressee(&work, &to, err))
		return false;
	if (!to.found || to.user.email == NULL)
		return true; /* who submitted is no person any more: there is nobody to write to */
	if (api->options.mail == NULL)
		return err_set(err, ERR_UNAVAILABLE, "no mail is sent from here");
	const char *text = arena_printf(step->arena, "Project \"%s\" was submitted.  Its number is %s.\n",
									work.project.name, work.project.project_number);
	return text != NULL && api->options.mail(api->options.mail_self, to.user.email, "Project submitted", text, err);
}
