// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.cli.ExitCode;
import io.zerofs.core.random.Seeds;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Two daemons take a volume over from each other, again and again, under the load of clients of all protocols. The older
 * one runs meanwhile, or is stopped until the newer one serves. Or it is stopped for longer than every timeout, and the
 * newer one has a load. TAKEOVERS is their number.
 */
@Tag("system")
class TakeoversTest {
    private static final int CALLS_MAX = 1_000;
    private static final int GROWTH_BLOCKS = 2;

    /** The older daemon during the takeover. */
    private enum Older {
        RUNS,
        STOPS,
        STOPS_LONG
    }

    @RegisterExtension
    final Scratch scratch = new Scratch();

    @Test
    void theOlderDaemonAcknowledgesNothingThatTheNewerOneMisses() throws Exception {
        int takeovers = Scratch.count("TAKEOVERS", 3);
        Seeds.run(seed -> {
            System.out.println("seed " + seed);
            SplittableRandom random = new SplittableRandom(seed);
            SharedDaemon older = new SharedDaemon(scratch, "one");
            SharedDaemon newer = new SharedDaemon(scratch, "two");
            older.start();
            SharedLoad load = load(older, SharedLoad.prepare(older.ports()), random);
            for (int i = 0; i < takeovers; i++) {
                load.awaitGoal();
                Older how = Older.values()[i % Older.values().length];
                if (how != Older.RUNS) {
                    older.freeze();
                }
                newer.start();
                List<Object> found = SharedLoad.find(newer.ports(), load.objects());
                SharedLoad next = load(newer, found, random);
                if (how == Older.STOPS_LONG) {
                    assertFalse(older.process().saysWithin("another", SharedDaemon.EVERY_TIMEOUT), "a stopped process");
                }
                if (how != Older.RUNS) {
                    older.thaw();
                }
                assertEquals(ExitCode.FENCED.status(), older.end());
                assertTrue(older.process().said("another (writer owns the volume|daemon took the volume over)"));
                load.judge(found);
                System.out.println((i + 1) + " takeovers, the older one " + how + ", " + load.calls() + " calls");
                load = next;
                SharedDaemon ended = older;
                older = newer;
                newer = ended;
            }
            load.awaitGoal();
            older.kill();
        });
    }

    private static SharedLoad load(SharedDaemon daemon, List<Object> states, SplittableRandom random) throws Exception {
        return SharedLoad.start(
                daemon.ports(),
                SharedLoad.grown(states, GROWTH_BLOCKS),
                random.nextLong(),
                random.nextInt(1, CALLS_MAX));
    }
}
