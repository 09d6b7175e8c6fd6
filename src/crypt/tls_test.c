#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/err.h"
#include "core/scratch.h"
#include "crypt/tls.h"

struct files {
	char folder[SCRATCH_PATH], certificate[300], key[300];
};

/* A certificate for localhost, signed by itself, of so many days. */
static void write_pair(const struct files *files, int days)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *certificate = X509_new();
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), days);
	X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
	X509_gmtime_adj(X509_getm_notAfter(certificate), (long)days * 86400);
	X509_set_pubkey(certificate, key);
	X509_NAME *name = X509_get_subject_name(certificate);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"localhost", -1, -1, 0);
	X509_set_issuer_name(certificate, name);
	assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
	FILE *file = fopen(files->certificate, "w");
	assert_int_equal(PEM_write_X509(file, certificate), 1);
	fclose(file);
	file = fopen(files->key, "w");
	assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
	fclose(file);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

static int set_up(void **state)
{
	static struct files files;
	assert_true(scratch_make(files.folder, "tls", NULL));
	snprintf(files.certificate, sizeof files.certificate, "%s/cert.pem", files.folder);
	snprintf(files.key, sizeof files.key, "%s/key.pem", files.folder);
	write_pair(&files, 30);
	*state = &files;
	return 0;
}

static int tear_down(void **state)
{
	const struct files *files = *state;
	unlink(files->certificate);
	unlink(files->key);
	return rmdir(files->folder);
}

/* Shake hands through memory with a client of at most this version; the serial of the certificate it saw, -1: refused.
 */
static long shake(struct tls *tls, int version, const char *suites)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_security_level(context, 0);
	SSL_CTX_set_max_proto_version(context, version);
	SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
	assert_int_equal(SSL_CTX_set_cipher_list(context, suites), 1);
	SSL *client = SSL_new(context), *server = tls_session(tls);
	BIO *here, *there;
	assert_int_equal(BIO_new_bio_pair(&here, 0, &there, 0), 1);
	SSL_set_bio(client, here, here);
	SSL_set_bio(server, there, there);
	SSL_set_connect_state(client);
	SSL_set_accept_state(server);
	for (int i = 0; i < 10 && !(SSL_is_init_finished(client) && SSL_is_init_finished(server)); i++) {
		SSL_do_handshake(client);
		SSL_do_handshake(server);
	}
	long serial = -1;
	if (SSL_is_init_finished(server)) {
		X509 *seen = SSL_get1_peer_certificate(client);
		serial = ASN1_INTEGER_get(X509_get_serialNumber(seen));
		X509_free(seen);
		tls_end(server);
		char byte;
		assert_true(SSL_read(client, &byte, 1) <= 0);
		assert_int_equal(SSL_get_shutdown(client) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
	}
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(context);
	return serial;
}

/* [P-8.13] 1.2 and 1.3, modern suites, nothing older */
static void test_versions(void **state)
{
	const struct files *files = *state;
	struct tls *tls;
	struct err err;
	assert_true(tls_open(files->certificate, files->key, &tls, &err));
	assert_int_equal(shake(tls, TLS1_3_VERSION, "DEFAULT"), 30);
	assert_int_equal(shake(tls, TLS1_2_VERSION, "DEFAULT"), 30);
	assert_int_equal(shake(tls, TLS1_1_VERSION, "DEFAULT:@SECLEVEL=0"), -1);
	assert_int_equal(shake(tls, TLS1_VERSION, "DEFAULT:@SECLEVEL=0"), -1);
	assert_int_equal(shake(tls, TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA"), -1);
	assert_in_range(tls_left_s(tls), 29 * 86400, 30 * 86400);
	tls_close(tls);
}

/* New files are taken; bad ones leave the old certificate in place. */
static void test_reload(void **state)
{
	const struct files *files = *state;
	struct tls *tls;
	struct err err;
	assert_true(tls_open(files->certificate, files->key, &tls, &err));
	write_pair(files, 60);
	assert_int_equal(shake(tls, TLS1_3_VERSION, "DEFAULT"), 30);
	assert_true(tls_reload(tls, &err));
	assert_int_equal(shake(tls, TLS1_3_VERSION, "DEFAULT"), 60);
	assert_int_equal(truncate(files->certificate, 100), 0);
	assert_false(tls_reload(tls, &err));
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(shake(tls, TLS1_3_VERSION, "DEFAULT"), 60);
	tls_close(tls);
}

static void test_bad_files(void **state)
{
	const struct files *files = *state;
	struct files other = *files;
	struct tls *tls;
	struct err err;
	assert_false(tls_open("/nonexistent", files->key, &tls, &err));
	assert_non_null(strstr(err.message, "/nonexistent"));
	assert_false(tls_open(files->certificate, files->certificate, &tls, &err));
	snprintf(other.key, sizeof other.key, "%s/other.pem", files->folder);
	write_pair(&other, 30); /* the certificate is now the other key's */
	assert_false(tls_open(files->certificate, files->key, &tls, &err));
	assert_int_equal(err.kind, ERR_INVALID);
	assert_int_equal(unlink(other.key), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(versions), TEST(reload), TEST(bad_files)};
	return cmocka_run_group_tests_name("tls", tests, NULL, NULL);
}
