// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import static io.zerofs.server.net.Conditions.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.waiting.NonBlockingThread;
import io.zerofs.server.client.NbdClient;
import io.zerofs.server.nbd.wire.CommandFlag;
import io.zerofs.server.nbd.wire.NbdCommand;
import io.zerofs.server.nbd.wire.NbdOption;
import io.zerofs.server.net.OutOfAllMemory;
import io.zerofs.server.net.ServerSettings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The holds of connections, and the state after their end. */
class NbdConnectionLifeTest {
    /** Longest reply that counts as usual, about. */
    private static final int USUAL_BYTES = 5 << 18;

    private final NbdFixture fixture;

    NbdConnectionLifeTest() throws Exception {
        fixture = new NbdFixture();
    }

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    private boolean isBusy(InodeId file) throws FsException {
        try {
            fixture.resize(file, fixture.attributes(file).size());
            return false;
        } catch (FsException e) {
            assertEquals(FsError.BUSY, e.error());
            return true;
        }
    }

    private static boolean isMarked(NbdFixture fixture, InodeId file) throws FsException {
        return fixture.files().listXattrs(Credentials.ROOT, file).contains(FileName.of(ConnectedDevices.MARK));
    }

    @Test
    void aDeviceIsBusyUntilItsLastConnectionEnds() throws Exception {
        InodeId file = fixture.device("disk0", 1_000);
        FileName name = FileName.of("disk0");
        InodeId directory = fixture.directory();
        try (NbdClient first = fixture.connect().go("disk0")) {
            try (NbdClient second = fixture.connect().go("disk0")) {
                assertBusy(() -> fixture.resize(file, 2_000));
                assertBusy(() -> fixture.write(file, 999, (byte) 1, (byte) 2));
                assertBusy(() -> fixture.files().remove(Credentials.ROOT, directory, name, RemoveMode.FILE));
                assertBusy(() ->
                        fixture.files().rename(Credentials.ROOT, directory, name, directory, FileName.of("disk1")));
                second.disconnect();
                assertTrue(second.isAtEnd());
            }
            assertEquals(0, first.write(0, (byte) 1));
            assertTrue(isBusy(file));
        }
        until(() -> !isBusy(file));
        fixture.files().rename(Credentials.ROOT, directory, name, directory, FileName.of("disk1"));
        assertEquals(1_000, fixture.connect().go("disk1").size);
    }

    @Test
    void directoryOfAConnectedDeviceKeepsItsNameUntilTheLastConnectionEnds() throws Exception {
        fixture.device("disk0", 1_000);
        InodeId root = fixture.files().root();
        FileName name = FileName.of(".nbd");
        FileName other = FileName.of("other");
        try (NbdClient client = fixture.connect()) {
            client.go("disk0");
            assertBusy(() -> fixture.files().rename(Credentials.ROOT, root, name, root, other));
        }
        until(() -> {
            try {
                fixture.files().rename(Credentials.ROOT, root, name, root, other);
                return true;
            } catch (FsException e) {
                assertEquals(FsError.BUSY, e.error());
                return false;
            }
        });
    }

    private interface Change {
        void run() throws FsException;
    }

    private static void assertBusy(Change change) {
        assertEquals(FsError.BUSY, assertThrows(FsException.class, change::run).error());
    }

    @Test
    void aClientThatVanishesInTheMiddleOfAWriteChangesNothing() throws Exception {
        InodeId file = fixture.device("disk0", 1 << 20);
        try (NbdClient client = fixture.connect().go("disk0")) {
            client.send(NbdClient.requestBytes(0, NbdCommand.WRITE.code(), 1, 0, 1_000));
            client.send(new byte[] {1, 2, 3});
        }
        until(() -> !isBusy(file));
        assertEquals(0, fixture.content(file, 0, 1)[0]);
        until(() -> fixture.resources().bytesInFlight() == 0);
    }

