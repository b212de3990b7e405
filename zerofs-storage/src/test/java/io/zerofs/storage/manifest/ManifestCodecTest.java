// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.manifest;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.storage.commit.CommitFixture;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.seal.Salt;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.junit.jupiter.api.Test;

public class ManifestCodecTest {
    private final ObjectKeys keys = CommitFixture.keys();

    @Test
    void sealedManifestsAreReadBack() throws Exception {
        Manifest example = example();

        assertEquals(example, ManifestCodec.open(keys, 7, ManifestCodec.seal(keys, example)));
    }

    @Test
    void sealingAgainMakesTheSameBytes() {
        assertArrayEquals(
                ManifestCodec.seal(keys, example()).array(),
                ManifestCodec.seal(keys, example()).array());
    }

    @Test
    void namesAreReadBackAndOthersAreNot() {
        assertEquals("manifests/000000000000001f", Manifest.objectName(31));
        assertEquals(31, Manifest.versionOf("manifests/000000000000001f"));
        for (String other : List.of("manifests/", "manifests/000000000000001F", "manifests/0000000000000000", "x")) {
            assertEquals(-1, Manifest.versionOf(other));
        }
    }

    /** Something of everything. */
    public static Manifest example() {
        SplittableRandom random = new SplittableRandom(7);
        byte[] digest = new byte[TableReference.DIGEST_BYTES];
        random.nextBytes(digest);
        TableReference table = new TableReference(12, 3, 4096, digest);
        CheckpointState checkpoint = new CheckpointState(
                41, 42, Salt.random(random), "MANIFEST-000011", new byte[] {1, 2, 3}, List.of(table));
        List<WriterTerm> terms = List.of(new WriterTerm(3, 1, 40), WriterTerm.serving(4, 41), WriterTerm.claimed(5));
        return new Manifest(
                7,
                Salt.random(random),
                new Manifest.Writer(5, new UUID(1, 2), "process 1 on host", 1_700_000_000_000L),
                terms,
                checkpoint,
                List.of(new Snapshot("before upgrade", 6, Salt.random(random), 40, 1_700_000_000_000L)),
                List.of(
                        new PendingDeletion.Commits(3, 1, 9),
                        new PendingDeletion.Manifests(1, 5),
                        new PendingDeletion.Table(new TableReference(11, 2, 77, digest))));
    }
}
