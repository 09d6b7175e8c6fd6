#include "people/credential.h"

#include <string.h>
#include <strings.h>

#include "core/err.h"

static const char scheme[] = "bearer", key_prefix[] = "csk_";

static bool word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool credential_is_key(const char *text, size_t size)
{
	if (size != KEY_TEXT_LENGTH || strncmp(text, key_prefix, sizeof key_prefix - 1) != 0)
		return false;
	for (size_t i = 0; i < size; i++)
		if (!word(text[i]))
			return false;
	return text[sizeof key_prefix - 1 + KEY_PREFIX_LENGTH] == '_';
}

static bool take_key(const char *text, struct credential *credential, struct err *err)
{
	if (!credential_is_key(text, strlen(text)))
		return err_set(err, ERR_TOKEN_INVALID, "This is no API key.");
	*credential = (struct credential){CREDENTIAL_KEY, text};
	return true;
}

bool credential_read(const char *authorization, const char *api_key, struct credential *credential, struct err *err)
{
	const size_t size = sizeof scheme - 1;
	if (authorization != NULL && api_key != NULL)
		return err_set(err, ERR_HEADER_INVALID, "Send Authorization or X-API-Key, not both.");
	if (api_key != NULL)
		return take_key(api_key, credential, err);
	if (authorization == NULL || strncasecmp(authorization, scheme, size) != 0 || authorization[size] != ' ')
		return err_set(err, ERR_UNAUTHENTICATED, "Send an access token: Authorization: Bearer TOKEN.");
	const char *text = authorization + size;
	text += strspn(text, " ");
	if (*text == '\0' || strpbrk(text, " \t,") != NULL)
		return err_set(err, ERR_TOKEN_INVALID, "One token follows the word Bearer, and nothing else.");
	if (strncmp(text, key_prefix, sizeof key_prefix - 1) == 0)
		return take_key(text, credential, err);
	*credential = (struct credential){CREDENTIAL_TOKEN, text};
	return true;
}
