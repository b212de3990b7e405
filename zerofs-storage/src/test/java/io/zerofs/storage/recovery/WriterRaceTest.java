// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.WriterTerm;
import io.zerofs.storage.object.Fault;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Two or three writers: one acts at every step of another one. */
class WriterRaceTest {
    /** More than any of the sequences has; each test stops at the end of its own. */
    private static final int REQUESTS_MAX = 100;

    private static final int REQUESTS_MIN = 10;

    @AutoClose
    private final LifecycleFixture fixture = new LifecycleFixture();

    @Test
    void theNewWriterEndsTheOldOne() throws Exception {
        Process old = fixture.process().open();
        old.write(0, "a").barrier();

        Process next = fixture.process().open();

        assertEquals("a", next.read(0));
        assertFenced(old);
        next.write(1, "b").barrier();
        assertEquals(List.of("a", "b"), reopened(2));
    }

    /** Everything that the old writer acknowledges at any moment of the new one's opening is kept. */
    @Test
    void anOldWriterThatWritesAtAnyMomentOfAnOpenLosesNothingAcknowledged() throws Exception {
        for (int k = 1; k < REQUESTS_MAX; k++) {
            try (LifecycleFixture own = new LifecycleFixture()) {
                Process old = own.process().open();
                old.write(0, "before").barrier();
                boolean[] acknowledged = new boolean[4];
                Process next = own.process();
                next.hooks.beforeRequest(k, () -> {
                    for (int i = 1; i < acknowledged.length; i++) {
                        acknowledged[i] = tryWrite(old, i, "at " + i);
                    }
                });
                next.open();
                if (next.hooks.isPending()) {
                    assertTrue(k > REQUESTS_MIN, "only " + k + " requests");
                    return;
                }
                assertEquals("before", next.read(0));
                for (int i = 1; i < acknowledged.length; i++) {
                    if (acknowledged[i]) {
                        assertEquals("at " + i, next.read(i), "request " + k);
                    }
                }
                next.write(9, "next").barrier();
                assertFalse(tryWrite(old, 1, "too late"), "request " + k);
                next.kill();
                Process last = own.process().open();
                assertEquals("next", last.read(9));
                if (acknowledged[1]) {
                    assertEquals("at 1", last.read(1));
                }
            }
        }
        throw new AssertionError("an open makes more requests than expected");
    }

    @Test
    void anOldWriterThatCheckpointsAtAnyMomentOfAnOpenLosesNothing() throws Exception {
        for (int k = 1; k < REQUESTS_MAX; k++) {
            try (LifecycleFixture own = new LifecycleFixture()) {
                Process old = own.process().open();
                old.write(0, "before").barrier();
                Process next = own.process();
                next.hooks.beforeRequest(k, () -> tryCheckpoint(old));
                next.open();
                if (next.hooks.isPending()) {
                    assertTrue(k > REQUESTS_MIN, "only " + k + " requests");
                    return;
                }
                assertEquals("before", next.read(0), "request " + k);
                next.write(1, "next").barrier().checkpoint();
                assertFalse(tryWrite(old, 0, "too late"));
                next.kill();
                assertEquals(List.of("before", "next"), own.process().open().readAll(2), "request " + k);
            }
        }
        throw new AssertionError("an open makes more requests than expected");
    }

    @Test
    void anOpenAtAnyMomentOfACheckpointEndsTheOldWriterAndLosesNothing() throws Exception {
        for (int k = 1; k < REQUESTS_MAX; k++) {
            try (LifecycleFixture own = new LifecycleFixture()) {
                Process old = own.process().open();
                old.write(0, "a").barrier().write(1, "b");
                Process next = own.process();
                old.hooks.beforeRequest(old.hooks.count() + k, next::open);
                boolean published = tryCheckpoint(old);
                if (old.hooks.isPending()) {
                    assertTrue(published && k > 4);
                    return;
                }
                assertEquals("a", next.read(0), "request " + k);
                assertFalse(tryWrite(old, 0, "too late"), "request " + k);
                next.write(2, "c").barrier().checkpoint();
                next.kill();
                Process last = own.process().open();
                assertEquals("a", last.read(0), "request " + k);
                assertEquals("c", last.read(2), "request " + k);
            }
        }
        throw new AssertionError("a checkpoint makes more requests than expected");
    }

    /** One of two concurrent openings serves, and the other cannot write. */
    @Test
    void anOpenAtAnyMomentOfAnotherOpenLeavesOneWriter() throws Exception {
        for (int k = 1; k < REQUESTS_MAX; k++) {
            try (LifecycleFixture own = new LifecycleFixture()) {
                own.process().open().write(0, "a").barrier().kill();
                Process slow = own.process();
                Process fast = own.process();
                slow.hooks.beforeRequest(k, () -> fast.open().write(1, "fast").barrier());
                boolean slowServes = tryOpen(slow);
                if (slow.hooks.isPending()) {
                    assertTrue(k > REQUESTS_MIN, "only " + k + " requests");
                    return;
                }
                assertEquals(!slowServes, tryWrite(fast, 2, "fast again"), "request " + k);
                if (slowServes) {
                    slow.write(2, "slow").barrier();
                }
                slow.kill();
                fast.kill();
                List<String> expected = List.of("a", "fast", slowServes ? "slow" : "fast again");
                assertEquals(expected, own.process().open().readAll(3), "request " + k);
            }
        }
        throw new AssertionError("an open makes more requests than expected");
    }

