#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/err.h"
#include "link/outgoing.h"

static bool ask(struct outgoing *outgoing, const char *url, bool *refused, struct err *err)
{
	const struct outgoing_request request = {.method = "GET", .url = url, .timeout_ms = 200, .limit = 1000};
	struct outgoing_answer answer;
	outgoing_answer_init(&answer);
	bool asked = outgoing_ask(outgoing, &request, &answer, err);
	*refused = answer.refused;
	outgoing_answer_fini(&answer);
	return asked;
}

/*
 * REF: RFC 6890 (special-purpose addresses), RFC 6598 (shared), RFC 1112 (multicast)
 * REF: RFC 4291 (mapped, compatible, loopback, link-local, multicast), RFC 4193 (unique local), RFC 6052, RFC 3056
 * REF: RFC 8215 (a network's own translation to IPv4); RFC 2928 (Teredo and other tunnels); RFC 3849; RFC 6666
 */
static void special_addresses_are_refused(void **state) /* [P-10.5] */
{
	(void)state;
	static const char *const urls[] = {
		"http://127.0.0.1:9/",    "http://127.8.9.10:9/",   "http://0.0.0.0:9/",        "http://10.0.0.1:9/",
		"http://100.64.0.1:9/",   "http://100.127.255.1/",  "http://169.254.169.254/",  "http://172.16.0.1/",
		"http://172.31.255.255/", "http://192.168.1.1/",    "http://192.0.2.7/",        "http://198.18.0.1/",
		"http://224.0.0.1/",      "http://255.255.255.255", "http://[::1]:9/",          "http://[::]:9/",
		"http://[fe80::1]/",      "http://[fc00::1]/",      "http://[fdff::1]/",        "http://[ff02::1]/",
		"http://2130706433:9/",   "http://0x7f.1:9/",       "http://[::ffff:10.0.0.1]", "http://[64:ff9b::7f00:1]/",
		"http://[64:ff9b:1::a00:1]/", "http://[2001::1]/",      "http://[2001:1ff::1]/",     "http://[2001:db8::1]/",
		"http://[100::1]/",          "http://192.88.99.1/",
		"http://[2002:a00:1::]/", "http://localhost:9/",    "https://127.0.0.1:9/",     "http://[::ffff:127.0.0.1]:9/",
	};
	struct outgoing outgoing = {.maps_count = 0};
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct err err = {.kind = ERR_NONE};
		bool refused;
		assert_false(ask(&outgoing, urls[i], &refused, &err));
		if (!refused || err.kind != ERR_FORBIDDEN)
			fail_msg("%s was not refused: %s", urls[i], err.message);
	}
}

static void what_is_allowed_or_mapped_is_tried(void **state)
{
	(void)state;
	struct outgoing outgoing = {.allowed = {"127.0.0.1"}, .allowed_count = 1};
	char map[] = "example.test=127.0.0.1:9";
	struct err err;
	bool refused;
	assert_true(outgoing_map(&outgoing, map, &err));
	assert_false(ask(&outgoing, "http://127.0.0.1:9/", &refused, &err)); /* nobody listens there */
	assert_false(refused);
	assert_int_equal(err.kind, ERR_UNAVAILABLE);
	assert_false(ask(&outgoing, "https://EXAMPLE.test/a?b=c", &refused, &err));
	assert_false(refused);
	assert_int_equal(err.kind, ERR_UNAVAILABLE);
	assert_false(ask(&outgoing, "http://127.0.0.2:9/", &refused, &err));
	assert_true(refused);
}

static void other_schemes_are_none(void **state)
{
	(void)state;
	static const char *const urls[] = {"file:///etc/passwd", "gopher://127.0.0.1/", "nonsense://", "http://"};
	struct outgoing outgoing = {.allowed = {"*"}, .allowed_count = 1};
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct err err = {.kind = ERR_NONE};
		bool refused;
		assert_false(ask(&outgoing, urls[i], &refused, &err));
		assert_int_equal(err.kind, ERR_INVALID);
	}
}

static void maps_have_a_form(void **state)
{
	(void)state;
	struct outgoing outgoing = {.maps_count = 0};
	static const char *const wrong[] = {"", "host", "=1.2.3.4:5", "host=1.2.3.4"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char text[32];
		struct err err;
		strcpy(text, wrong[i]);
		assert_false(outgoing_map(&outgoing, text, &err));
		assert_int_equal(err.kind, ERR_INVALID);
	}
	assert_int_equal(outgoing.maps_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(special_addresses_are_refused),
		cmocka_unit_test(what_is_allowed_or_mapped_is_tried),
		cmocka_unit_test(other_schemes_are_none),
		cmocka_unit_test(maps_have_a_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
