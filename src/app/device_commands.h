/* `device …`: register terminals at the running server, sign as one, and play one [platform.md 2, trade.md 1, 4.4]. */
#ifndef CS_APP_DEVICE_COMMANDS_H
#define CS_APP_DEVICE_COMMANDS_H

#include "app/cli.h"

int command_device_add(const struct cli *cli);
int command_device_list(const struct cli *cli);
int command_device_revoke(const struct cli *cli);
int command_device_sign(const struct cli *cli);
int command_device_simulate(const struct cli *cli);

/* Their options, for the table of commands. */
extern const struct cli_option device_add_options[], device_sign_options[], device_simulate_options[];

#endif
