/*
 * Mail as files: where no server for mail is configured, each mail is one file in DATA/mail (RFC 5322, 0600), for the
 * person who tries things out and for tests.  Thread: any.
 */
#ifndef CS_APP_MAIL_H
#define CS_APP_MAIL_H

#include <stdbool.h>

struct env;
struct err;
struct id_maker;

struct mail {
	const char *to, *subject, *text; /* UTF-8; control bytes in `to` and `subject` become spaces */
};

/* Write one as DATA/mail/ID.eml, whole or not at all.  ERR_IO. */
bool mail_write(const char *data, const struct env *env, struct id_maker *ids, const struct mail *mail,
				struct err *err);

#endif
