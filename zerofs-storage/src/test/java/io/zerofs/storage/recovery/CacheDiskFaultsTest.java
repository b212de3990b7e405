// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.storage.files.DiskContent.Syncs;
import io.zerofs.storage.files.DiskFault;
import io.zerofs.storage.files.DiskFault.Kind;
import io.zerofs.storage.files.DiskFault.Reason;
import io.zerofs.storage.files.FaultyDisk;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The local directory on a disk whose calls fail: the volume opens, or says which path failed; nothing is lost or wrong. */
final class CacheDiskFaultsTest {
    private static final int KEYS = 8;

    @TempDir
    Path directory;

    @AutoClose
    private final LifecycleFixture fixture = new LifecycleFixture();

    private FaultyDisk disk;

    @BeforeEach
    void leaveADatabaseWithACheckpoint() throws Exception {
        disk = new FaultyDisk(directory, Syncs.POSIX);
        Process first = open();
        fill(first, 0, "a");
        first.checkpoint();
        fill(first, KEYS / 2, "b");
        first.kill();
    }

    private Process open() throws OpenException {
        return fixture.process(disk.path()).open();
    }

    private static void fill(Process process, int from, String text) throws Exception {
        for (int key = from; key < KEYS; key++) {
            process.write(key, text + key);
        }
        process.barrier();
    }

    private static void assertAllThere(Process process) throws Exception {
        assertEquals(List.of("a0", "a1", "a2", "a3", "b4", "b5", "b6", "b7"), process.readAll(KEYS));
    }

    @Test
    void anOpeningSurvivesAFailingCallOrNamesItsPath() throws Exception {
        Seeds.run(seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            long calls = callsOfAnOpening();
            for (int i = 0; i < 20; i++) {
                Reason reason = Reason.values()[random.nextInt(Reason.values().length)];
                openWith(1 + random.nextLong(calls), reason, random.nextBoolean());
            }
        });
    }

    @Test
    @Tag("slow")
    void anOpeningSurvivesAnyFailingCallOrNamesItsPath() throws Exception {
        long calls = callsOfAnOpening();
        for (long call = 1; call <= calls; call++) {
            for (Reason reason : Reason.values()) {
                openWith(call, reason, false);
                openWith(call, reason, true);
            }
        }
    }

    private long callsOfAnOpening() throws Exception {
        disk = disk.restarted();
        Process process = open();
        assertAllThere(process);
        process.kill();
        return disk.callCount();
    }

    private void openWith(long call, Reason reason, boolean forGood) throws Exception {
        String where = reason + (forGood ? " from call " : " at call ") + call;
        disk = disk.restarted();
        disk.setFault(forGood ? DiskFault.from(call, reason) : DiskFault.at(call, reason));
        Process process = fixture.process(disk.path());
        try {
            assertAllThere(process.open());
        } catch (OpenException e) {
            assertEquals(OpenException.Kind.DIRECTORY_UNUSABLE, e.kind(), where + ": " + e.getMessage());
            assertTrue(e.getMessage().contains(directory.toRealPath().toString()), where + ": " + e.getMessage());
        } catch (Exception | AssertionError e) {
            throw new AssertionError(where + "\n" + disk.story(), e);
        } finally {
            process.kill();
        }
        disk = disk.restarted();
        Process healed = open();
        assertAllThere(healed);
        healed.kill();
    }

    @Test
    void aTableThatCannotBeReadIsFetched() throws Exception {
        openWhile(call ->
                call.kind() == Kind.READ && call.file().toString().endsWith(".sst") ? Reason.IO_ERROR.of(call) : null);
    }

    @Test
    void aTableIsFetchedWhereADiskHasNoHardLinks() throws Exception {
        openWhile(call -> call.kind() == Kind.LINK
                ? new FileSystemException(call.file().toString(), null, "Operation not permitted")
                : null);
    }

    @Test
    void aDiskThatForgotTheLastCommitOpens() throws Exception {
        openWhile(call ->
                call.kind() == Kind.READ && call.file().endsWith("last-commit") ? Reason.IO_ERROR.of(call) : null);
    }

    @Test
    void leftoversThatCannotBeDeletedOrListedStay() throws Exception {
        for (Kind kind : List.of(Kind.DELETE, Kind.LIST)) {
            openWhile(call -> call.kind() == kind && call.file().toString().contains("checkpoint-")
                    ? Reason.IO_ERROR.of(call)
                    : null);
        }
    }

    private void openWhile(DiskFault fault) throws Exception {
        boolean[] struck = {false};
        disk = disk.restarted();
        disk.setFault(call -> {
            IOException failure = fault.of(call);
            struck[0] |= failure != null;
            return failure;
        });
        Process process = open();
        assertAllThere(process);
        process.kill();
        assertTrue(struck[0]);
    }

    @Test
    void aPlaceThatCannotBeReadIsNotAnUnknownOne() throws Exception {
        disk = disk.restarted();
        disk.setFault(
                call -> call.kind() == Kind.READ && call.file().endsWith("place") ? Reason.IO_ERROR.of(call) : null);
        fixture.bucket.delete(fixture.names(""));
        OpenException e = assertThrows(OpenException.class, this::open);
        assertEquals(OpenException.Kind.DIRECTORY_UNUSABLE, e.kind(), e::getMessage);
        assertTrue(e.getMessage().contains(directory.toRealPath().toString()), e::getMessage);
    }

    @Test
    void aCheckpointThatCannotDeleteTheOneBeforeCounts() throws Exception {
        disk = disk.restarted();
        Process process = open();
        process.checkpoint();
        disk.setFault(call -> call.kind() == Kind.DELETE ? Reason.IO_ERROR.of(call) : null);
        for (int i = 0; i < 3; i++) {
            fill(process, KEYS / 2, "b");
            process.checkpoint();
            assertEquals(0, process.keeper.statistics().uncoveredCommits());
        }
        endsInTime(process);
    }

    @Test
    void aCopyThatCannotBeDeletedHoldsUpNoLaterCheckpoint() throws Exception {
        disk = disk.restarted();
        Process process = open();
        fill(process, KEYS / 2, "b");
        disk.setFault(call -> call.kind() == Kind.DELETE || call.kind() == Kind.OPEN ? Reason.IO_ERROR.of(call) : null);
        assertThrows(IOException.class, process::checkpoint);
        disk.setFault(DiskFault.NONE);
        endsInTime(process);
        assertAllThere(open());
    }

    /** Ends on a thread of its own, so that a lock which is never released fails the test and does not stop it. */
    private static void endsInTime(Process process) throws Exception {
        CompletableFuture.runAsync(() -> {
                    try {
                        process.shutDown();
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                })
                .get(20, TimeUnit.SECONDS);
    }
}
