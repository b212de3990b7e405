// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.memtable;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.ChunkId;
import org.junit.jupiter.api.Test;

/** The room of durable commits, and commits that the store has before an earlier one. */
final class CommitTableTest {
    private static final int BYTES = MemorySlot.OVERHEAD_BYTES;

    private final CommitTable table = new CommitTable(commit(1), 3 * BYTES);

    private static OpenCommit commit(long seq) {
        OpenCommit commit = new OpenCommit(seq);
        commit.newSlot(new ChunkId(1, seq));
        commit.account(BYTES);
        return commit;
    }

    @Test
    void commitsAfterAMissingOneTakeTheRoomOfDurableOnes() {
        for (long seq = 2; seq <= 8; seq++) {
            table.add(commit(seq));
        }
        table.keep(table.find(1), false);
        table.keep(table.find(2), false);
        assertTrue(table.keepEarly(table.find(4)));
        assertNotNull(table.find(1));
        assertTrue(table.keepEarly(table.find(5)));
        assertNull(table.find(1), "three commits fit");
        assertTrue(table.keepEarly(table.find(6)));
        assertNull(table.find(2));
        assertNotNull(table.find(3), "it is not durable");
        assertFalse(table.keepEarly(table.find(7)));

        table.keep(table.find(3), false);
        assertNull(table.find(3), "there is no room");
        for (long seq = 4; seq <= 6; seq++) {
            table.keep(table.find(seq), true);
        }
        assertNotNull(table.find(4));
        table.keep(table.find(7), false);
        assertNull(table.find(4));
        assertNotNull(table.find(5));
    }
}
