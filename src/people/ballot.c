#include "people/ballot.h"

#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/roles.h"
#include "people/users.h"

static bool may(const void *principal, const char *permission)
{
	return principal_may(principal, permission);
}

/* A licence counts until the end of the day on which it expires. */
static bool licence_holds(struct arena *arena, const struct user *user, int64_t now_us)
{
	const struct json *licence;
	const struct stamp_fault *fault;
	int64_t day_us;
	if (user->licence == NULL ||
		!json_parse(arena, user->licence, strlen(user->licence), &json_body_limits, &licence, NULL))
		return false;
	const char *expires = json_text(licence, "expires");
	return expires != NULL && stamp_parse_date(expires, strlen(expires), &day_us, &fault) &&
		   now_us < day_us + STAMP_US_PER_DAY;
}

static enum countersign_signer signer_of(const struct principal *principal)
{
	if (principal->kind == PRINCIPAL_PERSON)
		return SIGNER_PERSON;
	return principal->kind == PRINCIPAL_KEY ? SIGNER_KEY : SIGNER_OTHER;
}

bool ballot_fill(struct exchange *x, struct db *db, int64_t now_us, struct audit_event *who,
				 struct countersign_ballot *ballot, struct err *err)
{
	const struct principal *principal = principal_of(x);
	struct user user = {.user_id = NULL};
	bool found = false;
	if (!user_by_id(db, principal->user_id, &x->arena, &user, &found, err))
		return false;
	*who = principal_event(x, AUDIT_COUNTERSIGN_DECIDE, AUDIT_SUCCESS);
	ballot->account_id = principal->account_id;
	ballot->choice.signer = signer_of(principal);
	ballot->choice.licensed = found && licence_holds(&x->arena, &user, now_us);
	ballot->choice.user_id = principal->user_id;
	ballot->may = may;
	ballot->principal = principal;
	ballot->role = role_strongest(principal->roles);
	ballot->licence = user.licence;
	ballot->mfa = user.totp_enabled;
	ballot->who = who;
	return true;
}
