/*
 * `check --live`: does what the operator wrote work, here and now? Each source is asked
 * for one page of the last minute with its own identity; each sink is opened and, when
 * sends is true, given one bridge.heartbeat; a provider may add what it
 * found out about rights and about what its log does not show. Nothing is stored and no
 * lease is taken.
 *
 *   source prod-eu   ok      answered in 212 ms; the clocks agree within 1 s
 *   source prod-us   denied  cloudtrail:LookupEvents is not allowed to arn:...; add it
 * ... sink   platform  ok      took a heartbeat in 40 ms
 */
#ifndef COMMANDS_LIVE_H
#define COMMANDS_LIVE_H

#include "commands/command.h"

/* Prints a line for each and returns EXIT_GOOD, or EXIT_FAILED when one does not work. */
int live_check(const struct command_setup *setup, bool sends);

#endif
