#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/write.h"
#include "seal/calc.h"
#include "seal/op.h"
#include "seal/seals.h"
#include "sign/domain/design.h"
#include "sign/quote_body.h"
#include "sign/sign_internal.h"
#include "sign/site_resolve.h"

/*
 * The instant quote: a price range from sealed designs and the packs.  The figure depends most on the ground, which
 * nobody has looked at: so one end is designed for good ground (IBC class 3), the other for clay (class 5), and both
 * seals are told, the cheaper one first.  Nothing else is stored [sign.md 5].
 */

enum { SOIL_GOOD = 3, SOIL_POOR = 5, VALID_DAYS = 30, ENDS = 2 };

static const double review_area_ft2 = 200, review_height_ft = 50;

struct quote_request {
	struct quote_sign sign;
	const char *address;
};

static const struct field request_fields[] = {
	F_NUM(quote_request, sign.height_ft, NAMED("height_ft"), REQUIRED, RANGE(1, 500), UNIT("ft"),
		  DOC("Top of the sign above grade")),
	F_NUM(quote_request, sign.sign_height_ft, NAMED("sign_height_ft"), REQUIRED, RANGE(.1, 500), UNIT("ft")),
	F_NUM(quote_request, sign.sign_width_ft, NAMED("sign_width_ft"), REQUIRED, RANGE(.1, 2000), UNIT("ft")),
	F_ENUM(quote_request, sign.kind, quote_kinds, NAMED("kind"), DEFAULT(0), DOC("How it stands")),
	F_NUM(quote_request, sign.wind_speed_mph, NAMED("wind_speed_mph"), RANGE(60, 300), UNIT("mph")),
	F_STR(quote_request, address, LENGTH(1, 300),
		  DOC("In place of the wind speed: packs and cache are asked, and the geocoder")),
};
static const struct field_table request_table = FIELD_TABLE("quote.request", quote_request, request_fields);

struct quote_basis {
	const char *soil, *seal_sha256, *pole, *foundation;
	double construction_usd, engineering_usd;
};

static const struct field basis_fields[] = {
	F_STR(quote_basis, soil),
	F_STR(quote_basis, seal_sha256, DOC("The design behind this end")),
	F_STR(quote_basis, pole, NULLABLE),
	F_STR(quote_basis, foundation, NULLABLE),
	F_NUM(quote_basis, construction_usd, NULLABLE, UNIT("USD"), DOC("By pack `costs`")),
	F_NUM(quote_basis, engineering_usd, UNIT("USD"), DOC("By pack `pricing`")),
};
static const struct field_table basis_table = FIELD_TABLE("quote.basis", quote_basis, basis_fields);

struct quote_result {
	double low_usd, high_usd;
	struct {
		size_t count;
		struct quote_basis *items;
	} basis;
	struct {
		size_t count;
		const char **items;
	} assumptions;
	bool engineering_review;
	const char *valid_until;
};

static const struct field result_fields[] = {
	F_NUM(quote_result, low_usd, NULLABLE, UNIT("USD"), DOC("null: nothing was feasible")),
	F_NUM(quote_result, high_usd, NULLABLE, UNIT("USD")),
	F_OBJECTS(quote_result, basis, &basis_table, DOC("The low end, the high end")),
	F_STRS(quote_result, assumptions),
	F_BOOL(quote_result, engineering_review, DOC("Above 200 ft2 or 50 ft an engineer looks at it first")),
	F_STR(quote_result, valid_until, FORMAT("date")),
};
static const struct field_table result_table = FIELD_TABLE("quote.result", quote_result, result_fields);

struct quote {
	struct write write; /* first */
	struct sign_api *api;
	struct quote_request request;
	struct site_resolving site; /* of the address */
	const char *wind;           /* where the wind speed is from */
	struct op_answer designs[ENDS];
	const char *account_id, *user_id;
	int64_t now_us;
};

/* A design's faults are faults of the quote: most members have the same names, those of its layout follow from the
 * sign's width. */
