/*
 * One mail to a server of mail: SMTP with or without TLS, by libcurl.  RFC 5321.
 *
 * Not here: queues, tries and what becomes of a mail that nobody takes.  Thread: any, one call each; waits for at most
 * MAIL_TIMEOUT_MS.
 */
#ifndef CS_LINK_MAIL_H
#define CS_LINK_MAIL_H

#include <stdbool.h>
#include <stddef.h>

struct err;

enum { MAIL_TIMEOUT_MS = 30000, MAIL_CONNECT_MS = 5000 }; /* [P-10.4] */

struct mail_server {
	const char *url;      /* smtp://HOST:PORT or smtps://…, a user before an @ */
	const char *password; /* of that user; NULL: none */
	const char *from;     /* address of the sender */
	/*
	 * With smtp:, STARTTLS is spoken where it is offered; `tls` refuses a server that does not offer it.  A password is
	 * never sent without TLS but to this machine.
	 */
	bool tls;
};

/* Is it a URL of a server of mail?  With a password in it?  On this machine, by its name (NULL is not)? */
bool mail_url_valid(const char *url);
bool mail_url_tells(const char *url);
bool mail_is_here(const char *url);

/* May it stand between angle brackets: one @ with something on both sides, no blank, control or bracket. */
bool mail_address_valid(const char *address);

/*
 * Send a message of RFC 5322 with CRLF line ends.  False: ERR_INVALID: it will never be taken (an address that is none,
 * or the server said so for good); ERR_UNAVAILABLE, ERR_DEADLINE: another try may do.
 */
bool mail_send(const struct mail_server *server, const char *to, const char *message, size_t size, struct err *err);

/* Does the server answer to NOOP?  ERR_UNAVAILABLE, ERR_DEADLINE. */
bool mail_ping(const struct mail_server *server, struct err *err);

#endif
