#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "seal/harness.h"
#include "trade/domain/signature.h"
#include "trade/trade.h"

static struct harness *harness;

/* REF: RFC 4231 section 4.2; RFC 4231 section 4.3; RFC 4231 section 4.4 */
static void raw_vectors(void **state)
{
	(void)state;
	static const char *const rows[][3] = {
		{"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
		 "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
		 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
		 "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd",
		 "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(harness_call(harness, &trade_sign_op,
								 "{\"scheme\":\"raw\",\"key_hex\":\"%s\",\"message_hex\":\"%s\"}", rows[i][0],
								 rows[i][1]));
		assert_string_equal(harness_text(harness, "/result/signature_hex"), rows[i][2]);
	}
}

#define KEY "test-secret-key-0123456789"
#define PRODUCER_BODY \
	"{\\\"confidence\\\":0.85,\\\"entry_price\\\":1950.5,\\\"instrument\\\":\\\"GOLD\\\",\\\"payload\\\":{}," \
	"\\\"reason\\\":\\\"rsi\\\",\\\"side\\\":\\\"buy\\\",\\\"stop_loss\\\":1940.0,\\\"take_profit\\\":1980.0," \
	"\\\"timestamp\\\":\\\"2025-01-01T00:00:00Z\\\",\\\"version\\\":\\\"1.0\\\"}"

/* trade.md 15 */
static void published_requests(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &trade_sign_op,
							 "{\"scheme\":\"producer\",\"secret\":\"" KEY "\",\"method\":\"POST\","
							 "\"path\":\"/api/v1/signals/ingest\",\"timestamp\":\"2025-01-01T00:00:00.000000Z\","
							 "\"producer_id\":\"strategy-1\",\"body\":\"" PRODUCER_BODY "\"}"));
	assert_non_null(strstr(harness_text(harness, "/result/canonical"),
						   "\nBODY_SHA256:B4SdwQV4cOlK4KdsyX0LaGkd0Y95nu7iqiVxmr9Jq3w="));
	assert_string_equal(harness_text(harness, "/result/signature"), "ZRATg59kWhYufjgL83LWmHMwRcR+MLkHa+RKUvXVByo=");
	assert_null(strstr(harness_answer(harness), KEY)); /* not in the trace either */
	assert_true(harness_call(harness, &trade_sign_op,
							 "{\"scheme\":\"device\",\"secret\":\"" KEY "\",\"method\":\"GET\",\"path\":"
							 "\"/api/v1/client/poll\",\"device_id\":\"11111111-1111-4111-8111-111111111111\","
							 "\"nonce\":\"nonce-0001\",\"timestamp\":\"2025-01-01T00:00:00Z\",\"body\":\"\"}"));
	assert_string_equal(harness_text(harness, "/result/signature"), "Y0iQg5Vjxn/FqDqDXTuClz9/wPXcwWhoVLm6ZUoia1Y=");
	assert_true(harness_call(
		harness, &trade_sign_op,
		"{\"scheme\":\"device\",\"secret\":\"" KEY
		"\",\"method\":\"POST\",\"path\":\"/api/v1/client/ack\",\"device_id\":"
		"\"11111111-1111-4111-8111-111111111111\",\"nonce\":\"nonce-0002\",\"timestamp\":\"2025-01-01T00:00:01Z\","
		"\"body\":"
		"\"{\\\"approval_id\\\":\\\"22222222-2222-4222-8222-222222222222\\\",\\\"status\\\":\\\"placed\\\","
		"\\\"broker_ticket\\\":\\\"123456789\\\",\\\"error\\\":null}\"}"));
	assert_string_equal(harness_text(harness, "/result/signature"), "lT5kfj49VO8WQKvUWXQBNk4xDSvXjfveZbgIEE+DgIw=");
}

