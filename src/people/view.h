/*
 * A user as answers show one.  `me` is what a person sees of themselves, with permissions; `user` what those see who
 * manage people.  Private to src/people.
 */
#ifndef CS_PEOPLE_VIEW_H
#define CS_PEOPLE_VIEW_H

#include "core/field.h"
#include "http/etag.h"
#include "people/users.h"

struct faults;
struct json;

struct texts {
	size_t count;
	const char **items;
};

struct me {
	const char *user_id, *account_id, *email, *full_name;
	struct texts roles, permissions;
	int status;
	bool email_verified, totp_enabled;
	const char *created_at, *last_login_at;
};
extern const struct field_table me_table;

struct user_view {
	const char *user_id, *account_id, *email, *full_name;
	struct texts roles;
	int status;
	bool email_verified, totp_enabled, must_change_password;
	const struct json *licence;
	int64_t version;
	const char *created_at, *updated_at, *last_login_at;
};
extern const struct field_table user_table;

/* Fill a view; texts are the arena's. */
void me_view(struct arena *arena, const struct user *user, struct me *me);
void user_view(struct arena *arena, const struct user *user, struct user_view *view);

/* The ETag of a user: changes with each version [P-8.4]. */
void user_etag(const struct user *user, char etag[ETAG_TEXT]);

/* RFC 3339 in the arena; NULL for 0. */
const char *view_time(struct arena *arena, int64_t us);

/* Read an optional time of a request; NULL leaves *us.  A fault goes to `faults`, under the pointer [P-8.12]. */
void view_take_time(const char *text, const char *pointer, int64_t *us, struct faults *faults);

#endif