static const char *member_of(const char *pointer)
{
	static const char *const of_width[] = {"/spacing_ft", "/width_ft", "/x_offset_ft"};
	const char *last = strrchr(pointer, '/');
	for (size_t i = 0; last != NULL && i < sizeof of_width / sizeof *of_width; i++)
		if (strcmp(last, of_width[i]) == 0)
			return "/sign_width_ft";
	return last != NULL ? last : pointer;
}

static void fail_design(struct exchange *x, const struct faults *faults)
{
	struct faults moved;
	const char *before = "";
	faults_init(&moved, &x->arena);
	for (const struct fault *fault = faults->first; fault != NULL; fault = fault->next) {
		const char *member = member_of(fault->pointer);
		if (strcmp(member, before) != 0)
			faults_add(&moved, member, fault->code, "%s", fault->message);
		before = member;
	}
	exchange_fail_faults(x, ERR_INVALID, &moved);
}

static bool design(struct quote *quote, int soil, struct op_answer *answer)
{
	const struct sign_api_options *options = &quote->api->options;
	struct exchange *x = quote->write.x;
	const struct op_context context = {.packs = options->packs,
									   .envelope = {.version = options->version, .git_sha = options->git_sha}};
	const struct json *body = quote_body(&quote->request.sign, soil, &x->arena);
	struct faults faults;
	struct err err = {.kind = ERR_INTERNAL};
	if (body != NULL && op_run(&sign_design_op, &context, body, &x->arena, answer, &faults, &err))
		return true;
	if (body != NULL && faults.count > 0)
		fail_design(x, &faults);
	else
		exchange_fail(x, &err);
	return false;
}

static void refuse_wind(struct exchange *x, const char *message)
{
	struct faults faults;
	faults_init(&faults, &x->arena);
	faults_add(&faults, "/wind_speed_mph", "required", "%s", message);
	exchange_fail_faults(x, ERR_INVALID, &faults);
}

/* --- the seals --- */

static void fail(struct write *write, const struct err *err)
{
	if (isnan(((const struct quote *)write)->request.sign.wind_speed_mph) && err->kind == ERR_INVALID)
		refuse_wind(write->x, "is needed: nothing installed here knows the wind at this address");
	else
		exchange_fail(write->x, err);
}

static bool apply(struct write *write, struct db *db, struct err *err)
{
	const struct quote *quote = (const struct quote *)write;
	const struct sign_api_options *options = &quote->api->options;
	if (isnan(quote->request.sign.wind_speed_mph))
		return site_keep(&quote->site, db, err) && write_refuse(write, ERR_INVALID, "the wind is not known");
	for (int i = 0; i < ENDS; i++) {
		const struct op_answer *answer = &quote->designs[i];
		const struct seal seal = {.account_id = quote->account_id,
								  .seal_sha256 = answer->seal_sha256,
								  .content_sha256 = answer->content_sha256,
								  .inputs_sha256 = answer->inputs_sha256,
								  .operation = sign_design_op.name,
								  .inputs = answer->inputs,
								  .result = answer->result,
								  .packs = answer->packs,
								  .code_version = options->version,
								  .git_sha = options->git_sha,
								  .confidence = answer->confidence,
								  .subject_kind = "quote",
								  .created_by = quote->user_id,
								  .created_us = quote->now_us,
								  .request_id = write->x->trace.request_id};
		bool made;
		if (!answer->abstained && !seal_insert(db, &seal, options->packs, &made, err))
			return false;
	}
	return site_keep(&quote->site, db, err);
}

/* --- the answer --- */

static double number(const struct json *json, const char *name)
{
	const struct json *member = json_get(json, name);
	return member != NULL && json_numeric(member) ? json_number(member) : NAN;
}

static const char *foundation_text(const struct json *base, struct arena *arena)
{
	double thickness = number(base, "thickness_ft");
	if (given(thickness))
		return arena_printf(arena, "%.1f x %.1f ft, %.1f ft thick", number(base, "length_ft"), number(base, "width_ft"),
							thickness);
	return arena_printf(arena, "%.1f ft diameter, %.1f ft deep", number(base, "diameter_ft"), number(base, "depth_ft"));
}

