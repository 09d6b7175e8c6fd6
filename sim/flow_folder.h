/* The folder that a simulated store lies in: plain files, copied from a template for each trial.  Failures abort. */
#ifndef CS_SIM_FLOW_FOLDER_H
#define CS_SIM_FLOW_FOLDER_H

enum { SIM_FOLDER = 96 };

void sim_folder_new(char folder[SIM_FOLDER]); /* in memory where there is a place for it */
void sim_folder_free(const char *folder);     /* with its files */
void sim_copy(const char *from, const char *to);
void sim_clear(const char *folder); /* unlink its files */

#endif
