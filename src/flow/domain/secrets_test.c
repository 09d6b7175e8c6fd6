#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/json.h"
#include "flow/domain/datum.h"
#include "flow/domain/secrets.h"
#include "flow/domain/trouble.h"

static struct datum *json(const char *text)
{
	struct datum *datum = datum_parse(text, strlen(text), NULL);
	assert_non_null(datum);
	return datum;
}

/* What `value` sees of {a, b, c}, of which a, c and gone are listed; "" nothing, or the title of the trouble. */
static void sees(const char *value, const char *wanted)
{
	struct datum *listed = json("[\"a\",\"c\",\"gone\"]"), *all = json("{\"a\":1,\"b\":2,\"c\":{\"d\":3}}");
	struct datum *v = json(value), *seen;
	struct trouble trouble;
	if (!secrets_of(datum_tree(listed), datum_tree(v), all, &seen, &trouble)) {
		assert_int_equal(trouble.kind, TROUBLE_AUTHORIZATION);
		assert_string_equal(trouble.title, wanted);
	} else {
		assert_string_equal(seen == NULL ? "" : datum_bytes(seen, NULL), wanted);
		datum_unref(seen);
	}
	datum_unref(v);
	datum_unref(all);
	datum_unref(listed);
}

#define LISTED "{\"a\":1,\"c\":{\"d\":3}}"

static void those_that_are_listed_are_seen(void **state)
{
	(void)state;
	sees("\"${ .a }\"", "");
	sees("\"$secrets.a\"", LISTED);
	sees("{\"x\":[\"${ $secrets[\\\"c\\\"].d }\"]}", LISTED);
	sees("\"${ $ secrets . a }\"", LISTED);
	sees("\"${ $secrets | keys }\"", LISTED); /* which one is not written out */
	sees("\"${ $secrets[.k] }\"", LISTED);
}

static void others_are_refused(void **state)
{
	(void)state;
	sees("\"$secrets.b\"", "Secret not allowed");
	sees("\"${ [$secrets.a, $secrets[\\\"b\\\"]] }\"", "Secret not allowed");
	sees("{\"x\":{\"y\":[\"${ $secrets.\\\"b\\\" }\"]}}", "Secret not allowed");
	sees("\"$secrets.gone\"", "No such secret");
}

static void without_any_nothing_is_there(void **state)
{
	(void)state;
	struct datum *v = json("\"$secrets.a\""), *plain = json("\"$secrets | keys\""), *seen;
	struct trouble trouble;
	assert_false(secrets_of(NULL, datum_tree(v), NULL, &seen, &trouble));
	assert_true(secrets_of(NULL, datum_tree(plain), NULL, &seen, &trouble));
	assert_string_equal(datum_bytes(seen, NULL), "{}");
	datum_unref(seen);
	datum_unref(v);
	datum_unref(plain);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(those_that_are_listed_are_seen),
		cmocka_unit_test(others_are_refused),
		cmocka_unit_test(without_any_nothing_is_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
