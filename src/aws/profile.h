/*
 * The credentials of a profile: its plan (profile_plan.h), carried out.
 *
 * Errors: those of identity.h.
 */
#ifndef AWS_PROFILE_H
#define AWS_PROFILE_H

#include "aws/origin.h"
#include "aws/profile_plan.h"

/*
 * Loads what wanted is planned to be; session_name and place come from origin. When the
 * plan is PROFILE_NOTHING, credentials stay empty. The caller clears them, also on
 * failure.
 */
bool profile_load(const struct origin *origin, const struct profile_wanted *wanted,
                  const struct runtime *runtime, struct credentials *credentials,
                  struct error *err);

#endif
