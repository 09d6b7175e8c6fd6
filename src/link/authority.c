#include "link/authority.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

/* The authority as it stands in the URL, without a login; NULL: there is none. */
static const char *part_of(const char *url, size_t *size)
{
	const char *from = strstr(url, "://");
	if (from == NULL)
		return NULL;
	from += 3;
	size_t end = strcspn(from, "/?#");
	for (size_t i = end; i > 0; i--)
		if (from[i - 1] == '@') {
			from += i;
			end -= i;
			break;
		}
	*size = end;
	return from;
}

static bool take(const char *from, size_t size, char to[AUTHORITY_MAX])
{
	if (size == 0 || size >= AUTHORITY_MAX)
		return false;
	for (size_t i = 0; i < size; i++)
		to[i] = (char)(from[i] >= 'A' && from[i] <= 'Z' ? from[i] + ('a' - 'A') : from[i]);
	to[size] = '\0';
	return true;
}

bool authority_of(const char *url, char authority[AUTHORITY_MAX])
{
	size_t size;
	const char *from = part_of(url, &size), *usual = strncasecmp(url, "https:", 6) == 0 ? ":443" : ":80";
	if (from == NULL)
		return false;
	size_t port = strlen(usual);
	if (size > port && memcmp(from + size - port, usual, port) == 0)
		size -= port;
	return take(from, size, authority);
}

bool authority_host(const char *url, char host[AUTHORITY_MAX])
{
	size_t size;
	const char *from = part_of(url, &size);
	if (from == NULL || size == 0)
		return false;
	size_t end = from[0] == '[' ? strcspn(from, "]") + 1 : strcspn(from, ":/?#");
	return end <= size && take(from, end, host);
}
