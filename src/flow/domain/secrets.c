#include "flow/domain/secrets.h"

#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/ir_compiler.h"
#include "flow/domain/trouble.h"

enum { NAME_MAX_BYTES = 255 };

static bool is_listed(const struct json *listed, const char *name)
{
	for (uint32_t i = 0; listed != NULL && i < listed->count; i++)
		if (listed->items[i].kind == JS_STRING && strcmp(listed->items[i].text, name) == 0)
			return true;
	return false;
}

static const char *past_white(const char *at)
{
	return at + strspn(at, " \t\r\n");
}

/* `at` is behind `$secrets`: the name that follows, or "" where it is not written out. */
static void read_name(const char *at, char name[NAME_MAX_BYTES + 1])
{
	static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	size_t size = 0;
	at = past_white(at);
	if (*at == '.')
		at = past_white(at + 1);
	else if (*at != '[')
		at = "";
	if (*at == '[')
		at = past_white(at + 1);
	if (*at == '"')
		size = strcspn(++at, "\"\\");
	else
		size = strspn(at, word);
	if (size > NAME_MAX_BYTES)
		size = 0;
	memcpy(name, at, size);
	name[size] = '\0';
}

static bool may_have(const struct json *listed, const struct json *all, const char *name, struct trouble *trouble)
{
	if (!is_listed(listed, name))
		return trouble_set(trouble, TROUBLE_AUTHORIZATION, "Secret not allowed",
						   "The secret %.100s is not listed in use.secrets.", name);
	return json_get(all, name) != NULL ||
		   trouble_set(trouble, TROUBLE_AUTHORIZATION, "No such secret",
					   "The secret %.100s is not in this server's secret store (flow.secrets_file).", name);
}

static bool check_text(const struct json *listed, const struct json *all, const char *text, struct trouble *trouble)
{
	static const char word[] = "secrets";
	char name[NAME_MAX_BYTES + 1];
	for (const char *at = strchr(text, '$'); at != NULL; at = strchr(at + 1, '$')) {
		const char *behind = past_white(at + 1);
		if (strncmp(behind, word, sizeof word - 1) != 0)
			continue;
		read_name(behind + sizeof word - 1, name);
		if (name[0] != '\0' && !may_have(listed, all, name, trouble))
			return false;
	}
	return true;
}

static bool check(const struct json *listed, const struct json *all, const struct json *value, struct trouble *trouble)
{
	bool good = value->kind != JS_STRING || check_text(listed, all, value->text, trouble);
	for (uint32_t i = 0; value->kind == JS_ARRAY && i < value->count && good; i++)
		good = check(listed, all, &value->items[i], trouble);
	for (uint32_t i = 0; value->kind == JS_OBJECT && i < value->count && good; i++)
		good = check(listed, all, &value->members[i].value, trouble);
	return good;
}

static struct datum *listed_of(const struct json *listed, const struct json *all)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	for (uint32_t i = 0; all != NULL && i < all->count; i++)
		if (is_listed(listed, all->members[i].name)) {
			jw_key(&jw, all->members[i].name);
			jw_json(&jw, &all->members[i].value);
		}
	jw_object_end(&jw);
	return datum_take_buf(&text);
}

bool secrets_of(const struct json *listed, const struct json *value, struct datum *all, struct datum **seen,
				struct trouble *trouble)
{
	const struct json *there = all == NULL ? NULL : datum_tree(all);
	*seen = NULL;
	if (value == NULL || !ir_names_secrets(value))
		return true;
	if (!check(listed, there, value, trouble))
		return false;
	*seen = listed_of(listed, there);
	return true;
}
