#include "app/files_sniff.h"

#include <string.h>
#include <strings.h>

#include "core/utf8.h"

#define TEXT "text/plain"
#define NOTHING "application/octet-stream"

static const struct mark {
	size_t offset, size;
	const char *bytes, *type;
} marks[] = {
	{0, 5, "%PDF-", "application/pdf"},
	{0, 8, "\x89PNG\r\n\x1a\n", "image/png"},
	{0, 3, "\xff\xd8\xff", "image/jpeg"},
	{0, 6, "GIF87a", "image/gif"},
	{0, 6, "GIF89a", "image/gif"},
	{0, 4, "AC10", "image/vnd.dwg"},
	{0, 22, "AutoCAD Binary DXF\r\n\x1a\0", "image/vnd.dxf"},
	{0, 4, "PK\3\4", "application/zip"},
	{0, 4, "PK\5\6", "application/zip"},
};

/* A declared type with the extensions that its files have, and what their bytes show. */
static const struct kind {
	const char *type, *sniffed, *extensions[3];
} kinds[] = {
	{"application/pdf", "application/pdf", {".pdf"}},
	{"image/png", "image/png", {".png"}},
	{"image/jpeg", "image/jpeg", {".jpg", ".jpeg"}},
	{"image/webp", "image/webp", {".webp"}},
	{"image/gif", "image/gif", {".gif"}},
	{"image/vnd.dxf", "image/vnd.dxf", {".dxf"}},
	{"image/vnd.dwg", "image/vnd.dwg", {".dwg"}},
	{"text/csv", TEXT, {".csv"}},
	{"text/csv", "application/json", {".csv"}}, /* `[1],[2]` begins as JSON does */
	{"application/json", "application/json", {".json"}},
	{"application/json", TEXT, {".json"}}, /* a bare number or word is JSON too */
	{"text/plain", TEXT, {".txt"}},
	{"text/plain", "application/json", {".txt"}},
};

static bool is_text(const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)bytes[i];
		if ((c < 0x20 && strchr("\t\n\f\r", c) == NULL) || c == 0 || c == 0x7f)
			return false;
	}
	return utf8_valid(bytes, size);
}

/* Text files of DXF begin with group code 0 and SECTION, after comments (code 999) at most. */
static bool is_dxf(const char *bytes, size_t size)
{
	size_t at = 0;
	while (at < size && (bytes[at] == ' ' || bytes[at] == '\t'))
		at++;
	if (size - at > 4 && memcmp(bytes + at, "999", 3) == 0 && (bytes[at + 3] == '\r' || bytes[at + 3] == '\n'))
		return memmem(bytes + at, size - at, "SECTION", 7) != NULL;
	if (at == size || bytes[at] != '0')
		return false;
	for (at++; at < size && strchr(" \t\r\n", bytes[at]) != NULL;)
		at++;
	return size - at >= 7 && memcmp(bytes + at, "SECTION", 7) == 0;
}

static const char *sniff_text(const char *bytes, size_t size)
{
	if (is_dxf(bytes, size))
		return "image/vnd.dxf";
	for (size_t at = 0; at < size; at++)
		if (strchr(" \t\r\n", bytes[at]) == NULL)
			return bytes[at] == '{' || bytes[at] == '[' ? "application/json" : TEXT;
	return TEXT;
}

const char *file_sniff(const void *bytes, size_t size)
{
	const char *from = bytes;
	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
		if (size >= marks[i].offset + marks[i].size &&
			memcmp(from + marks[i].offset, marks[i].bytes, marks[i].size) == 0)
			return marks[i].type;
	if (size >= 12 && memcmp(from, "RIFF", 4) == 0 && memcmp(from + 8, "WEBP", 4) == 0)
		return "image/webp";
	return is_text(from, size) ? sniff_text(from, size) : NOTHING;
}

static bool ends_in(const char *filename, const struct kind *kind)
{
	const char *dot = strrchr(filename, '.');
	for (size_t i = 0; dot != NULL && i < 3 && kind->extensions[i] != NULL; i++)
		if (strcasecmp(dot, kind->extensions[i]) == 0)
			return true;
	return false;
}

const char *file_type_known(const char *content_type)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].type, content_type) == 0)
			return kinds[i].type;
	return NULL;
}

bool file_type_allowed(const char *content_type)
{
	return file_type_known(content_type) != NULL;
}

const char *file_type_of_name(const char *filename)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (ends_in(filename, &kinds[i]))
			return kinds[i].type;
	return NULL;
}

bool file_type_agrees(const char *content_type, const char *filename, const char *sniffed)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].type, content_type) == 0 && strcmp(kinds[i].sniffed, sniffed) == 0 &&
			ends_in(filename, &kinds[i]))
			return true;
	return false;
}
