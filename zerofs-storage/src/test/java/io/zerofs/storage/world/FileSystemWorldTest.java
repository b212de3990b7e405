// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import io.zerofs.core.world.Worlds;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Crashes and takeovers at any moment leave a tree of one moment, with all that was acknowledged. */
final class FileSystemWorldTest {
    @Test
    void aCrashOrATakeoverLeavesATreeOfOneMoment() throws Exception {
        Worlds.run(4, FileSystemWorld::simulate);
    }

    @Test
    @Tag("slow")
    void manyWorlds() throws Exception {
        Worlds.run(1000, FileSystemWorld::simulate);
    }

    @Test
    void aSeedIsOneWorld() throws Exception {
        Worlds.runTwice(2, FileSystemWorld::simulate);
    }
}
