// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.zerofs.storage.commit.CommitDraft;
import io.zerofs.storage.commit.CommitFixture;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.CommitSealer;
import io.zerofs.storage.commit.FrameContent;
import io.zerofs.storage.commit.FrameTable;
import io.zerofs.storage.concurrent.ParallelSteps;
import io.zerofs.storage.engine.EngineFixture;
import io.zerofs.storage.seal.Compression;
import io.zerofs.storage.seal.Salt;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommitApplierTest {
    @TempDir
    Path directory;

    @Test
    void eachFrameOfACommitIsFoundHoweverManyThereAre() throws Exception {
        CommitSealer sealer = new CommitSealer(CommitFixture.keys(), Compression.LZ4, ParallelSteps.NONE);
        SplittableRandom random = new SplittableRandom(1);
        try (RocksIndex index = RocksIndex.open(directory, EngineFixture.NATIVE, EngineFixture.TUNING)) {
            CommitApplier applier = new CommitApplier(index);
            for (int count = 0; count < 3 * CommitApplier.SLOTS_PER_RECORD; count++) {
                FrameContent content = new FrameContent.Full(ByteBuffer.wrap(new byte[] {1, 2, 3}));
                FrameTable frames = sealer.seal(new CommitDraft(
                                new CommitId(1, count + 1),
                                Salt.random(random),
                                new CommitDraft.Log(0, Salt.NONE, List.of(), List.of()),
                                Collections.nCopies(count, content)))
                        .frames();
                applier.applyDurable(frames, List.of());
                assertNotNull(CommitApplier.frameTable(index, count + 1, 0), "the commit exists");
                for (int slot = 0; slot < count; slot++) {
                    FrameTable table = CommitApplier.frameTable(index, count + 1, slot);
                    assertEquals(frames.frame(slot).offset(), table.frame(slot).offset());
                }
            }
        }
    }
}
