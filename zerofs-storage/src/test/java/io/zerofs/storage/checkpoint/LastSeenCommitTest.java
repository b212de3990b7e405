// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.seal.Salt;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LastSeenCommitTest {
    @Test
    void commitAfterAnInterruptIsRemembered(@TempDir Path directory) throws Exception {
        Salt salt = Salt.random(new Random(1));
        try (LastSeenCommit last = new LastSeenCommit(directory.resolve("last"))) {
            last.write(new CommitId(1, 1), salt);
            Thread.currentThread().interrupt();
            last.write(new CommitId(1, 2), salt);
            Thread.interrupted();
            last.write(new CommitId(1, 3), salt);
            assertEquals(Optional.of(new LastSeenCommit.Seen(new CommitId(1, 3), salt)), last.read());
        }
    }
}
