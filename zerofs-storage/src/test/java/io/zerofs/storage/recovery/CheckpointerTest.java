// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.checkpoint.CheckpointSettings;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.object.ConnectionSettings;
import io.zerofs.storage.object.Fault;
import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ManualMonotonicClock;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.object.Traffic;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

class CheckpointerTest {
    private static final CheckpointSettings NEVER = LifecycleFixture.SETTINGS.checkpoints();
    private static final Duration SOON = Duration.ofMillis(20);

    @AutoClose
    private final LifecycleFixture fixture = new LifecycleFixture();

    @Test
    void aNumberOfCommitsMakesACheckpoint() throws Exception {
        Process process = open(NEVER.withLogCommits(5));
        for (int i = 0; i < 6; i++) {
            process.write(i, "v" + i).barrier();
        }

        await().until(() -> replayFrom(process) > 1);
    }

    @Test
    void aLongLogMakesACheckpointAndDataAloneDoesNot() throws Exception {
        Process process = open(NEVER.withLogBytes(20_000));
        process.write(0, "x".repeat(2000)).barrier();
        assertEquals(1, replayFrom(process));
        for (int i = 0; i < 200; i++) {
            process.write(i, Integer.toString(i * 7919).repeat(20)).barrier();
        }

        await().until(() -> replayFrom(process) > 1);
    }

    @Test
    void theLastCheckpointIsGivenUpWhereALinkWouldTakeMinutes() throws Exception {
        ManualMonotonicClock clock = new ManualMonotonicClock();
        Traffic traffic = new Traffic(ConnectionSettings.DEFAULTS, clock);
        Traffic.Transfer put = traffic.attempt(16 << 10, () -> {});
        put.begin();
        clock.advance(Duration.ofHours(1));
        put.answered(true);
        ForwardingObjectStore slow = new ForwardingObjectStore(fixture.bucket) {
            @Override
            public Traffic traffic() {
                return traffic;
            }
        };
        Process process = fixture.process(fixture.newDirectory(), slow).open();
        process.write(1, "a").barrier();
        long before = replayFrom(process);

        process.volume.close();

        assertEquals(before, replayFrom(process));
        assertEquals("a", fixture.process().open().read(1));
    }

    @Test
    void timeMakesACheckpointOnlyIfAnythingChanged() throws Exception {
        Process process = open(NEVER.withInterval(SOON).withWatchInterval(SOON));
        long unchanged = process.hooks.count();
        await().until(() -> process.hooks.count() > unchanged + 10);
        assertEquals(1, replayFrom(process));

        process.write(0, "a").barrier();

        await().until(() -> replayFrom(process) > 1);
        long version = process.keeper.chain().head().version();
        long after = process.hooks.count();
        await().until(() -> process.hooks.count() > after + 10);
        assertEquals(version, process.keeper.chain().head().version());
    }

    @Test
    void anIdleWriterFindsOutThatItWasReplaced() throws Exception {
        Process idle = open(NEVER.withWatchInterval(SOON));

        fixture.process().open();

        assertEquals(
                VolumeException.Kind.FENCED,
                idle.stopped.get(30, TimeUnit.SECONDS).kind());
    }

    @Test
    void anIdleWriterMakesOneRequestPerLook() throws Exception {
        Process idle = open(NEVER.withWatchInterval(SOON));
        idle.store.forgetRequests();

        await().until(() -> idle.store.requests().size() > 5);

        // Now and then a look is for the volume object instead.
        assertTrue(idle.store.requests().stream()
                .allMatch(request -> request.operation() == StoreOperation.LIST
                        || request.operation() == StoreOperation.GET
                                && request.name().equals(VolumeObject.NAME)));
    }

    @Test
    void writersWaitWhenTheLogIsTooLongAndContinueAfterTheCheckpoint() throws Exception {
        Process process = open(NEVER.withLogCommits(3).withLogMax(NEVER.logBytesMax(), 3));
        process.store.setFaults(Fault.on(StoreOperation.PUT, TableReference.PREFIX, 1, new Fault.Unavailable()));
        for (int i = 0; i < 4; i++) {
            process.write(i, "v" + i).barrier();
        }
        await().until(() -> !process.keeper.hasRoom());
        CompletableFuture<Void> waiting = CompletableFuture.runAsync(() -> {
            try {
                process.write(9, "waited");
            } catch (VolumeException e) {
                throw new AssertionError(e);
            }
        });
        assertThrows(TimeoutException.class, () -> waiting.get(100, TimeUnit.MILLISECONDS));

        process.store.setFaults();

        waiting.get(30, TimeUnit.SECONDS);
        process.barrier();
        assertEquals("waited", process.read(9));
    }

