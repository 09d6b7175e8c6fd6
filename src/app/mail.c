#include "app/mail.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/codec.h"
#include "core/err.h"

enum { PATH = 4096 };

/* A header's text: nothing in it may end the line. */
static void add_plain(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		buf_addc(out, (unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text);
}

/* What is not ASCII goes as one encoded word.  REF: RFC 2047 section 2 */
static void add_subject(struct buf *out, const char *subject)
{
	char encoded[BASE64_LENGTH(512) + 1];
	bool ascii = true;
	for (const char *at = subject; *at != '\0'; at++)
		ascii = ascii && (unsigned char)*at < 0x80;
	if (ascii || strlen(subject) > 512) {
		add_plain(out, subject);
		return;
	}
	base64_encode(encoded, subject, strlen(subject));
	buf_addf(out, "=?UTF-8?B?%s?=", encoded);
}

void mail_message(struct buf *out, const struct mail *mail, const char *from, const char *id, int64_t now_us)
{
	char date[64];
	struct tm tm;
	time_t now = (time_t)(now_us / 1000000);
	gmtime_r(&now, &tm);
	strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &tm);
	buf_addf(out, "Date: %s\r\nMessage-ID: <%s@countersign>\r\nTo: ", date, id);
	add_plain(out, mail->to);
	if (from != NULL) {
		buf_adds(out, "\r\nFrom: ");
		add_plain(out, from);
	}
	buf_adds(out, "\r\nSubject: ");
	add_subject(out, mail->subject);
	buf_adds(out, "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
				  "Content-Transfer-Encoding: 8bit\r\nAuto-Submitted: auto-generated\r\n\r\n");
	for (const char *at = mail->text; *at != '\0'; at++)
		if (*at == '\n')
			buf_adds(out, "\r\n");
		else
			buf_addc(out, *at);
}

static bool write_file(const char *path, const struct buf *text, struct err *err)
{
	char temporary[PATH + 8];
	snprintf(temporary, sizeof temporary, "%s.part", path);
	unlink(temporary); /* of a try that ended in the middle */
	FILE *file = fopen(temporary, "wbxe");
	bool written =
		file != NULL && fchmod(fileno(file), 0600) == 0 && fwrite(buf_text(text), 1, text->size, file) == text->size;
	if (file != NULL)
		written = fclose(file) == 0 && written;
	return (written && rename(temporary, path) == 0) ||
		   err_set(err, ERR_IO, "cannot write %s: %s", path, strerror(errno));
}

bool mail_write(const char *data, int64_t now_us, const char *id, const struct mail *mail, struct err *err)
{
	char path[PATH];
	struct buf text;
	snprintf(path, sizeof path, "%.3900s/mail", data);
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return err_set(err, ERR_IO, "cannot make %s: %s", path, strerror(errno));
	snprintf(path, sizeof path, "%.3900s/mail/%.100s.eml", data, id);
	buf_init(&text, 0);
	mail_message(&text, mail, NULL, id, now_us);
	bool written = buf_ok(&text) ? write_file(path, &text, err) : err_set(err, ERR_LIMIT, "no memory for a mail");
	buf_fini(&text);
	return written;
}