/* REF: Standard Webhooks 1.0.0, "Signature scheme": the specification's example */
static void standard_webhooks(void **state)
{
	(void)state;
	static const char body[] = "{\\\"test\\\": 2432232314}", plain[] = "{\"test\": 2432232314}";
	static const char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
	assert_true(harness_call(harness, &trade_sign_op,
							 "{\"scheme\":\"standard_webhook\",\"secret\":\"%s\",\"webhook_id\":"
							 "\"msg_p5jXN8AQM9LWM0D4loKWxJek\",\"timestamp\":\"1614265330\",\"body\":\"%s\"}",
							 secret, body));
	assert_string_equal(harness_text(harness, "/result/signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	struct arena arena;
	unsigned char key[64];
	size_t size;
	arena_init(&arena, 1 << 16);
	assert_true(signature_webhook_key(secret, key, sizeof key, &size));
	const struct canonical canonical =
		signature_webhook(&arena, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", plain, strlen(plain));
#define RIGHT "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
	assert_true(signature_list_holds(key, size, canonical, RIGHT));
	assert_true(signature_list_holds(key, size, canonical, "v2,abc v1,xx " RIGHT " v1a,zz"));
	assert_false(signature_list_holds(key, size, canonical, "v2,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
	assert_false(signature_list_holds(key, size, canonical, ""));
	assert_false(signature_webhook_key("whsec_", key, sizeof key, &size));
	assert_false(signature_webhook_key("MfKQ9r8G", key, sizeof key, &size));
	arena_fini(&arena);
}

static void only_one_text_is_a_signature(void **state)
{
	(void)state;
	char right[SIGNATURE_TEXT], wrong[SIGNATURE_TEXT + 2];
	const struct canonical canonical = {"canonical", 9};
	signature_make("key", 3, canonical, right);
	assert_true(signature_holds("key", 3, canonical, right));
	assert_false(signature_holds("kez", 3, canonical, right));
	for (size_t i = 0; i < strlen(right); i++) {
		memcpy(wrong, right, sizeof right);
		wrong[i] = wrong[i] == 'A' ? 'B' : 'A';
		assert_false(signature_holds("key", 3, canonical, wrong));
	}
	snprintf(wrong, sizeof wrong, "%s ", right);
	assert_false(signature_holds("key", 3, canonical, wrong));
	wrong[43] = '\0'; /* without padding */
	assert_false(signature_holds("key", 3, canonical, wrong));
	assert_false(signature_holds("key", 3, canonical, ""));
}

static void timestamps_are_strict(void **state)
{
	(void)state;
	long long us;
	assert_true(signature_timestamp("2025-01-01T00:00:00Z", &us) && us == 1735689600000000);
	assert_true(signature_timestamp("2025-01-01T02:00:00.25+02:00", &us) && us == 1735689600250000);
	static const char *const wrong[] = {
		"2025-01-01t00:00:00Z",         "2025-01-01T00:00:00z",
		"2025-01-01 00:00:00Z",         "2025-01-01T00:00:00",
		"2025-01-01T00:00:00.1234567Z", "2025-01-01T00:00Z",
		"2025-13-01T00:00:00Z",         "1735689600",
		"2025-01-01T00:00:00Z ",        "",
		"2025-01-01T00:00:00.Z",
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_false(signature_timestamp(wrong[i], &us));
}

static void every_fault_is_named(void **state)
{
	(void)state;
	assert_false(harness_call(harness, &trade_sign_op, "{\"scheme\":\"producer\",\"nonce\":\"x\"}"));
	assert_true(harness_refused(harness, "/secret", "required") && harness_refused(harness, "/path", "required"));
	assert_true(harness_refused(harness, "/nonce", "conflict"));
	assert_false(
		harness_call(harness, &trade_sign_op, "{\"scheme\":\"raw\",\"key_hex\":\"abc\",\"message_hex\":\"zz\"}"));
	assert_true(harness_refused(harness, "/key_hex", "format") && harness_refused(harness, "/message_hex", "format"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw_vectors),           cmocka_unit_test(published_requests),
		cmocka_unit_test(standard_webhooks),     cmocka_unit_test(only_one_text_is_a_signature),
		cmocka_unit_test(timestamps_are_strict), cmocka_unit_test(every_fault_is_named),
	};
	harness = harness_new(trade_pack_kinds, trade_pack_kinds_count);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