    @Test
    void theDeviceStaysHeldWhileARequestOfAVanishedClientRuns() throws Exception {
        InodeId file = fixture.device("disk0", 1_000);
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        fixture.steered().before("write", arguments -> {
            NonBlockingThread.check();
            begun.countDown();
            release.await();
        });
        try (NbdClient client = fixture.connect().go("disk0")) {
            client.request(0, NbdCommand.WRITE, 1, 999, 1, (byte) 5);
            begun.await();
        }
        until(() -> fixture.resources().connections() == 0);
        assertTrue(isBusy(file));
        release.countDown();
        until(() -> !isBusy(file));
        assertEquals(5, fixture.content(file, 999, 1)[0]);
    }

    @ParameterizedTest
    @EnumSource(
            value = NbdCommand.class,
            names = {"READ", "WRITE", "TRIM", "CACHE", "BLOCK_STATUS", "FLUSH"})
    void theDeviceIsReleasedWhenNotEvenAnErrorCanBeAnswered(NbdCommand command) throws Exception {
        InodeId file = fixture.device("disk0", 4 << 20);
        fixture.write(file, 0, new byte[4 << 20]);
        AtomicInteger steps = new AtomicInteger();
        for (String operation : List.of("read", "write", "deallocate", "extentAt")) {
            fixture.steered().before(operation, arguments -> {
                // A range in several steps fails in the second one.
                if (command != NbdCommand.CACHE || steps.incrementAndGet() > 1) {
                    throw new OutOfAllMemory();
                }
            });
        }
        try (NbdClient client =
                fixture.connect().structured().allocation("disk0").go("disk0")) {
            fixture.steered().holdBarriers();
            int length = command == NbdCommand.FLUSH ? 0 : command == NbdCommand.WRITE ? 1 : 4 << 20;
            client.request(0, command, 1, 0, length, command == NbdCommand.WRITE ? new byte[1] : new byte[0]);
            if (command == NbdCommand.FLUSH) {
                until(() -> fixture.steered().barriersHeld() == 1);
                fixture.steered().releaseBarriers(new OutOfAllMemory());
            }
            assertTrue(client.isAtEnd());
            until(() -> !isBusy(file));
        }
    }

    @Test
    void theDeviceIsReleasedWhenItsConnectionCannotBegin() throws Exception {
        InodeId file = fixture.device("disk0", 1_000);
        fixture.steered().before("barrier", arguments -> {
            throw new OutOfMemoryError("of a test");
        });
        try (NbdClient client = fixture.connect()) {
            assertThrows(IOException.class, () -> client.go("disk0"));
            assertTrue(!isBusy(file));
        }
        fixture.steered().before("barrier", arguments -> {});
        try (NbdClient client = fixture.connect().go("disk0")) {
            assertEquals(0, client.flush());
            assertTrue(isMarked(fixture, file));
        }
        until(() -> !isMarked(fixture, file));
    }

    @ParameterizedTest
    @ValueSource(ints = {USUAL_BYTES, 8 << 20})
    void aClientThatDoesNotReadItsRepliesHoldsBoundedMemoryAndIsClosed(int length) throws Exception {
        ServerSettings settings = NbdFixture.SETTINGS;
        // All connections together have a quarter for long replies.
        long held = Math.min(
                settings.limits().bytesPerConnectionMax(),
                length > USUAL_BYTES ? settings.limits().bytesInFlightMax() / 4 : Long.MAX_VALUE);
        fixture.device("disk0", 1L << 30);
        try (NbdClient greedy = fixture.connect().go("disk0")) {
            Thread sender = new Thread(() -> {
                try {
                    for (long cookie = 0; ; cookie++) {
                        greedy.request(0, NbdCommand.READ, cookie, 0, length);
                    }
                } catch (IOException closed) {
                    // The server gave up on this client.
                }
            });
            sender.start();
            until(() -> fixture.resources().bytesInFlight() >= held);
            assertTrue(fixture.resources().bytesInFlight() < held + length + (1 << 20));
            try (NbdClient other = fixture.connect().go("disk0")) {
                assertEquals(0, other.write(0, (byte) 1), "others are served");
            }
            sender.join();
        }
    }

