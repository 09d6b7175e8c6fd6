/* `countersign flow run`: a definition run to its end, without a server [flow.md 12]. */
#ifndef CS_APP_FLOW_RUN_H
#define CS_APP_FLOW_RUN_H

#include "app/cli.h"

extern const struct cli_option flow_run_options[];
int command_flow_run(const struct cli *cli);
int command_flow_validate(const struct cli *cli);

#endif