    /** Claim, crash, third writer with the first alive; the second dies at each of its requests. */
    @Test
    void anOpenThatDiesAtAnyMomentDoesNotHinderTheThirdWriter() throws Exception {
        for (int k = 1; k < 2 * REQUESTS_MAX; k++) {
            boolean applied = k % 2 == 0;
            try (LifecycleFixture own = new LifecycleFixture()) {
                Process first = own.process().open();
                first.write(0, "a").barrier();
                Process second = own.process();
                second.store.crashAtRequest((k + 1) / 2, applied);
                boolean opened = tryOpen(second);
                if (!second.store.isCrashed()) {
                    assertTrue(k > 2 * REQUESTS_MIN, "only " + k + " crashes");
                    return;
                }
                boolean acknowledged = !opened && tryWrite(first, 1, "b");
                second.kill();
                Process third = own.process().open();
                assertEquals("a", third.read(0), "crash " + k);
                if (acknowledged) {
                    assertEquals("b", third.read(1), "crash " + k);
                }
                assertFalse(tryWrite(first, 2, "too late"), "crash " + k);
                third.write(3, "third").barrier();
            }
        }
        throw new AssertionError("an open makes more requests than expected");
    }

    @Test
    void aCommitThatArrivesAfterTheFenceIsWithoutEffect() throws Exception {
        Process zombie = fixture.process().open();
        zombie.write(0, "a").barrier();
        zombie.store.setFaults(
                Fault.on(StoreOperation.PUT, CommitId.PREFIX, 1, new Fault.UnknownOutcome(Fault.Fate.APPLIED_LATER)));
        for (int i = 1; i < 4; i++) {
            zombie.write(i, "never acknowledged");
            zombie.volume.barrier();
        }
        zombie.kill();
        Process next = fixture.process().open();
        next.write(1, "b").barrier();

        zombie.store.landDelayed();

        next.write(2, "c").barrier();
        next.kill();
        assertEquals(
                Arrays.asList("a", "b", "c", null), fixture.process().open().readAll(4));
    }

    @Test
    void aBusyWriterIsStoppedByAWindowOfFences() throws Exception {
        Process busy = fixture.process().open();
        busy.write(0, "a").barrier();
        Process next = fixture.process();
        next.hooks.beforeFirst("put " + CommitId.PREFIX, () -> {
            for (int i = 1; i < 4; i++) {
                busy.write(i, "v" + i).barrier();
            }
        });

        next.open();

        assertEquals(List.of("a", "v1", "v2", "v3"), next.readAll(4));
        assertFenced(busy);
        assertEquals(List.of("a", "v1", "v2", "v3"), reopened(4));
    }

    @Test
    void aWriterWhoseManifestNameWasDeletedAndFreeAgainFindsOutThatItLost() throws Exception {
        Process sleeper = fixture.process().open();
        sleeper.write(0, "a").barrier();
        Process next = fixture.process().open();
        next.write(1, "b").barrier().checkpoint();
        List<String> manifests = fixture.names(Manifest.PREFIX);
        fixture.bucket.delete(manifests.subList(0, manifests.size() - 1));

        VolumeException e = assertThrows(VolumeException.class, sleeper::checkpoint);

        assertEquals(VolumeException.Kind.FENCED, e.kind());
        next.write(2, "c").barrier();
        assertEquals(List.of("a", "b", "c"), reopened(3));
    }

    @Test
    void opensThatFailDoNotMakeLaterOnesDearer() throws Exception {
        fixture.process().open().write(0, "a").shutDown();
        fixture.process().open().kill();
        String table = fixture.names("sst/").get(0);
        byte[] bytes = fixture.bytes(table);
        fixture.bucket.delete(List.of(table));
        List<Long> requests = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            Process failing = fixture.process();
            assertThrows(OpenException.class, failing::open);
            requests.add(failing.hooks.count());
        }
        int objects = fixture.names(CommitId.PREFIX).size();
        fixture.replace(table, bytes);

        assertEquals(List.of("a"), reopened(1));

        assertEquals(requests.get(1), requests.get(4), requests::toString);
        assertEquals(objects, fixture.names(CommitId.PREFIX).size());
        List<WriterTerm> terms = fixture.process().open().keeper.chain().head().terms();
        assertTrue(terms.size() <= 2, terms::toString);
    }

    private List<String> reopened(int count) throws Exception {
        return fixture.process().open().readAll(count);
    }

    private static void assertFenced(Process process) throws Exception {
        assertFalse(tryWrite(process, 99, "too late"));
        assertEquals(
                VolumeException.Kind.FENCED,
                process.stopped.get(30, TimeUnit.SECONDS).kind());
    }

    /** Whether the write was acknowledged. */
    private static boolean tryWrite(Process process, int number, String text) throws Exception {
        try {
            process.write(number, text);
            process.volume.barrier().get(30, TimeUnit.SECONDS);
            return true;
        } catch (VolumeException e) {
            return false;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof VolumeException) {
                return false;
            }
            throw e;
        }
    }

    private static boolean tryCheckpoint(Process process) throws Exception {
        try {
            process.checkpoint();
            return true;
        } catch (VolumeException e) {
            return false;
        }
    }

    private static boolean tryOpen(Process process) {
        try {
            process.open();
            return true;
        } catch (OpenException e) {
            assertTrue(
                    e.kind() == OpenException.Kind.OWNED_BY_NEWER_WRITER
                            || e.kind() == OpenException.Kind.STORE_UNREACHABLE,
                    e.toString());
            return false;
        }
    }
}
