#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/json.h"
#include "core/must.h"
#include "http/claims.h"
#include "http/exchange.h"
#include "http/service.h"

static const struct service service = {0};

/* What becomes of a body with these unknown members: "kept", or each fault as "pointer code;". */
static const char *taken(struct exchange *x, const char *body, const char *const *unknown)
{
	const struct json *json;
	struct faults faults;
	must(json_parse(&x->arena, body, strlen(body), &json_body_limits, &json, NULL));
	faults_init(&faults, &x->arena);
	for (; *unknown != NULL; unknown++)
		faults_add(&faults, *unknown, "unknown_field", "is not a member of this object");
	claims_take(x, json, &faults);
	const char *told = x->claims != NULL && faults.count == 0 ? "kept" : "";
	for (const struct fault *fault = faults.first; fault != NULL; fault = fault->next)
		told = arena_printf(&x->arena, "%s%s %s;", told, fault->pointer, fault->code);
	return told;
}

static bool holds(struct exchange *x, int status, const char *answer)
{
	struct faults refused;
	x->answer.status = status;
	buf_reset(&x->answer.body);
	buf_adds(&x->answer.body, answer);
	return claims_hold(x, &refused);
}

/* [P-5.3] */
static void test_kept_or_told(void **state)
{
	(void)state;
	struct exchange *x = exchange_new(&service);
	assert_string_equal(taken(x, "{\"version\":1,\"colour\":1}", (const char *[]){"/version", "/colour", NULL}),
						"/version read_only;/colour unknown_field;");
	assert_null(x->claims);
	assert_string_equal(taken(x, "{\"item\":{\"version\":1}}", (const char *[]){"/item/version", NULL}),
						"/item/version unknown_field;");
	assert_string_equal(taken(x, "{}", (const char *[]){NULL}), "");
	assert_string_equal(taken(x, "{\"version\":1}", (const char *[]){"/version", NULL}), "kept");
	exchange_free(x);
}

static void test_equal_or_refused(void **state)
{
	(void)state;
	struct exchange *x = exchange_new(&service);
	assert_string_equal(taken(x, "{\"status\":\"open\",\"roles\":[\"a\",\"b\"],\"author\":\"u\"}",
							  (const char *[]){"/status", "/roles", "/author", NULL}),
						"kept");
	assert_true(holds(x, 201, "{\"result\":{\"roles\":[\"a\",\"b\"],\"status\":\"open\",\"created_by\":\"u\"}}"));
	assert_false(holds(x, 201, "{\"result\":{\"roles\":[\"a\"],\"status\":\"open\",\"created_by\":\"u\"}}"));
	assert_false(holds(x, 201, "{\"result\":{\"roles\":[\"a\",\"b\"],\"status\":\"open\",\"created_by\":\"v\"}}"));
	assert_false(holds(x, 201, "{\"result\":{\"roles\":[\"a\",\"b\"],\"created_by\":\"u\"}}"));
	assert_false(holds(x, 204, ""));
	assert_false(holds(x, 200, "no JSON"));
	assert_false(holds(x, 404, "{\"result\":{\"roles\":[\"a\",\"b\"],\"status\":\"open\",\"created_by\":\"u\"}}"));
	exchange_free(x);
}

static void test_version_before(void **state)
{
	(void)state;
	struct exchange *x = exchange_new(&service);
	assert_string_equal(taken(x, "{\"version\":3}", (const char *[]){"/version", NULL}), "kept");
	x->head.method = METHOD_PATCH;
	assert_true(holds(x, 200, "{\"result\":{\"version\":3}}"));
	assert_true(holds(x, 200, "{\"result\":{\"version\":4}}"));
	assert_false(holds(x, 200, "{\"result\":{\"version\":5}}"));
	x->head.method = METHOD_POST;
	assert_false(holds(x, 200, "{\"result\":{\"version\":4}}"));
	exchange_free(x);
}

/* A result that does not name its account is of the caller's, where it is new. */
static void test_own_account(void **state)
{
	(void)state;
	struct exchange *x = exchange_new(&service);
	assert_string_equal(taken(x, "{\"account_id\":\"one\"}", (const char *[]){"/account_id", NULL}), "kept");
	assert_false(holds(x, 201, "{\"result\":{}}"));
	x->account_id = "one";
	assert_true(holds(x, 201, "{\"result\":{}}"));
	assert_false(holds(x, 201, "{\"result\":{\"account_id\":\"two\"}}"));
	x->match.param_count = 1;
	assert_false(holds(x, 201, "{\"result\":{}}"));
	x->account_id = "two";
	assert_false(holds(x, 201, "{\"result\":{}}"));
	exchange_free(x);
}

/* The order of P-5.2: 422 goes before 404, 412 and 428, and before 409 where there is a thing to be in conflict. */
static void test_asked(void **state)
{
	(void)state;
	struct exchange *x = exchange_new(&service);
	static const int asked[] = {200, 201, 202, 204, 404, 412, 428},
					 not_asked[] = {304, 400, 401, 403, 409, 422, 500, 503};
	for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
		assert_true(claims_asked(x, asked[i]));
	for (size_t i = 0; i < sizeof not_asked / sizeof *not_asked; i++)
		assert_false(claims_asked(x, not_asked[i]));
	x->match.param_count = 1;
	assert_true(claims_asked(x, 409));
	exchange_free(x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kept_or_told),   cmocka_unit_test(test_equal_or_refused),
		cmocka_unit_test(test_version_before), cmocka_unit_test(test_own_account),
		cmocka_unit_test(test_asked),
	};
	return cmocka_run_group_tests_name("claims", tests, NULL, NULL);
}
