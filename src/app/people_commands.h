/*
 * `user …`, `key …` and `keys rotate`: people and keys from the command line, over the control socket.
 */
#ifndef CS_APP_PEOPLE_COMMANDS_H
#define CS_APP_PEOPLE_COMMANDS_H

#include "app/cli.h"

struct ask;
struct json;
struct jw;

extern const struct cli_option user_role_options[];
extern const struct cli_option user_add_options[], user_reason_options[], user_passwd_options[],
	user_sessions_options[], key_create_options[];

int command_user_add(const struct cli *cli);
int command_user_list(const struct cli *cli);
int command_user_show(const struct cli *cli);
int command_user_lock(const struct cli *cli);
int command_user_unlock(const struct cli *cli);
int command_user_suspend(const struct cli *cli);
int command_user_activate(const struct cli *cli);
int command_user_deactivate(const struct cli *cli);
int command_user_role(const struct cli *cli);
int command_user_passwd(const struct cli *cli);
int command_user_sessions(const struct cli *cli);
int command_key_create(const struct cli *cli);
int command_key_list(const struct cli *cli);
int command_key_revoke(const struct cli *cli);
int command_keys_rotate(const struct cli *cli);

/* The person of an e-mail address or id, of any account.  `row` may be NULL.  The exit code. */
int people_find(struct ask *job, const char *who, const char **user_id, const struct json **row);

/* The only active admin there is; several: CLI_INVALID. */
int people_find_admin(struct ask *job, const char **user_id);

/* Names by commas, as elements of the array that is open. */
void people_write_names(struct jw *body, const char *names);

#endif
