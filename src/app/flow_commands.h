/* `flow status|why|journal|cancel|pause|resume|retry|fork|replay ID`, `flow list`: runs of a server [flow.md 12]. */
#ifndef CS_APP_FLOW_COMMANDS_H
#define CS_APP_FLOW_COMMANDS_H

#include "app/cli.h"

int command_flow_status(const struct cli *cli);
int command_flow_why(const struct cli *cli);
int command_flow_journal(const struct cli *cli);
int command_flow_cancel(const struct cli *cli);
int command_flow_pause(const struct cli *cli);
int command_flow_resume(const struct cli *cli);
int command_flow_list(const struct cli *cli);
int command_flow_retry(const struct cli *cli);
int command_flow_fork(const struct cli *cli);
int command_flow_replay(const struct cli *cli);

/* Their options, for the table of commands. */
extern const struct cli_option flow_read_options[], flow_list_options[], flow_order_options[], flow_fork_options[],
	flow_replay_options[];

#endif
