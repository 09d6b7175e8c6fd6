#include "crypt/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/must.h"

enum { S_PER_DAY = 86400 };

/* For 1.2: forward secrecy and authenticated encryption only.  All suites of 1.3 have both. */
static const char suites[] = "ECDHE+AESGCM:ECDHE+CHACHA20";

struct tls {
	char *certificate, *key;
	pthread_mutex_t lock;
	SSL_CTX *context;
};

static const char *reason(void)
{
	const char *text = ERR_reason_error_string(ERR_peek_last_error());
	return text != NULL ? text : "unknown";
}

static SSL_CTX *bare_context(void)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	must(context != NULL && SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1);
	must(SSL_CTX_set_cipher_list(context, suites) == 1);
	SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	return context;
}

static SSL_CTX *read_files(const struct tls *tls, struct err *err)
{
	ERR_clear_error();
	SSL_CTX *context = bare_context();
	bool good = false;
	if (SSL_CTX_use_certificate_chain_file(context, tls->certificate) != 1)
		err_set(err, ERR_INVALID, "%s is no certificate chain in PEM: %s", tls->certificate, reason());
	else if (SSL_CTX_use_PrivateKey_file(context, tls->key, SSL_FILETYPE_PEM) != 1)
		err_set(err, ERR_INVALID, "%s is no key in PEM that fits the certificate: %s", tls->key, reason());
	else
		good = true;
	ERR_clear_error();
	if (good)
		return context;
	SSL_CTX_free(context);
	return NULL;
}

bool tls_reload(struct tls *tls, struct err *err)
{
	SSL_CTX *context = read_files(tls, err);
	if (context == NULL)
		return false;
	pthread_mutex_lock(&tls->lock);
	SSL_CTX *old = tls->context;
	tls->context = context;
	pthread_mutex_unlock(&tls->lock);
	SSL_CTX_free(old); /* sessions hold a reference of their own */
	return true;
}

bool tls_open(const char *certificate, const char *key, struct tls **tls, struct err *err)
{
	struct tls *made = calloc(1, sizeof *made);
	must(made != NULL && pthread_mutex_init(&made->lock, NULL) == 0);
	made->certificate = strdup(certificate);
	made->key = strdup(key);
	must(made->certificate != NULL && made->key != NULL);
	if (!tls_reload(made, err)) {
		tls_close(made);
		return false;
	}
	*tls = made;
	return true;
}

void tls_close(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_CTX_free(tls->context);
	pthread_mutex_destroy(&tls->lock);
	free(tls->certificate);
	free(tls->key);
	free(tls);
}

int64_t tls_left_s(struct tls *tls)
{
	int days = 0, seconds = 0;
	pthread_mutex_lock(&tls->lock);
	const X509 *certificate = SSL_CTX_get0_certificate(tls->context);
	must(certificate != NULL && ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(certificate)) == 1);
	pthread_mutex_unlock(&tls->lock);
	return (int64_t)days * S_PER_DAY + seconds;
}

struct ssl_st *tls_session(void *self)
{
	struct tls *tls = self;
	pthread_mutex_lock(&tls->lock);
	SSL *session = SSL_new(tls->context);
	pthread_mutex_unlock(&tls->lock);
	return session;
}

void tls_end(struct ssl_st *session)
{
	if (SSL_is_init_finished(session))
		SSL_shutdown(session);
	ERR_clear_error(); /* the queue is the thread's: it would be taken for the next session's */
}
