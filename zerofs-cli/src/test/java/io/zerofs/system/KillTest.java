// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import io.zerofs.core.random.Seeds;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * A daemon is killed again and again under the load of clients of all protocols, or while it opens the volume, which
 * grows. Each start must have left what {@link io.zerofs.core.model.SharedHistory} allows. KILLS is the number of kills
 * under load; the seed has the load, but not the time.
 */
@Tag("system")
class KillTest {
    private static final int CALLS_MAX = 2_000;
    private static final int GROWTH_BLOCKS = 4;

    @RegisterExtension
    final Scratch scratch = new Scratch();

    @Test
    void everythingAcknowledgedSurvivesAndTheRestIsABeginning() throws Exception {
        int kills = Scratch.count("KILLS", 3);
        Seeds.run(seed -> {
            System.out.println("seed " + seed);
            SplittableRandom random = new SplittableRandom(seed);
            SharedDaemon daemon = new SharedDaemon(scratch, "d");
            daemon.start();
            List<Object> states = SharedLoad.prepare(daemon.ports());
            int openings = 0;
            long calls = 0;
            for (int kill = 1; kill <= kills; kill++) {
                states = SharedLoad.grown(states, GROWTH_BLOCKS);
                SharedLoad load =
                        SharedLoad.start(daemon.ports(), states, random.nextLong(), random.nextInt(1, CALLS_MAX));
                load.awaitGoal();
                daemon.kill();
                calls += load.calls();
                while (random.nextInt(4) == 0) {
                    openings += daemon.isKilledWhileOpening(Duration.ofMillis(random.nextInt(3_000))) ? 1 : 0;
                }
                daemon.start();
                List<Object> found = SharedLoad.find(daemon.ports(), states.size());
                load.judge(found);
                states = found;
                System.out.println(kill + " kills under load, " + openings + " while opening, " + calls + " calls, "
                        + states.size() + " objects");
            }
            daemon.stop();
        });
    }
}
