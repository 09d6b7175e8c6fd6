#include "people/passwords.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/embedded.h"
#include "core/err.h"
#include "core/utf8.h"

extern const struct embedded embedded_common_passwords[]; /* one file, a password a line, sorted by bytes */

enum { LONGEST = 64 }; /* bytes of an entry */

static int compare_line(const char *line, const char *end, const char *text, size_t size)
{
	size_t length = (size_t)(end - line), least = length < size ? length : size;
	int order = memcmp(line, text, least);
	return order != 0 ? order : (length > size) - (length < size);
}

/* Binary search in the text itself: from the middle, forward to the next line. */
static bool listed(const char *text, size_t size)
{
	const char *bytes = embedded_common_passwords[0].bytes;
	size_t low = 0, high = embedded_common_passwords[0].size;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		while (middle > low && bytes[middle - 1] != '\n')
			middle--;
		const char *end = memchr(bytes + middle, '\n', high - middle);
		size_t next = end != NULL ? (size_t)(end - bytes) + 1 : high;
		int order = compare_line(bytes + middle, end != NULL ? end : bytes + high, text, size);
		if (order == 0)
			return true;
		if (order < 0)
			low = next;
		else
			high = middle;
	}
	return false;
}

bool password_common(const char *password)
{
	char folded[LONGEST + 1];
	size_t size = strlen(password);
	if (size > LONGEST)
		return false;
	for (size_t i = 0; i < size; i++)
		folded[i] = (char)tolower((unsigned char)password[i]);
	return listed(folded, size) || listed(password, size);
}

/* `word` alone or followed by up to four digits. */
static bool guessed_from(const char *password, const char *word, size_t size)
{
	if (size == 0 || strncasecmp(password, word, size) != 0)
		return false;
	size_t digits = strspn(password + size, "0123456789");
	return digits <= 4 && password[size + digits] == '\0';
}

static bool guessable(const char *password, const struct password_owner *owner)
{
	static const char product[] = "countersign";
	const char *email = owner->email != NULL ? owner->email : "", *name = owner->full_name;
	return guessed_from(password, product, sizeof product - 1) || guessed_from(password, email, strlen(email)) ||
		   guessed_from(password, email, strcspn(email, "@")) ||
		   (name != NULL && guessed_from(password, name, strlen(name)));
}

static size_t count_characters(const char *text)
{
	size_t size = strlen(text), count = 0;
	uint32_t code;
	for (size_t at = 0, step; at < size; at += step) {
		step = utf8_next(text + at, size - at, &code);
		step += step == 0; /* not UTF-8: each byte counts */
		count++;
	}
	return count;
}

bool password_acceptable(const char *password, size_t least, const struct password_owner *owner, const char *pointer,
						 struct faults *faults)
{
	size_t characters = count_characters(password);
	if (characters < least || characters > PASSWORD_CHARACTERS_MAX)
		faults_add(faults, pointer, "length", "must have %zu to %d characters", least, (int)PASSWORD_CHARACTERS_MAX);
	else if (password_common(password) || guessable(password, owner))
		faults_add(faults, pointer, "password_common",
				   "is among the first that anybody would try; take one that is not a common word or your own name");
	else
		return true;
	return false;
}
