#include "people/manage.h"

#include <string.h>

#include "http/exchange.h"
#include "people/reply.h"
#include "people/roles.h"

static bool reaches(const struct principal *principal, const struct user *user)
{
	return (principal->roles & ROLE_ADMIN) != 0 || strcmp(principal->account_id, user->account_id) == 0;
}

bool manage_find(struct manage *m, struct db *db, struct err *err)
{
	const char *id = exchange_param(m->act.x, "id");
	bool found = false;
	if (id_valid(id) && !user_by_id(db, id, &m->act.x->arena, &m->user, &found, err))
		return false;
	return (found && reaches(principal_of(m->act.x), &m->user)) ||
		   err_set(err, ERR_NOT_FOUND, "There is no such user.");
}

bool manage_again(struct manage *m, struct db *db, struct err *err)
{
	bool found = false;
	return user_by_id(db, m->user.user_id, &m->act.x->arena, &m->user, &found, err) &&
		   (found || err_set(err, ERR_INTERNAL, "the user has gone"));
}

bool manage_allowed(const struct manage *m, struct err *err)
{
	return (m->user.roles & ROLE_ADMIN) == 0 || (principal_of(m->act.x)->roles & ROLE_ADMIN) != 0 ||
		   err_set(err, ERR_FORBIDDEN, "Only an admin changes an admin.");
}

/* Does the user have this role now, lose it, and leave nobody behind who has it? */
static bool last_one(const struct manage *m, struct db *db, unsigned kept, unsigned role, const char *account_id,
					 bool *last, struct err *err)
{
	int64_t count = 0;
	*last = false;
	if ((m->user.roles & role) == 0 || (kept & role) != 0 || m->user.status != USER_ACTIVE)
		return true;
	if (!user_count_role(db, account_id, role, &count, err))
		return false;
	*last = count <= 1;
	return true;
}

bool manage_keeps_last(const struct manage *m, struct db *db, unsigned roles, struct err *err)
{
	bool last_owner, last_admin;
	if (!last_one(m, db, roles, ROLE_OWNER, m->user.account_id, &last_owner, err) ||
		!last_one(m, db, roles, ROLE_ADMIN, NULL, &last_admin, err))
		return false;
	if (last_admin)
		return err_set(err, ERR_LAST_ADMIN, "This is the last admin; make another first.");
	return !last_owner || err_set(err, ERR_LAST_ADMIN, "This is the account's last owner; make another first.");
}

struct audit_event manage_event(const struct manage *m, enum audit_action action)
{
	struct audit_event event = principal_event(m->act.x, action, AUDIT_SUCCESS);
	event.account_id = m->user.account_id;
	event.target_id = m->user.user_id;
	return event;
}

void manage_answer(struct act *act)
{
	struct manage *m = (struct manage *)act;
	struct user_view view;
	char etag[ETAG_TEXT];
	user_etag(&m->user, etag);
	user_view(&act->x->arena, &m->user, &view);
	exchange_set(act->x, "ETag", etag);
	reply_fact(act->x, 200, &user_table, &view);
}
