/* Plays tests/scenarios/raft. A program of its own: two engines' headers do not go together. */
#include "tests/unit/consensus/scenario_raft.h"

#include "tests/unit/consensus/scenario_folder.h"

Test(scenarios, raft)
{
    play_all(&scenario_raft, "raft", 22);
}
