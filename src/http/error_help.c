#include "http/error_help.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *code, *help;
} helps[] = {
	{"request_malformed",
	 "The bytes are not strict HTTP/1.1. The detail names what is wrong; mend the client or the proxy "
	 "before the server."},
	{"header_invalid", "A header has a form that is not allowed, or contradicts another. The detail names it."},
	{"target_too_long", "Shorten the path and query, or send what is long in the body."},
	{"json_invalid", "The detail tells the byte at which reading stopped. Keys must not repeat, nothing may follow the "
					 "value, and the text is UTF-8 without a byte order mark."},
	{"cursor_invalid", "A cursor belongs to the list and the filters that gave it. Start again without one."},
	{"idempotency_key_invalid", "Send 1 to 255 visible ASCII characters as Idempotency-Key."},
	{"expression", "The expression could not be evaluated on this input. The detail says where."},
	{"unauthenticated", "Send Authorization: Bearer with an access token or an API key. A token comes from "
						"POST /api/v1/auth/login."},
	{"credentials_invalid", "E-mail address and password do not belong together, or the login is not open. After five "
							"failures the address is locked for a while."},
	{"token_invalid",
	 "The token is damaged, not of this server, used already, or its session has ended. Log in again, or "
	 "ask for a new mail."},
	{"token_expired", "Get a new one by POST /api/v1/auth/refresh, or log in again."},
	{"session_revoked", "The session was ended, by its person or by an operator. Log in again."},
	{"refresh_reused",
	 "A refresh token works once. As it came twice its whole session was ended: somebody may have copied "
	 "it. Log in again."},
	{"mfa_invalid",
	 "Send the six digits that the authenticator shows now, or an unused recovery code. A code works once."},
	{"signature_invalid",
	 "Sign exactly the bytes that are sent, with the current secret. The commands producer sign and device sign "
	 "show the headers."},
	{"device_revoked", "This terminal is let in no more. Register it again."},
	{"nonce_replayed", "Each request needs a nonce of its own."},
	{"timestamp_skew", "The clock of the sender is off. GET /api/v1/time tells the server's."},
	{"budget_exceeded", "Raise the budget, or wait for the next period."},
	{"forbidden",
	 "Your roles do not include this. GET /api/v1/auth/me lists your permissions; an owner of your account "
	 "grants roles."},
	{"account_locked", "Too many failed logins. Wait for Retry-After seconds, reset the password by mail, or ask an "
					   "operator to unlock."},
	{"account_inactive", "The login was closed. An owner of the account or an operator opens it again."},
	{"email_unverified", "Follow the link in the mail, or ask for another by POST /api/v1/auth/email/resend."},
	{"password_change_required", "Set a password of your own by POST /api/v1/auth/password/change."},
	{"registration_closed", "Ask an owner of the account for an invitation."},
	{"person_required", "A countersignature is a person's. Log in; an API key cannot decide this."},
	{"four_eyes", "Who asked for it cannot decide it. Another person with the right has to."},
	{"not_found", "There is no such thing, or it belongs to another account: both are answered alike."},
	{"method_not_allowed", "The header Allow lists the methods of this path."},
	{"not_acceptable", "Name a media type in Accept that this path produces, or leave Accept away."},
	{"request_timeout", "The request came too slowly. Send it whole."},
	{"conflict", "The state has changed meanwhile. Read it again, then decide."},
	{"duplicate", "It is there already. Choose another name or key, or use what is there."},
	{"version_exists", "A version that exists never changes. Give the new definition a new version."},
	{"email_taken", "Somebody has registered with this address. Log in, or reset the password."},
	{"last_admin", "Give the role to another person first."},
	{"transition_refused", "Its state does not allow this. Read it again and see what it may do next."},
	{"seal_mismatch", "What you saw is not what is asked for now. Read the request again and decide on its present "
					  "content."},
	{"already_decided", "You have decided on this request. A decision can be revoked until its effect has happened."},
	{"already_applied", "Its effect has happened and cannot be taken back."},
	{"idempotency_in_flight", "The first request with this key is still running. Ask again after Retry-After."},
	{"task_finished", "It has ended; there is nothing to cancel."},
	{"file_quarantined", "The file is not scanned yet, or something was found in it."},
	{"legal_hold",
	 "Open requests, or a stamp whose records must be kept, hold this person's data. The profile was reduced "
	 "to what is needed."},
	{"effect_sent", "It may have reached the other side. Look there before you try again."},
	{"expired", "Its time is over. Ask for a new one."},
	{"precondition_failed", "Somebody changed it since you read it. Read it again; ETag has the present version."},
	{"body_too_large", "The body is over this path's limit. Send less, or in parts."},
	{"media_type", "Send Content-Type: application/json, or what this path takes, and no Content-Encoding."},
	{"type_mismatch", "The bytes are not of the type that was named. Name the right one; archives are not taken."},
	{"range_not_satisfiable", "Content-Range tells the size; ask for a part within it."},
	{"expectation_failed", "Only Expect: 100-continue is known."},
	{"invalid",
	 "The member errors lists every fault with a JSON Pointer, a code and what is allowed. Mend all of them at once."},
	{"idempotency_mismatch", "This key was used with another body. A new request needs a new key."},
	{"consent_outdated", "Another consent text is in force. Show it to the person and send its version."},
	{"sha256_mismatch", "The bytes that arrived are not those whose SHA-256 was named. Upload again."},
	{"filename_invalid", "Names have at most 255 bytes, no slash, no control character and no leading dot."},
	{"precondition_required", "Send If-Match with the ETag of what you read, so that nobody's change is lost."},
	{"rate_limited", "Wait for Retry-After seconds. RateLimit tells what is left before it comes to this."},
	{"headers_too_large", "Send fewer or shorter headers; a cookie jar is the usual reason."},
	{"internal",
	 "Nothing was done that was not acknowledged. The log has the reason under the request id: tell it to the "
	 "operator."},
	{"not_implemented", "This server does not have it yet."},
	{"overloaded", "Ask again after Retry-After seconds."},
	{"store_full",
	 "The disk of the server has no room; reads go on. Writes work again by themselves when there is room."},
	{"unavailable", "Something that is needed does not answer now. Ask again after Retry-After seconds."},
	{"draining", "The server is stopping. Ask again: another one, or the same one after its start, answers."},
	{"deadline", "It took longer than it may. Ask for less, or again when it is quieter; what was not acknowledged may "
				 "still have happened, so send the same Idempotency-Key."},
	{"http_version", "Speak HTTP/1.1."},
};

static const struct {
	int status;
	const char *help;
} by_status[] = {
	{400, "The request cannot be understood. The detail says why."},
	{401, "Who asks could not be made sure of. Send valid credentials."},
	{403, "It is not allowed to whoever asks."},
	{409, "The present state does not allow it. Read it again, then decide."},
	{413, "It is too large."},
	{422, "The input is well-formed, but not acceptable. The members detail and errors say what would be."},
	{503, "Ask again after Retry-After seconds."},
};

const char *error_help_own(const char *code)
{
	for (size_t i = 0; i < sizeof helps / sizeof *helps; i++)
		if (strcmp(helps[i].code, code) == 0)
			return helps[i].help;
	return NULL;
}

const char *error_help(const char *code, int status)
{
	const char *own = error_help_own(code);
	for (size_t i = 0; own == NULL && i < sizeof by_status / sizeof *by_status; i++)
		if (by_status[i].status == status)
			return by_status[i].help;
	return own != NULL ? own : "The detail of the answer says what was wrong and what would be right.";
}
