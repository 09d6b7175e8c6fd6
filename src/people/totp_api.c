#include <ctype.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/field.h"
#include "http/exchange.h"
#include "people/act.h"
#include "people/people_internal.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/totp.h"
#include "people/users.h"

/* /api/v1/auth/totp: turn the second factor on and off [P-4.7]. */

struct totp_request {
	const char *password, *code;
};

static const struct field enroll_fields[] = {
	F_STR(totp_request, password, REQUIRED, LENGTH(1, 1024), SECRET),
};
static const struct field_table enroll_table = FIELD_TABLE("auth.totp_enroll", totp_request, enroll_fields);

static const struct field confirm_fields[] = {
	F_STR(totp_request, code, REQUIRED, LENGTH(1, 64), SECRET, DOC("The first code of the authenticator")),
};
static const struct field_table confirm_table = FIELD_TABLE("auth.totp_confirm", totp_request, confirm_fields);

static const struct field remove_fields[] = {
	F_STR(totp_request, password, REQUIRED, LENGTH(1, 1024), SECRET),
	F_STR(totp_request, code, REQUIRED, LENGTH(1, 64), SECRET, DOC("Six digits, or a recovery code")),
};
static const struct field_table remove_table = FIELD_TABLE("auth.totp_remove", totp_request, remove_fields);

struct enrolment {
	const char *otpauth_uri, *secret;
};
static const struct field enrolment_fields[] = {
	F_STR(enrolment, otpauth_uri, SECRET, DOC("For the QR code that authenticators read")),
	F_STR(enrolment, secret, SECRET, DOC("The same seed in base32, to type in")),
};
static const struct field_table enrolment_table = FIELD_TABLE("auth.totp_enrolment", enrolment, enrolment_fields);

struct recovery {
	struct {
		size_t count;
		const char **items;
	} recovery_codes;
};
static const struct field recovery_fields[] = {
	F_STRS(recovery, recovery_codes, SECRET, DOC("Each works once instead of a code; they are not shown again")),
};
static const struct field_table recovery_table = FIELD_TABLE("auth.recovery", recovery, recovery_fields);

struct totp_act {
	struct act act;
	struct totp_request request;
	struct user user;
	bool right;
	unsigned char seed[TOTP_SEED], sealed[TOTP_SEED + AEAD_OVERHEAD];
	char codes[TOTP_RECOVERY_CODES][TOTP_RECOVERY_TEXT];
};

static bool audit(const struct totp_act *totp, struct db *db, enum audit_action action, struct err *err)
{
	struct audit_event event = principal_event(totp->act.x, action, AUDIT_SUCCESS);
	event.target_id = totp->user.user_id;
	return act_audit(&totp->act, db, &event, err);
}

static bool read_self(struct act *act, struct db *db, struct user *user, struct err *err)
{
	bool found = false;
	if (!user_by_id(db, principal_of(act->x)->user_id, &act->x->arena, user, &found, err))
		return false;
	return found || err_set(err, ERR_PERSON_REQUIRED, "Only a person at a session may do this.");
}

static bool read_now(struct totp_act *totp)
{
	struct err err;
	struct store *store = totp->act.people->options.store;
	struct db *db = store_read(store);
	bool read = read_self(&totp->act, db, &totp->user, &err);
	store_read_end(store, db);
	if (!read)
		act_fail(&totp->act, &err);
	return read;
}

static void refuse_password(struct act *act)
{
	struct err err;
	err_set(&err, ERR_CREDENTIALS_INVALID, "The password is not right.");
	act_fail(act, &err);
}

static bool password_right(const struct totp_act *totp)
{
	const char *password = totp->request.password;
	return totp->user.password_hash != NULL && password_verify(totp->user.password_hash, password, strlen(password));
}

/* --- enrol --- */

static bool apply_enroll(struct act *act, struct db *db, struct err *err)
{
	struct totp_act *totp = (struct totp_act *)act;
	if (!read_self(act, db, &totp->user, err))
		return false;
	if (totp->user.totp_enabled)
		return write_refuse(&act->write, ERR_CONFLICT, "The second factor is on; turn it off first.");
	return db_run(db, err, "UPDATE users SET totp_secret = $2, totp_last_step = NULL WHERE user_id = $1",
				  V_TEXT(totp->user.user_id), V_BLOB(totp->sealed, sizeof totp->sealed)) &&
		   audit(totp, db, AUDIT_TOTP_ENROLL, err);
}

