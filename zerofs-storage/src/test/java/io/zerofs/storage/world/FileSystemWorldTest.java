// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.random.Seeds;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Crashes and takeovers at any moment leave a tree of one moment, with all that was acknowledged. */
final class FileSystemWorldTest {
    @Test
    void aCrashOrATakeoverLeavesATreeOfOneMoment() throws Exception {
        Seeds.run(4, FileSystemWorld::simulate);
    }

    @Test
    @Tag("slow")
    void manyWorlds() throws Exception {
        Seeds.run(1000, FileSystemWorld::simulate);
    }

    @Test
    void aSeedIsOneWorld() throws Exception {
        Seeds.run(
                2,
                seed -> assertEquals(
                        FileSystemWorld.simulate(seed),
                        FileSystemWorld.simulate(seed),
                        "the digest of the second world"));
    }
}
