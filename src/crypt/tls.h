/*
 * TLS for the front: versions 1.2 and 1.3, modern suites, certificate and key from PEM files [P-8.13].
 *
 * The files can be read anew while serving: sessions under way keep what they began with.  Idle sessions give their
 * buffers back, so that a connection stays small [P-8.3].
 *
 * Not here: sockets.  http/ gets sessions by two function pointers and knows OpenSSL by its type's name only.
 * Thread: any.
 */
#ifndef CS_CRYPT_TLS_H
#define CS_CRYPT_TLS_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct ssl_st; /* of OpenSSL */
struct tls;

/* Read a certificate chain (the server's first) and its key.  ERR_INVALID says which file is wrong and how. */
bool tls_open(const char *certificate, const char *key, struct tls **tls, struct err *err);
void tls_close(struct tls *tls); /* NULL is fine */

/* Read both files anew.  False: they are not good, and the old ones stay. */
bool tls_reload(struct tls *tls, struct err *err);

/* Seconds until the certificate ends, negative when it has. */
int64_t tls_left_s(struct tls *tls);

/* A session of the server's side, the caller's.  NULL: no memory. */
struct ssl_st *tls_session(void *tls);

/* Tell the peer that nothing more comes (close_notify). */
void tls_end(struct ssl_st *session);

#endif
