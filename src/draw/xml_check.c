#include "draw/xml_check.h"

#include <stddef.h>
#include <string.h>

enum { DEPTH = 32, NAME = 40 };

struct reader {
	const char *at;
	char open[DEPTH][NAME];
	int depth;
};

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
		   c == ':';
}

static bool read_name(struct reader *r, char name[NAME])
{
	size_t size = 0;
	while (name_char(r->at[size]))
		size++;
	if (size == 0 || size >= NAME || (r->at[0] >= '0' && r->at[0] <= '9') || r->at[0] == '-')
		return false;
	memcpy(name, r->at, size);
	name[size] = '\0';
	r->at += size;
	return true;
}

/* Up to `end`: no markup, entities known, no control characters, UTF-8 lead and tail bytes in step. */
static bool read_text(struct reader *r, char end)
{
	static const char *const entities[] = {"&lt;", "&gt;", "&amp;", "&quot;", "&apos;"};
	for (; *r->at != end && *r->at != '\0'; r->at++) {
		unsigned char c = (unsigned char)*r->at;
		bool known = c != '&';
		for (size_t i = 0; i < 5 && !known; i++)
			known = strncmp(r->at, entities[i], strlen(entities[i])) == 0;
		if (!known || c == '<' || (c < ' ' && c != '\n' && c != '\t'))
			return false;
		int tail = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
		for (; tail > 0; tail--)
			if (((unsigned char)*++r->at & 0xc0) != 0x80)
				return false;
	}
	return *r->at == end;
}

static bool read_attributes(struct reader *r)
{
	char seen[DEPTH][NAME];
	int count = 0;
	while (*r->at == ' ' || *r->at == '\n') {
		r->at++;
		if (count == DEPTH || !read_name(r, seen[count]) || *r->at++ != '=' || *r->at++ != '"' || !read_text(r, '"'))
			return false;
		r->at++;
		for (int i = 0; i < count; i++)
			if (strcmp(seen[i], seen[count]) == 0)
				return false;
		count++;
	}
	return true;
}

static bool read_tag(struct reader *r)
{
	char name[NAME];
	if (*r->at == '/') {
		r->at++;
		return read_name(r, name) && *r->at++ == '>' && r->depth > 0 && strcmp(r->open[--r->depth], name) == 0;
	}
	if (!read_name(r, name) || !read_attributes(r))
		return false;
	if (r->at[0] == '/' && r->at[1] == '>') {
		r->at += 2;
		return true;
	}
	if (*r->at++ != '>' || r->depth == DEPTH)
		return false;
	strcpy(r->open[r->depth++], name);
	return true;
}

bool xml_check(const char *text, long *at)
{
	struct reader r = {.at = text};
	bool good = *r.at == '<';
	while (good && *r.at != '\0') {
		if (*r.at == '<') {
			r.at++;
			good = read_tag(&r);
		} else if (r.depth == 0) {
			good = strspn(r.at, "\n") == strlen(r.at);
			break;
		} else {
			good = read_text(&r, '<');
		}
	}
	*at = r.at - text;
	return good && r.depth == 0;
}
