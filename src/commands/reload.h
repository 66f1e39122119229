/*
 * SIGHUP: a long run reads its configuration, packs and secrets again.
 *
 * A thread of its own listens, and makes the next world beside the one that runs, which
 * reads on meanwhile. When anything is wrong with it, reload.refused says everything that
 * is, and nothing has changed. When all is well the waits of the run are interrupted, so
 * that its crew comes home, its batches whole, and the run goes on with the next world.
 * What cannot change without a restart: the state file, metrics, and what the process was
 * started with (options, environment, program).
 */
#ifndef COMMANDS_RELOAD_H
#define COMMANDS_RELOAD_H

#include "commands/world.h"

struct reload;

/* SIGHUP ends the process no longer; what comes before reload_begin is kept for it. */
void reload_catch(void);

/*
 * Listens while world runs. is_deaf: the run ends by itself soon, SIGHUP is told of and
 * ignored. All is borrowed. NULL when there could be no thread: SIGHUP does nothing then.
 */
struct reload *reload_begin(const struct world_plan *plan, const struct world *world,
                            bool is_deaf);
/*
 * Ends the listening; the crew of world has come home. Returns the next world, opened, or
 * NULL. Waits may be interrupted afterwards: runtime_resume. Accepts NULL.
 */
struct world *reload_end(struct reload *reload);

/* Says what is different in next: reload.done. */
void reload_tell(const struct program *program, const struct world *before,
                 const struct world *next);

#endif
