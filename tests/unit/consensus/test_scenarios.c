/* Plays tests/scenarios/hotstuff and hotstuff3. */
#include "tests/unit/consensus/scenario_hotstuff.h"

#include "tests/unit/consensus/scenario_folder.h"

Test(scenarios, hotstuff)
{
    play_all(&scenario_hotstuff, "hotstuff", 10);
}

Test(scenarios, hotstuff3)
{
    play_all(&scenario_hotstuff, "hotstuff3", 8);
}