static void read_end(struct quote *quote, int i, struct quote_basis *basis)
{
	static const struct json_limits limits = {.depth = 100, .values = 10000000};
	static const char *const soils[ENDS] = {"sandy gravel or gravel (IBC 1806.2 class 3)", "clay or silt (class 5)"};
	struct arena *arena = &quote->write.x->arena;
	const struct op_answer *answer = &quote->designs[i];
	const struct json *result = NULL;
	json_parse(arena, answer->result, strlen(answer->result), &limits, &result, NULL);
	const struct json *selected = json_get(result, "selected"), *base = json_get(selected, "foundation");
	const char *pole = json_text(json_get(selected, "pole"), "designation");
	*basis = (struct quote_basis){
		.soil = soils[i],
		.seal_sha256 = answer->seal_sha256,
		.pole = pole,
		.foundation = pole != NULL ? foundation_text(base, arena) : NULL,
		.construction_usd = number(json_get(selected, "cost_usd"), "total"),
		.engineering_usd = number(json_get(result, "price"), "total_usd"),
	};
}

/* A footing that slides is held better by clay than by gravel: the low end is the cheaper one, whichever ground it has.
 */
static void sort_ends(struct quote_basis basis[ENDS])
{
	if (basis[1].construction_usd < basis[0].construction_usd || isnan(basis[0].construction_usd)) {
		struct quote_basis cheaper = basis[1];
		basis[1] = basis[0];
		basis[0] = cheaper;
	}
}

/* What lowers its confidence, each rule named [P-6.3]. */
static void note_doubts(struct calc *calc, const struct quote_result *result)
{
	for (int i = 0; i < ENDS; i++)
		if (isnan(result->basis.items[i].construction_usd)) {
			calc_rule(calc, RULE_NO_FEASIBLE);
			calc_assume(calc, "no_feasible", "No structure was found for %s: an engineer has to look for one.",
						result->basis.items[i].soil);
		}
	if (!result->engineering_review)
		return;
	calc_rule(calc, RULE_REVIEW_REQUESTED);
	calc_assume(calc, "review_requested",
				"An engineer looks at it first: it is above %.0f ft2 or %.0f ft, or has no structure yet.",
				review_area_ft2, review_height_ft);
}

static void answer(struct write *write)
{
	struct quote *quote = (struct quote *)write;
	const struct quote_sign *q = &quote->request.sign;
	struct arena *arena = &write->x->arena;
	const char *assumptions[] = {
		quote->wind, "Exposure C, risk category II, ASCE 7-16, flat ground; nobody has looked at the site.",
		arena_printf(arena, "It stands on %s.", quote_stands(q->kind)),
		"House figures of pack costs: pole, base, concrete, rebar, drilling; no cabinet, power or permit.",
		"Both ends are rounded to 50 USD, outward."};
	struct quote_basis basis[ENDS];
	char until[STAMP_DATE_TEXT];
	struct calc calc;
	for (int i = 0; i < ENDS; i++)
		read_end(quote, i, &basis[i]);
	sort_ends(basis);
	stamp_format_date(until, quote->now_us + VALID_DAYS * 86400000000LL);
	const struct quote_result result = {
		.low_usd = floor((basis[0].construction_usd + basis[0].engineering_usd) / 50) * 50,
		.high_usd = ceil((basis[1].construction_usd + basis[1].engineering_usd) / 50) * 50,
		.basis = {ENDS, basis},
		.assumptions = {sizeof assumptions / sizeof *assumptions, assumptions},
		.engineering_review = q->sign_height_ft * q->sign_width_ft > review_area_ft2 ||
							  q->height_ft > review_height_ft || isnan(basis[0].construction_usd) ||
							  isnan(basis[1].construction_usd),
		.valid_until = until,
	};
	calc_init(&calc, arena, quote->api->options.packs);
	note_doubts(&calc, &result);
	reply_calculated(write->x, &result_table, &result, &calc, &request_table, &quote->request);
}

