/*
 * Mails as messages, and as files: where no server for mail is configured, each mail is one file in DATA/mail (RFC
 * 5322, 0600), for the person who tries things out and for tests.  Thread: any.
 */
#ifndef CS_APP_MAIL_H
#define CS_APP_MAIL_H

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct err;

struct mail {
	const char *to, *subject, *text; /* UTF-8; control bytes in `to` and `subject` become spaces */
};

/* Append it as a message of RFC 5322; `from` NULL: without a sender; `id` makes its Message-ID. */
void mail_message(struct buf *out, const struct mail *mail, const char *from, const char *id, int64_t now_us);

/* Write one as DATA/mail/ID.eml, whole or not at all; the same id again writes the same file.  ERR_IO. */
bool mail_write(const char *data, int64_t now_us, const char *id, const struct mail *mail, struct err *err);

#endif
