/*
 * What a request says it is: an access token or an API key, read from its headers and from nowhere else [P-4.4, P-4.8].
 * Private to src/people.  Pure; any thread.
 */
#ifndef CS_PEOPLE_CREDENTIAL_H
#define CS_PEOPLE_CREDENTIAL_H

#include <stdbool.h>
#include <stddef.h>

struct err;

enum credential_kind { CREDENTIAL_TOKEN, CREDENTIAL_KEY };

struct credential {
	enum credential_kind kind;
	const char *text; /* inside the header's value */
};

enum {
	KEY_PREFIX_LENGTH = 8,
	KEY_TEXT_LENGTH = 4 + KEY_PREFIX_LENGTH + 1 + 43, /* csk_ PREFIX _ SECRET */
};

/* Has a text the form of an API key? */
bool credential_is_key(const char *text, size_t size);

/*
 * Read the values of Authorization and X-API-Key; NULL: the header is not there.  ERR_UNAUTHENTICATED: neither, or
 * another scheme than Bearer (in any case); ERR_HEADER_INVALID: both at once; ERR_TOKEN_INVALID: no form of ours.
 */
bool credential_read(const char *authorization, const char *api_key, struct credential *credential, struct err *err);

#endif