/* Letters and digits stand, everything else is written %XX (RFC 3986). */
static void add_uri_part(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (isalnum((unsigned char)*text) || strchr("-._~", *text) != NULL)
			buf_addc(out, *text);
		else
			buf_addf(out, "%%%02X", (unsigned char)*text);
}

static void answer_enroll(struct act *act)
{
	struct totp_act *totp = (struct totp_act *)act;
	char secret[TOTP_SEED * 8 / 5 + 2];
	struct buf uri;
	totp_base32(secret, totp->seed, sizeof totp->seed);
	wipe(totp->seed, sizeof totp->seed); /* before the answer, after which nothing here is ours any more */
	buf_init(&uri, 0);
	buf_adds(&uri, "otpauth://totp/Countersign:");
	add_uri_part(&uri, totp->user.email != NULL ? totp->user.email : totp->user.user_id);
	buf_addf(&uri, "?secret=%s&issuer=Countersign&algorithm=SHA1&digits=6&period=30", secret);
	const struct enrolment enrolment = {.otpauth_uri = buf_text(&uri), .secret = secret};
	reply_fact(act->x, 200, &enrolment_table, &enrolment);
	buf_fini(&uri);
}

static void enroll(struct act *act)
{
	struct totp_act *totp = (struct totp_act *)act;
	if (!password_right(totp)) {
		refuse_password(act);
		return;
	}
	env_random(act->people->options.env, totp->seed, sizeof totp->seed);
	totp_seal(act->people, totp->user.user_id, totp->seed, totp->sealed);
	act_write(act, apply_enroll, answer_enroll);
}

static void handle_enroll(struct exchange *x)
{
	struct totp_act *totp = act_start(x, sizeof *totp);
	if (totp != NULL && principal_needs_session(x) && exchange_decode(x, &totp->request) && read_now(totp))
		act_hash(&totp->act, enroll);
}

/* --- confirm --- */

static bool store_codes(struct totp_act *totp, struct db *db, struct err *err)
{
	if (!db_run(db, err, "DELETE FROM recovery_codes WHERE user_id = $1", V_TEXT(totp->user.user_id)))
		return false;
	for (int i = 0; i < TOTP_RECOVERY_CODES; i++) {
		char hash[SHA256_HEX_SIZE];
		secret_hash(totp->codes[i], hash);
		if (!db_run(db, err, "INSERT INTO recovery_codes (user_id, code_hash) VALUES ($1, $2)",
					V_TEXT(totp->user.user_id), V_TEXT(hash)))
			return false;
	}
	return true;
}

static bool tell_by_mail(struct totp_act *totp, struct db *db, const char *what, struct err *err)
{
	const struct act_mail mail = {totp->user.account_id, totp->user.email, what};
	return act_mail(&totp->act, db, &mail, err,
					"%s for your account. If it was not you, change your password and end your sessions.\n", what);
}

static bool apply_confirm(struct act *act, struct db *db, struct err *err)
{
	struct totp_act *totp = (struct totp_act *)act;
	unsigned char seed[TOTP_SEED];
	if (!read_self(act, db, &totp->user, err))
		return false;
	if (totp->user.totp_enabled)
		return write_refuse(&act->write, ERR_CONFLICT, "The second factor is on already.");
	if (!totp_open(act->people, &totp->user, seed))
		return write_refuse(&act->write, ERR_CONFLICT, "Nothing waits to be confirmed; enrol first.");
	int64_t step = totp_step_of(seed, sizeof seed, totp->request.code, act->now_us, totp->user.totp_last_step);
	wipe(seed, sizeof seed);
	if (step == 0)
		return write_refuse(&act->write, ERR_MFA_INVALID, "The code is not right; is the clock of the device?");
	return db_run(
			   db, err,
			   "UPDATE users SET totp_enabled_at = $2, totp_last_step = $3, version = version + 1 WHERE user_id = $1",
			   V_TEXT(totp->user.user_id), V_INT(act->now_us), V_INT(step)) &&
		   store_codes(totp, db, err) && audit(totp, db, AUDIT_TOTP_ENABLE, err) &&
		   tell_by_mail(totp, db, "The second factor was turned on", err);
}