    @Test
    void aLackOfMemoryDuringACheckpointIsFollowedByAnother() throws Exception {
        AtomicBoolean scarce = new AtomicBoolean(true);
        ForwardingObjectStore store = new ForwardingObjectStore(fixture.bucket) {
            @Override
            public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition)
                    throws ObjectStoreException {
                if (name.startsWith(TableReference.PREFIX) && scarce.getAndSet(false)) {
                    throw new OutOfMemoryError("Java heap space");
                }
                return super.put(name, bytes, condition);
            }
        };
        Process process = fixture.process(fixture.newDirectory(), store);
        process.settings = process.settings.with(NEVER.withLogCommits(3).withLogMax(NEVER.logBytesMax(), 3));
        process.open();
        for (int i = 0; i < 3; i++) {
            process.write(i, "v" + i).barrier();
        }

        await().until(() -> replayFrom(process) > 1);
        assertFalse(scarce.get());
    }

    @Test
    void aCheckpointThatOutlivesItsVolumeEndsQuietlyAndTouchesNothingOfTheNext() throws Exception {
        Process process = fixture.process().open();
        process.write(0, "a").barrier();
        CompletableFuture<Thread> uploading = new CompletableFuture<>();
        CompletableFuture<Void> stored = new CompletableFuture<>();
        process.hooks.beforeFirst("put " + TableReference.PREFIX, () -> {
            uploading.complete(Thread.currentThread());
            stored.join();
        });
        process.keeper.request();
        Thread late = uploading.get(30, TimeUnit.SECONDS);
        process.volume.stop(new VolumeException(VolumeException.Kind.CLOSED, "a test"));
        process.shutDown();
        Process next = fixture.process(process.cacheDirectory).open();
        next.write(1, "b").barrier().checkpoint();

        List<Throwable> uncaught = new CopyOnWriteArrayList<>();
        Thread.UncaughtExceptionHandler former = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((thread, cause) -> uncaught.add(cause));
        try {
            stored.complete(null);
            late.join();
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(former);
        }

        assertEquals(List.of(), uncaught);
        assertTrue(Files.exists(next.recovered.directory().resolve("checkpoint-1")));
    }

    @Test
    void onlyNewTablesAreUploaded() throws Exception {
        Process process = fixture.process().open();
        process.write(0, "a").barrier().checkpoint();
        List<String> before = fixture.names(TableReference.PREFIX);
        process.store.forgetRequests();

        process.write(1, "b").barrier().checkpoint();

        assertTrue(fixture.names(TableReference.PREFIX).containsAll(before));
        assertEquals(
                fixture.names(TableReference.PREFIX).size() - before.size(),
                process.store.requests().stream()
                        .filter(request -> request.operation() == StoreOperation.PUT
                                && request.name().startsWith(TableReference.PREFIX))
                        .count());
    }

    @Test
    void aCheckpointWhoseAnswersAreLostIsPublishedOnceAndReadsBack() throws Exception {
        for (Fault.Fate fate : Fault.Fate.values()) {
            try (LifecycleFixture own = new LifecycleFixture()) {
                Process process = own.process().open();
                process.write(0, "a").barrier();
                process.store.setFaults(Fault.on(StoreOperation.PUT, "", 0.4, new Fault.UnknownOutcome(fate)));
                int published = 0;
                for (int i = 0; i < 6; i++) {
                    process.write(1, "b" + i);
                    published += tryCheckpoint(process);
                }
                process.store.setFaults();
                process.store.landDelayed();
                process.write(2, "c").barrier().checkpoint();
                process.kill();
                Process next = own.process().open();
                assertEquals(List.of("a", "b5", "c"), next.readAll(3), fate + " after " + published);
            }
        }
    }

    @Test
    void aCrashAtAnyRequestOfACheckpointLosesNothing() throws Exception {
        for (int request = 1; request <= 20; request++) {
            for (boolean applied : new boolean[] {false, true}) {
                try (LifecycleFixture own = new LifecycleFixture()) {
                    Process process = own.process().open();
                    process.write(0, "a").barrier().checkpoint().write(0, "b").barrier();
                    process.write(1, "open");
                    process.store.crashAtRequest(process.store.requestNumber() + request, applied);
                    boolean published = tryCheckpointUntilCrash(process);
                    process.kill();
                    Process next = own.process().open();
                    assertEquals("b", next.read(0), "request " + request);
                    if (published) {
                        assertEquals("open", next.read(1), "request " + request);
                        assertTrue(request > 3);
                        return;
                    }
                    next.write(2, "c").barrier().checkpoint();
                    next.kill();
                    assertEquals("c", own.process().open().read(2), "request " + request);
                }
            }
        }
        throw new AssertionError("a checkpoint makes more requests than expected");
    }

    private static boolean tryCheckpointUntilCrash(Process process) throws Exception {
        CompletableFuture<Boolean> published = CompletableFuture.supplyAsync(() -> {
            try {
                process.checkpoint();
                return true;
            } catch (Exception e) {
                return false;
            }
        });
        // A dead process repeats its upload until the process ends.
        await().until(() -> process.store.isCrashed() || published.isDone());
        if (process.store.isCrashed()) {
            process.kill();
        }
        return published.get(30, TimeUnit.SECONDS);
    }

    @Test
    void aStoreThatOverwritesIsRefusedUnlessTheRiskIsAccepted() throws Exception {
        Process process = fixture.process(fixture.newDirectory(), new Overwriting(new MemoryObjectStore()));

        OpenException e = assertThrows(OpenException.class, process::open);
        assertEquals(OpenException.Kind.NO_CONDITIONAL_WRITES, e.kind());

        process.settings = process.settings.acceptingUnconditionalWrites(true);
        process.open().write(0, "a").barrier();
        process.settings = process.settings.acceptingUnconditionalWrites(false);
        process.shutDown();
        e = assertThrows(OpenException.class, process::open);
        assertEquals(OpenException.Kind.NO_CONDITIONAL_WRITES, e.kind());
    }

    @Test
    void severalVolumesShareACacheDirectory() throws Exception {
        Path shared = fixture.newDirectory();
        Process one = fixture.process(shared).open();
        ObjectStore elsewhere = new ForwardingObjectStore(new MemoryObjectStore()) {
            @Override
            public String describe() {
                return "elsewhere";
            }
        };
        Process two = fixture.process(shared, elsewhere).open();

        one.write(0, "one").shutDown();
        two.write(0, "two").shutDown();

        assertEquals("one", fixture.process(shared).open().read(0));
    }

    @Test
    void anUnreachableStoreIsSaidToBeOne() throws Exception {
        fixture.process().open().shutDown();
        Process process = fixture.process();
        process.store.setOutage(true);

        assertEquals(
                OpenException.Kind.STORE_UNREACHABLE,
                assertThrows(OpenException.class, process::open).kind());
        assertFalse(process.store.isCrashed());
    }

    @Test
    void noFileNameOrContentOrPasswordIsInTheStore() throws Exception {
        Process process = fixture.process().open();
        process.write(0, "TopSecretContent").barrier().checkpoint().shutDown();
        for (String name : fixture.names("")) {
            String object = new String(fixture.bytes(name), StandardCharsets.ISO_8859_1);
            assertFalse(object.contains("TopSecret") || object.contains("open sesame"), name);
        }
        assertFalse(fixture.names(CommitId.PREFIX).isEmpty());
    }

    private Process open(CheckpointSettings settings) throws Exception {
        Process process = fixture.process();
        process.settings = process.settings.with(settings);
        return process.open();
    }

    private static int tryCheckpoint(Process process) throws Exception {
        try {
            process.checkpoint();
            return 1;
        } catch (ObjectStoreException e) {
            assertEquals(ObjectStoreException.Kind.UNKNOWN_OUTCOME, e.kind());
            return 0;
        }
    }

    private static long replayFrom(Process process) {
        return process.keeper.chain().head().checkpoint().replayFrom();
    }

    /** Accepts conditions and does not honour them. */
    private static final class Overwriting extends ForwardingObjectStore {
        Overwriting(ObjectStore store) {
            super(store);
        }

        @Override
        public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException {
            store.delete(List.of(name));
            return store.put(name, bytes, new IfAbsent());
        }
    }
}
