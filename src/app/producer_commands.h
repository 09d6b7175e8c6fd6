/* `producer …`: register strategy engines at the running server, and sign and send as one [platform.md 2]. */
#ifndef CS_APP_PRODUCER_COMMANDS_H
#define CS_APP_PRODUCER_COMMANDS_H

#include "app/cli.h"

int command_producer_add(const struct cli *cli);
int command_producer_list(const struct cli *cli);
int command_producer_rotate(const struct cli *cli);
int command_producer_revoke(const struct cli *cli);
int command_producer_sign(const struct cli *cli);
int command_producer_send(const struct cli *cli);

/* Their options, for the table of commands. */
extern const struct cli_option producer_add_options[], producer_rotate_options[], producer_sign_options[],
	producer_send_options[];

#endif
