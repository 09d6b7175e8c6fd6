/* The typed side of a request: its body and its query through the route's field tables. */
#include <string.h>

#include "core/field.h"
#include "core/json.h"
#include "http/claims.h"
#include "http/exchange.h"

static bool any_required(const struct field_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->fields[i].required)
			return true;
	return false;
}

bool exchange_json(struct exchange *x, const struct json **json)
{
	const struct route *route = x->match.route;
	const struct json_limits *limits = route->json_limits != NULL ? route->json_limits : &json_body_limits;
	struct err err = {0};
	if (json_parse(&x->arena, buf_text(&x->body), x->body.size, limits, json, &err))
		return true;
	if (x->body.size == 0)
		exchange_failf(x, err.kind, "The body is empty; a JSON value is wanted.");
	else
		exchange_fail(x, &err);
	return false;
}

static bool answer_faults(struct exchange *x, const struct faults *faults)
{
	if (faults->count == 0 && !x->arena.full)
		return true;
	if (x->arena.full)
		exchange_failf(x, ERR_LIMIT, "The request takes too much memory.");
	else
		exchange_fail_faults(x, ERR_INVALID, faults);
	return false;
}

static bool decode_body(struct exchange *x, void *into, const struct json **json, struct faults *faults)
{
	const struct field_table *table = x->match.route->body;
	static const struct json empty = {.kind = JS_OBJECT};
	*json = &empty;
	/* [P-8.2] a body whose members are all optional may be left out */
	if ((x->body.size > 0 || any_required(table)) && !exchange_json(x, json))
		return false;
	faults_init(faults, &x->arena);
	field_decode(table, *json, into, &x->arena, "", faults);
	return !x->arena.full || answer_faults(x, faults);
}

/* Who owns a thing, who made it and where it stands is the server's affair [P-5.3]. */
static bool end_body(struct exchange *x, const struct json *json, struct faults *faults)
{
	if (x->match.route->effect == EFFECT_WRITE)
		claims_take(x, json, faults);
	return answer_faults(x, faults);
}

bool exchange_decode(struct exchange *x, void *into)
{
	const struct json *json;
	struct faults faults;
	return decode_body(x, into, &json, &faults) && end_body(x, json, &faults);
}

/* Of the faults from `seam` on those that name a member named before it: one that could not be read seems absent. */
static void drop_told(struct faults *faults, struct fault **seam)
{
	for (struct fault **at = seam; *at != NULL;) {
		struct fault *const *before = &faults->first;
		while (before != seam && strcmp((*before)->pointer, (*at)->pointer) != 0)
			before = &(*before)->next;
		if (before == seam) {
			at = &(*at)->next;
			faults->end = at;
			continue;
		}
		*at = (*at)->next;
		faults->end = at;
		faults->count--;
	}
}

bool exchange_decode_checked(struct exchange *x, void *into, void (*check)(void *self, struct faults *faults),
							 void *self)
{
	const struct json *json;
	struct faults faults;
	if (!decode_body(x, into, &json, &faults))
		return false;
	struct fault **seam = faults.end;
	check(self, &faults);
	drop_told(&faults, seam);
	return end_body(x, json, &faults);
}

static struct json text_of(const char *text, size_t size)
{
	return (struct json){.kind = JS_STRING, .text = text, .size = size};
}

/* [flow.md 13] `?strict=1` is how a switch is written in a URL. */
static const struct json *as_switch(const char *text, size_t size)
{
	static const struct json values[] = {{.kind = JS_BOOL, .boolean = false}, {.kind = JS_BOOL, .boolean = true}};
	return size == 1 && (*text == '0' || *text == '1') ? &values[*text - '0'] : NULL;
}

/* One value as its field wants it; what does not read as that stays text, which the decoder then refuses by type. */
static struct json typed(struct exchange *x, const struct field *field, const char *text, size_t size)
{
	static const struct json_limits limits = {.depth = 8, .values = 1000};
	const struct json *json;
	if (field != NULL && field->kind == FIELD_BOOL && (json = as_switch(text, size)) != NULL)
		return *json;
	bool plain = field == NULL || field->kind == FIELD_STR || field->kind == FIELD_ENUM;
	if (plain || !json_parse(&x->arena, text, size, &limits, &json, NULL) || json->kind == JS_STRING)
		return text_of(text, size);
	return *json;
}

static size_t comma_count(const char *text)
{
	size_t count = 0;
	for (; (text = strchr(text, ',')) != NULL; text++)
		count++;
	return count;
}

static void append_items(struct exchange *x, const struct field *field, const char *text, struct json *list)
{
	while (*text != '\0') {
		size_t size = strcspn(text, ",");
		const char *item = arena_dupn(&x->arena, text, size);
		if (item == NULL)
			return;
		list->items[list->count++] = typed(x, field, item, size);
		text += size + (text[size] == ',');
	}
}

/* All values of one name as a list: repeated, or divided by commas. */
static struct json list_of(struct exchange *x, const struct field *field, size_t from)
{
	const char *name = x->query[from].name;
	struct json list = {.kind = JS_ARRAY};
	size_t room = 0;
	for (size_t i = from; i < x->query_count; i++)
		if (strcmp(x->query[i].name, name) == 0)
			room += 1 + comma_count(x->query[i].value);
	list.items = arena_array(&x->arena, room, sizeof *list.items);
	for (size_t i = from; list.items != NULL && i < x->query_count; i++)
		if (strcmp(x->query[i].name, name) == 0)
			append_items(x, field, x->query[i].value, &list);
	return list;
}

static bool seen_before(const struct exchange *x, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (strcmp(x->query[i].name, x->query[at].name) == 0)
			return true;
	return false;
}

static void add_member(struct exchange *x, const struct field_table *table, size_t at, struct json *object,
					   struct faults *faults)
{
	const struct route_param *param = &x->query[at];
	const struct field *field = field_find(table, param->name);
	bool many = field != NULL && field->many;
	if (seen_before(x, at)) {
		if (!many)
			faults_add(faults, field_pointer(&x->arena, "", param->name), "conflict", "The parameter is there twice.");
		return;
	}
	struct json value = many ? list_of(x, field, at) : typed(x, field, param->value, strlen(param->value));
	object->members[object->count++] =
		(struct json_member){.name = param->name, .name_size = strlen(param->name), .value = value};
}

bool exchange_decode_query_checked(struct exchange *x, void *into, void (*check)(void *self, struct faults *faults),
								   void *self)
{
	const struct field_table *table = x->match.route->query;
	struct json object = {.kind = JS_OBJECT};
	struct faults faults;
	faults_init(&faults, &x->arena);
	object.members = arena_array(&x->arena, x->query_count + 1, sizeof *object.members);
	for (size_t i = 0; object.members != NULL && i < x->query_count; i++)
		add_member(x, table, i, &object, &faults);
	field_decode(table, &object, into, &x->arena, "", &faults);
	struct fault **seam = faults.end;
	check(self, &faults);
	drop_told(&faults, seam);
	return answer_faults(x, &faults);
}

static void check_nothing(void *self, struct faults *faults)
{
	(void)self, (void)faults;
}

bool exchange_decode_query(struct exchange *x, void *into)
{
	return exchange_decode_query_checked(x, into, check_nothing, NULL);
}
