/*
 * Managing people: which ones a principal reaches, what they may do to them, and making and changing one.
 * Private to src/people.
 *
 * An owner reaches the people of their account, an admin everybody.  Who is no admin cannot touch an admin, nor make
 * one [P-4.9].  The last owner of an account and the last admin stay.
 */
#ifndef CS_PEOPLE_MANAGE_H
#define CS_PEOPLE_MANAGE_H

#include "core/err.h"
#include "people/act.h"
#include "people/people_internal.h"
#include "people/principal.h"
#include "people/users.h"
#include "people/view.h"

struct manage {
	struct act act;
	struct user user;
};

/* Find the user of the path's {id}.  ERR_NOT_FOUND, in the same words for another account's id as for none. */
bool manage_find(struct manage *m, struct db *db, struct err *err);

/* Read it again after the change, for the answer. */
bool manage_again(struct manage *m, struct db *db, struct err *err);

/* May the principal change this user at all?  ERR_FORBIDDEN. */
bool manage_allowed(const struct manage *m, struct err *err);

/* Is there another active owner and admin, if the user keeps only `roles`?  ERR_LAST_ADMIN. */
bool manage_keeps_last(const struct manage *m, struct db *db, unsigned roles, struct err *err);

struct audit_event manage_event(const struct manage *m, enum audit_action action);

/* Answer the user with its ETag, 200. */
void manage_answer(struct act *act);

extern const struct field_table manage_create_table, manage_change_table;
extern const enum err_kind manage_errors[];
void manage_handle_create(struct exchange *x);
void manage_handle_change(struct exchange *x);

#endif
