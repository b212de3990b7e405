// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.CommitReader;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.PendingDeletion;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Garbage collection continues after any failure of one of its passes. */
class GcRestartTest {
    private static final Set<Thread.State> WAITING = Set.of(Thread.State.WAITING, Thread.State.TIMED_WAITING);
    private static final String DEAD = new CommitId(1, 1).objectName();

    @AutoClose
    private final LifecycleFixture fixture = new LifecycleFixture();

    private HinderedStore store;
    private Process process;
    private GcFixture gc;

    @BeforeEach
    void open() throws Exception {
        store = new HinderedStore(fixture.bucket);
        process = fixture.process(fixture.newDirectory(), store).open();
        gc = new GcFixture(process);
        GarbageCollectorTest.withADeadCommit(process);
    }

    @Test
    void anUnexpectedExceptionIsFollowedByAnotherPassAfterAWhile() throws Exception {
        gc.collector.start();
        gc.passByItself().passByItself().passTime(GcFixture.GRACE);
        Duration usual = gc.untilNextPass();
        store.onDelete = new IllegalStateException("a client library threw something");

        Duration before = Duration.ZERO;
        for (int i = 1; i <= 3; i++) {
            gc.passByItself();
            assertEquals(i, gc.collector.statistics().restarts());
            assertTrue(gc.untilNextPass().compareTo(before) > 0);
            before = gc.untilNextPass();
        }
        process.write(1, "meanwhile").barrier();
        store.onDelete = null;
        gc.passByItself().passByItself();

        assertFalse(fixture.names("").contains(DEAD));
        assertEquals(usual, gc.untilNextPass());
        assertEquals(SpaceAudit.scan(process.recovered.index()), SpaceAudit.believed(gc.collector.liveBytes()));
        assertEquals("new", process.read(0));
    }

    @Test
    void recountedNumbersAgreeWithTheIndex() throws Exception {
        gc.pass();
        LiveBytes live = gc.collector.liveBytes();
        for (int i = 0; i < 20; i++) {
            process.write(i % 3, "value " + i).barrier();
            if (i % 7 == 0) {
                live.startOver();
                process.write(i % 2, "again " + i).barrier();
                live.count(() -> false);
            }
            assertEquals(SpaceAudit.scan(process.recovered.index()), SpaceAudit.believed(live));
        }
    }

    @Test
    void collectionContinuesAfterAFailedSweep() throws Exception {
        store.onList = new IllegalStateException("a client library threw something");
        gc.pass().pass().passTime(Duration.ofHours(2)).pass();

        assertFalse(fixture.names("").contains(DEAD));
        assertTrue(gc.collector.statistics().sweepRestarts() > 0);
    }

    @Test
    void aStoreThatRefusesToDeleteIsAskedAgainAndHoldsUpNothing() throws Exception {
        store.refusesToDelete = true;
        gc.pass().pass().passTime(GcFixture.GRACE).pass();
        assertTrue(fixture.names("").contains(DEAD));
        assertTrue(gc.collector.statistics().failedDeletions() > 0);

        store.refusesToDelete = false;
        gc.passTime(GcFixture.GRACE).pass();
        assertFalse(fixture.names("").contains(DEAD));
    }

    /** Between its upload and the manifest that names it a table looks like an orphan. */
    @Test
    void aSweepLeavesTablesOfTheRunningTermAlone() throws Exception {
        gc.pass();
        SnapshotPins pins = new SnapshotPins(process.keeper.chain());
        CommitReader reader = new CommitReader(store, process.recovered.keys());
        OrphanSweep sweep = new OrphanSweep(store, process.keeper.chain(), gc.collector.liveBytes(), pins, reader);
        List<PendingDeletion> found = new ArrayList<>();
        List<String> tables = new ArrayList<>();
        store.beforeManifest = () -> {
            tables.addAll(fixture.names(TableReference.PREFIX));
            found.addAll(sweep.find(() -> false));
        };
        int before = fixture.names(TableReference.PREFIX).size();

        process.write(1, "more").barrier().checkpoint();

        assertTrue(tables.size() > before, tables::toString);
        assertEquals(List.of(), found);
    }

    @Test
    void aPassThatTheClosingOfTheVolumeEndsTakesNothingFromItsLastBarrier() throws Exception {
        gc.collector.start();
        gc.passByItself().passByItself().passTime(GcFixture.GRACE);
        process.write(1, "last");
        CountDownLatch closing = new CountDownLatch(1);
        CountDownLatch passed = new CountDownLatch(1);
        store.beforeCommit = () -> {
            closing.countDown();
            assertTrue(passed.await(60, TimeUnit.SECONDS));
        };
        FutureTask<Void> close = new FutureTask<>(() -> {
            process.volume.close();
            return null;
        });
        store.beforeDelete = () -> {
            new Thread(close).start();
            assertTrue(closing.await(60, TimeUnit.SECONDS));
        };

        gc.passByItself();
        passed.countDown();

        assertEquals(0, closing.getCount(), "the pass met the closing");
        close.get(60, TimeUnit.SECONDS);
        assertEquals("last", fixture.process().open().read(1));
    }

    /** Otherwise a crash brings the records back, and the next process counts a commit that is gone. */
    @Test
    void namesStayAnnouncedUntilTheRemovalOfTheirRecordsIsDurable() throws Exception {
        gc.pass().pass().passTime(GcFixture.GRACE);
        Thread collector = Thread.currentThread();
        AtomicBoolean stored = new AtomicBoolean();
        AtomicBoolean early = new AtomicBoolean();
        store.beforeCommit = () -> {
            await().until(() -> early.get() || WAITING.contains(collector.getState()));
            stored.set(true);
        };
        store.beforeManifest = () -> early.set(!stored.get());
        gc.pass();
        assertFalse(early.get());
        assertTrue(stored.get());
    }

    private interface Action {
        void run() throws Exception;
    }

    private static final class HinderedStore extends ForwardingObjectStore {
        volatile RuntimeException onDelete;
        volatile RuntimeException onList;
        volatile boolean refusesToDelete;
        volatile Action beforeManifest;
        volatile Action beforeCommit;
        volatile Action beforeDelete;

        HinderedStore(ObjectStore store) {
            super(store);
        }

        @Override
        public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException {
            if (name.startsWith(Manifest.PREFIX)) {
                run(beforeManifest);
            } else if (name.startsWith(CommitId.PREFIX)) {
                run(beforeCommit);
            }
            return super.put(name, bytes, condition);
        }

        private static void run(Action action) {
            if (action != null) {
                try {
                    action.run();
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
            }
        }

        @Override
        public List<ObjectInfo> list(String prefix, String after, int max) throws ObjectStoreException {
            if (onList != null && prefix.equals(CommitId.PREFIX)) {
                throw onList;
            }
            return super.list(prefix, after, max);
        }

        @Override
        public Map<String, ObjectStoreException> delete(Collection<String> names) throws ObjectStoreException {
            run(beforeDelete);
            if (onDelete != null) {
                throw onDelete;
            } else if (refusesToDelete) {
                throw new ObjectStoreException(ObjectStoreException.Kind.REFUSED, "AccessDenied", null);
            }
            return super.delete(names);
        }
    }
}