    @Test
    void clientsThatDoNotReadListsHoldOnePartEach() throws Exception {
        String longName = "x".repeat(240);
        for (int i = 0; i < Exports.LISTED_MAX; i++) {
            fixture.device(longName + i, 0);
        }
        List<NbdClient> greedy = new ArrayList<>();
        int clients = NbdFixture.SETTINGS.limits().connectionsMax() - 1;
        try {
            for (int i = 0; i < clients; i++) {
                greedy.add(fixture.connect());
                for (int j = 0; j < NbdFixture.SETTINGS.limits().requestsPerConnectionMax(); j++) {
                    greedy.get(i).sendOption(NbdOption.LIST.code(), new byte[0]);
                }
            }
            until(() -> fixture.resources().bytesInFlight() >= clients * NbdConnection.LIST_PART_BYTES);
            assertTrue(fixture.resources().bytesInFlight() < clients * (NbdConnection.LIST_PART_BYTES + (16 << 10)));
            try (NbdClient other = fixture.connect()) {
                List<NbdClient.OptionReply> replies = other.option(NbdOption.LIST, new byte[0]);
                assertEquals(Exports.LISTED_MAX + 1, replies.size(), "the whole list comes, part by part");
            }
        } finally {
            for (NbdClient client : greedy) {
                client.close();
            }
        }
    }

    @Test
    void closingTheServerAnswersEarlierRequests() throws Exception {
        InodeId file = fixture.device("disk0", 1_000);
        try (NbdClient client = fixture.connect().go("disk0");
                NbdClient idle = fixture.connect().go("disk0")) {
            SteeredFileSystem steered = fixture.steered();
            steered.holdBarriers();
            client.request(0, NbdCommand.FLUSH, 1, 0, 0);
            client.request(CommandFlag.FUA.mask(), NbdCommand.WRITE, 2, 0, 1, (byte) 5);
            until(() -> steered.barriersHeld() == 2);
            CompletableFuture<Void> stopped = new CompletableFuture<>();
            new Thread(() -> {
                        try {
                            fixture.restart();
                            stopped.complete(null);
                        } catch (Exception e) {
                            stopped.completeExceptionally(e);
                        }
                    })
                    .start();
            assertTrue(idle.isAtEnd());
            steered.releaseBarriers(null);
            assertEquals(0, client.readReply().error());
            assertEquals(0, client.readReply().error());
            assertTrue(client.isAtEnd());
            stopped.get();
        }
        assertEquals(5, fixture.content(file, 0, 1)[0]);
        assertTrue(!isMarked(fixture, file));
    }

    @Test
    void aMarkIsThereWhileAWritableDeviceIsConnected() throws Exception {
        InodeId file = fixture.device("disk0", 1_000);
        InodeId readOnly = fixture.device("disk1", 1_000, 0444);
        try (NbdClient client = fixture.connect().go("disk0");
                NbdClient reader = fixture.connect().go("disk1")) {
            assertTrue(isMarked(fixture, file));
            assertTrue(!isMarked(fixture, readOnly));
            assertEquals(0, client.flush());
            fixture.crash();
        }
        assertTrue(isMarked(fixture, file), "after an unclean stop");
        try (NbdClient client = fixture.connect().go("disk0")) {
            client.disconnect();
            assertTrue(client.isAtEnd());
        }
        until(() -> !isMarked(fixture, file));
        try (NbdClient client = fixture.connect().go("disk0")) {
            assertEquals(0, client.flush());
            fixture.restart();
        }
        assertTrue(!isMarked(fixture, file), "after a clean stop");
    }
}