/* A public quote is sealed in the installation's own account. */
static bool set_account(struct quote *quote, struct err *err)
{
	const struct principal *principal = quote->write.x->principal;
	const struct sign_api_options *options = &quote->api->options;
	quote->account_id = principal != NULL ? principal->account_id
						: options->main_account != NULL
							? options->main_account(options->main_self, &quote->write.x->arena)
							: NULL;
	if (principal != NULL && principal->kind == PRINCIPAL_PERSON)
		quote->user_id = principal->user_id;
	return (quote->account_id != NULL && quote->account_id[0] != '\0') ||
		   err_set(err, ERR_UNAVAILABLE, "There is no account yet that could keep a quote's seal.");
}

/* The wind of an address, as sign.site knows it: never a guess, NaN where it knows none.  False: answered. */
static bool resolve_wind(struct quote *quote)
{
	struct exchange *x = quote->write.x;
	struct faults faults;
	struct err err = {.kind = ERR_INTERNAL};
	const struct json *site = NULL;
	quote->site = (struct site_resolving){.x = x, .api = quote->api, .account_id = quote->account_id};
	field_defaults(&site_request_table, &quote->site.request);
	quote->site.request.address = quote->request.address;
	if (!site_resolve(&quote->site, &faults, &err)) {
		exchange_fail(x, &err);
		return false;
	}
	if (!quote->site.answer.abstained)
		json_parse(&x->arena, quote->site.answer.result, strlen(quote->site.answer.result), &json_body_limits, &site,
				   NULL);
	quote->request.sign.wind_speed_mph = number(site, "wind_speed_mph");
	if (!given(quote->request.sign.wind_speed_mph))
		return true;
	quote->wind = arena_printf(&x->arena, "Wind speed %.0f mph, for %s, by %s.", quote->request.sign.wind_speed_mph,
							   json_text(site, "address_resolved"), json_text(site, "wind_source"));
	return quote->wind != NULL;
}

static bool find_wind(struct quote *quote)
{
	quote->wind = "Wind speed as given.";
	return given(quote->request.sign.wind_speed_mph) || resolve_wind(quote);
}

static void check(void *self, struct faults *faults)
{
	const struct quote_request *r = self;
	if (!given(r->sign.wind_speed_mph) && r->address == NULL)
		faults_add(faults, "/wind_speed_mph", "required", "is needed, or an address");
	if (r->sign.sign_height_ft > r->sign.height_ft)
		faults_add(faults, "/sign_height_ft", "greater_than_height", "must not be above height_ft");
}

static void handle_quote(struct exchange *x)
{
	struct quote *quote = arena_new(&x->arena, struct quote);
	struct err err;
	if (quote == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*quote = (struct quote){.api = x->owner};
	quote->write =
		(struct write){.x = x, .store = quote->api->options.store, .apply = apply, .answer = answer, .fail = fail};
	quote->now_us = env_wall_us(quote->api->options.env);
	if (!exchange_decode_checked(x, &quote->request, check, &quote->request))
		return;
	if (!set_account(quote, &err)) {
		exchange_fail(x, &err);
		return;
	}
	if (!find_wind(quote))
		return;
	if (isnan(quote->request.sign.wind_speed_mph)) /* that nobody knows is worth remembering, too */
		write_submit(&quote->write);
	else if (design(quote, SOIL_GOOD, &quote->designs[0]) && design(quote, SOIL_POOR, &quote->designs[1]))
		write_submit(&quote->write);
}

#define QUOTE_ROUTE(permission_) \
	ROUTE(POST, "/api/v1/quote", permission_, EFFECT_COMPUTE, handle_quote, .slash = true, \
		  .aliases = ALIASES({"/quote", .slash = true}), .operation = "quote", \
		  .summary = "A price range for a sign, from two sealed designs", .body = &request_table, \
		  .result = &result_table, .rate_class = "auth", .body_max = 16384, \
		  .example = "{\"height_ft\":25,\"sign_height_ft\":8,\"sign_width_ft\":10,\"wind_speed_mph\":115}")

const struct route quote_routes[] = {QUOTE_ROUTE("calculation.run")};
const struct route quote_public_routes[] = {QUOTE_ROUTE(PUBLIC)};
