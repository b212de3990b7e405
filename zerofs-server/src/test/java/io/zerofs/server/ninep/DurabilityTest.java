// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import static io.zerofs.server.client.NinePClient.ROOT;
import static io.zerofs.server.client.NinePClient.writeMessage;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.client.NinePClient;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.OpenFlags;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.Tmessage;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Fsync and synchronous writes wait for the store, and fail when it refuses. */
class DurabilityTest {
    private static final int TAG = 5;

    private final NinePFixture fixture = new NinePFixture();
    private CompletableFuture<Void> barrier = new CompletableFuture<>();
    private DirectClient client;

    @BeforeEach
    void open() throws Exception {
        client = new DirectClient(new NinePServer(withBarrier(fixture.files()), NinePSettings.DEFAULT));
        client.begin(0);
        client.create(ROOT, 1, "f", OpenFlags.READ_WRITE, 0644);
    }

    @AfterEach
    void close() {
        client.close();
        assertEquals(0, client.requestsInFlight());
        fixture.close();
    }

    /** The same files, with barriers that the test ends. */
    private VirtualFileSystem withBarrier(VirtualFileSystem files) {
        return (VirtualFileSystem) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {VirtualFileSystem.class}, (proxy, method, arguments) -> {
                    try {
                        return method.getName().equals("barrier") ? barrier : method.invoke(files, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    @Test
    void fsyncIsAnsweredWhenTheStoreHasIt() throws Exception {
        client.send(TAG, new Tmessage.Tfsync(1, false));
        assertFalse(client.hasReply(TAG));
        client.attributes(1);
        barrier.complete(null);
        assertEquals(Rmessage.Empty.RFSYNC, client.await(TAG));
    }

    @Test
    void fsyncFailsWhenTheStoreRefuses() throws Exception {
        client.send(TAG, new Tmessage.Tfsync(1, true));
        barrier.completeExceptionally(FsError.IO.exception());
        assertEquals(Errno.EIO, NinePClient.errno(client.await(TAG)));
        barrier = CompletableFuture.failedFuture(new IllegalStateException("a bug below"));
        assertEquals(Errno.EIO, client.error(new Tmessage.Tfsync(1, true)));
    }

    @Test
    void synchronousWriteWaitsForTheStore() throws Exception {
        for (int flag : new int[] {OpenFlags.SYNC, OpenFlags.DATA_SYNC}) {
            client.walk(ROOT, 2, "f");
            client.open(2, OpenFlags.WRITE_ONLY | flag);
            client.send(TAG, writeMessage(2, 0, "durable"));
            assertFalse(client.hasReply(TAG));
            barrier.complete(null);
            assertEquals(new Rmessage.Rwrite(7), client.await(TAG));
            barrier = new CompletableFuture<>();
            client.clunk(2);
        }
    }

    @Test
    void flushEndsTheWaitOfAnFsync() throws Exception {
        client.send(TAG, new Tmessage.Tfsync(1, false));
        client.send(TAG + 1, new Tmessage.Tflush(TAG));
        assertEquals(Rmessage.Empty.RFLUSH, client.await(TAG + 1));
        barrier.complete(null);
        assertFalse(client.hasReply(TAG));
    }

    @Test
    void flushOfAWriteIsAnsweredAfterTheWrite() throws Exception {
        client.walk(ROOT, 2, "f");
        client.open(2, OpenFlags.WRITE_ONLY | OpenFlags.SYNC);
        client.send(TAG, writeMessage(2, 0, "durable"));
        client.send(TAG + 1, new Tmessage.Tflush(TAG));
        assertFalse(client.hasReply(TAG + 1));
        barrier.complete(null);
        assertTrue(client.hasReply(TAG));
        assertTrue(client.hasReply(TAG + 1));
    }

    @Test
    void endOfTheConnectionEndsWaitingRequests() throws Exception {
        client.send(TAG, new Tmessage.Tfsync(1, false));
        client.close();
        assertEquals(0, client.requestsInFlight());
        barrier.complete(null);
    }
}
