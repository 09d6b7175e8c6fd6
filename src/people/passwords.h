/*
 * Which passwords are acceptable [P-4.1].  Length in characters and any composition, exactly as received; refused are
 * the 10,000 most common ones and what anybody would guess of this person.  How a password is stored is
 * crypt/password.h's affair.  Thread: any; pure.
 */
#ifndef CS_PEOPLE_PASSWORDS_H
#define CS_PEOPLE_PASSWORDS_H

#include <stdbool.h>
#include <stddef.h>

struct faults;

enum { PASSWORD_CHARACTERS_MAX = 128 };

/* Whose password it is to be; texts may be NULL. */
struct password_owner {
	const char *email, *full_name;
};

/*
 * Is it acceptable, with at least `least` characters?  Else faults at `pointer`: length, or password_common for a
 * common one or one that is equal, case-folded, to the address, its local part, the name or "countersign", alone or
 * followed by up to four digits.  Cost: about 1 us.
 */
bool password_acceptable(const char *password, size_t least, const struct password_owner *owner, const char *pointer,
						 struct faults *faults);

/* Is it on the list, in whatever case? */
bool password_common(const char *password);

#endif
