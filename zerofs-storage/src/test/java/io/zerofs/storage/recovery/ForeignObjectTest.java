// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Objects of other programs under the next names of a volume: nothing ends, and all work continues once they are
 * removed.
 */
class ForeignObjectTest {
    @AutoClose
    private final LifecycleFixture fixture = new LifecycleFixture();

    private Process process;

    @BeforeEach
    void open() throws Exception {
        process = fixture.process().open().write(0, "a").barrier();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 80, 5000})
    void aRunningDaemonWaitsUntilAForeignObjectIsRemovedFromItsNextName(int bytes) throws Exception {
        String next = new CommitId(1, 2).objectName();
        fixture.replace(next, new byte[bytes]);
        CountDownLatch attempts = new CountDownLatch(3);
        countPuts(next, attempts);

        CompletableFuture<Void> barrier = process.write(1, "b").volume.barrier();
        assertTrue(attempts.await(30, TimeUnit.SECONDS));
        assertFalse(barrier.isDone());
        assertFalse(process.stopped.isDone());

        fixture.bucket.delete(List.of(next));
        barrier.get(30, TimeUnit.SECONDS);
        process.kill();
        assertEquals(List.of("a", "b"), fixture.process().open().readAll(2));
    }

    /** Counts down before each of the next puts of an object. */
    private void countPuts(String name, CountDownLatch puts) {
        process.hooks.beforeFirst("put " + name, () -> {
            puts.countDown();
            countPuts(name, puts);
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 80, 5000})
    void anOpenNamesAForeignCommitAndSucceedsOnceItIsRemoved(int bytes) throws Exception {
        process.kill();
        String next = new CommitId(1, 2).objectName();
        fixture.replace(next, new byte[bytes]);

        OpenException e =
                assertThrows(OpenException.class, () -> fixture.process().open());

        assertEquals(OpenException.Kind.DAMAGED_OBJECT, e.kind());
        assertTrue(e.getMessage().contains(next) && e.getMessage().contains("delete it"), e.getMessage());
        fixture.bucket.delete(List.of(next));
        assertEquals("a", fixture.process().open().read(0));
    }

    @Test
    void aForeignManifestOnlyHoldsBackCheckpoints() throws Exception {
        String next = Manifest.objectName(process.keeper.chain().head().version() + 1);
        fixture.replace(next, new byte[4]);

        CorruptObjectException e = assertThrows(CorruptObjectException.class, process::checkpoint);
        process.keeper.request();
        process.write(1, "b").barrier();

        assertTrue(e.getMessage().contains(next) && e.getMessage().contains("delete it"), e.getMessage());
        assertFalse(process.stopped.isDone());
        fixture.bucket.delete(List.of(next));
        process.checkpoint();
        process.kill();
        assertEquals(List.of("a", "b"), fixture.process().open().readAll(2));
    }
}