static void answer_confirm(struct act *act)
{
	struct totp_act *totp = (struct totp_act *)act;
	struct recovery recovery = {.recovery_codes.count = TOTP_RECOVERY_CODES};
	const char *items[TOTP_RECOVERY_CODES];
	for (int i = 0; i < TOTP_RECOVERY_CODES; i++)
		items[i] = totp->codes[i];
	recovery.recovery_codes.items = items;
	reply_fact(act->x, 200, &recovery_table, &recovery);
}

static void handle_confirm(struct exchange *x)
{
	struct totp_act *totp = act_start(x, sizeof *totp);
	if (totp == NULL || !principal_needs_session(x) || !exchange_decode(x, &totp->request))
		return;
	for (int i = 0; i < TOTP_RECOVERY_CODES; i++) {
		unsigned char bytes[16];
		env_random(totp->act.people->options.env, bytes, sizeof bytes);
		totp_base32(totp->codes[i], bytes, sizeof bytes);
	}
	act_write(&totp->act, apply_confirm, answer_confirm);
}

/* --- remove --- */

static bool apply_remove(struct act *act, struct db *db, struct err *err)
{
	struct totp_act *totp = (struct totp_act *)act;
	bool right = false;
	if (!read_self(act, db, &totp->user, err))
		return false;
	if (!totp->user.totp_enabled)
		return write_refuse(&act->write, ERR_CONFLICT, "The second factor is off already.");
	if (!totp_accept(act->people, db, &totp->user, totp->request.code, act->now_us, &right, err))
		return false;
	if (!right)
		return write_refuse(&act->write, ERR_MFA_INVALID, "The code is not right, or was used before.");
	return db_run(
			   db, err,
			   "UPDATE users SET totp_secret = NULL, totp_last_step = NULL, totp_enabled_at = NULL, version = version "
			   "+ 1 WHERE user_id = $1",
			   V_TEXT(totp->user.user_id)) &&
		   db_run(db, err, "DELETE FROM recovery_codes WHERE user_id = $1", V_TEXT(totp->user.user_id)) &&
		   audit(totp, db, AUDIT_TOTP_DISABLE, err) && tell_by_mail(totp, db, "The second factor was turned off", err);
}

static void check_remove(struct act *act)
{
	if (password_right((const struct totp_act *)act))
		act_write(act, apply_remove, NULL);
	else
		refuse_password(act);
}

static void handle_remove(struct exchange *x)
{
	struct totp_act *totp = act_start(x, sizeof *totp);
	if (totp != NULL && principal_needs_session(x) && exchange_decode(x, &totp->request) && read_now(totp))
		act_hash(&totp->act, check_remove);
}

static const enum err_kind totp_errors[] = {ERR_CREDENTIALS_INVALID, ERR_MFA_INVALID,     ERR_CONFLICT,
											ERR_OVERLOADED,          ERR_PERSON_REQUIRED, ERR_NONE};

const struct route totp_routes[] = {
	ROUTE(POST, "/api/v1/auth/totp/enroll", "self.manage", EFFECT_WRITE, handle_enroll, .operation = "auth.totp_enroll",
		  .summary = "Begin to use a second factor", .body = &enroll_table, .result = &enrolment_table,
		  .errors = totp_errors, .rate_class = "auth", .example = "{\"password\":\"correct horse battery staple\"}"),
	ROUTE(POST, "/api/v1/auth/totp/confirm", "self.manage", EFFECT_WRITE, handle_confirm,
		  .operation = "auth.totp_confirm", .summary = "Turn the second factor on with its first code",
		  .body = &confirm_table, .result = &recovery_table, .errors = totp_errors, .rate_class = "auth",
		  .example = "{\"code\":\"123456\"}"),
	ROUTE(DELETE, "/api/v1/auth/totp", "self.manage", EFFECT_WRITE, handle_remove, .operation = "auth.totp_remove",
		  .summary = "Turn the second factor off", .body = &remove_table, .status = 204, .errors = totp_errors,
		  .rate_class = "auth", .example = "{\"password\":\"correct horse battery staple\",\"code\":\"123456\"}"),
};
const size_t totp_routes_count = sizeof totp_routes / sizeof *totp_routes;
