// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import static io.zerofs.server.client.Nfs3Client.bytes;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zerofs.core.vfs.FsError;
import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.client.RpcClient;
import io.zerofs.server.net.BarrierThread;
import io.zerofs.server.net.OutOfAllMemory;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3CallWriter;
import io.zerofs.server.nfs3.wire.Nfs3Procedure;
import io.zerofs.server.nfs3.wire.Nfs3Result;
import io.zerofs.server.nfs3.wire.Nfs3Status;
import io.zerofs.server.nfs3.wire.Sattr3;
import io.zerofs.server.nfs3.wire.StableHow;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** When calls are answered, in each mode. */
class DurabilityTest {
    private Nfs3Fixture fixture;
    private byte[] file;

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    private void open(Durability durability) throws Exception {
        fixture = Nfs3Fixture.openHoldingBarriers(durability);
        CompletableFuture<Nfs3Result> created = fixture.client.send(create("f"));
        if (durability == Durability.STRICT) {
            completeBarrier(null);
        }
        file = ((Nfs3Result.CreateOk) RpcClient.get(created)).object();
        assertEquals(0, fixture.heldBarriers.size());
    }

    private Nfs3Call create(String name) {
        return new Nfs3Call.Create(fixture.root, bytes(name), Nfs3Call.Create.Mode.GUARDED, Nfs3Client.ofMode(0644), 0);
    }

    private Nfs3Call write(StableHow stable) {
        return new Nfs3Call.Write(file, 0, stable, Unpooled.wrappedBuffer(new byte[10]));
    }

    private void completeBarrier(Throwable failure) throws InterruptedException {
        await().until(() -> !fixture.heldBarriers.isEmpty());
        BarrierThread.complete(fixture.heldBarriers.remove(), failure);
    }

    private void assertAnsweredAtOnce(Nfs3Call call) throws Exception {
        assertEquals(Nfs3Status.OK, fixture.client.status(call));
        assertEquals(0, fixture.heldBarriers.size());
    }

    private void assertWaitsForBarrier(Nfs3Call call) throws Exception {
        CompletableFuture<Nfs3Result> result = fixture.client.send(call);
        await().until(() -> fixture.heldBarriers.size() == 1);
        // The connection serves others meanwhile, and their answers come first.
        fixture.client.call(Nfs3Result.GetAttrOk.class, new Nfs3Call.GetAttr(fixture.root));
        assertFalse(result.isDone());
        completeBarrier(null);
        assertEquals(Nfs3Status.OK, RpcClient.get(result).status());
    }

    @Test
    void strictAnswersEveryChangeButUnstableWritesAfterABarrier() throws Exception {
        open(Durability.STRICT);
        assertWaitsForBarrier(create("g"));
        assertWaitsForBarrier(new Nfs3Call.SetAttr(file, Sattr3.NONE, null));
        assertWaitsForBarrier(new Nfs3Call.Rename(fixture.root, bytes("g"), fixture.root, bytes("h")));
        assertWaitsForBarrier(new Nfs3Call.Remove(fixture.root, bytes("h")));
        assertWaitsForBarrier(write(StableHow.FILE_SYNC));
        assertWaitsForBarrier(write(StableHow.DATA_SYNC));
        assertWaitsForBarrier(new Nfs3Call.Commit(file, 0, 0));
        assertAnsweredAtOnce(write(StableHow.UNSTABLE));
    }

    @Test
    void commitAnswersNamesAtOnceAndStableWritesAfterABarrier() throws Exception {
        open(Durability.COMMIT);
        assertAnsweredAtOnce(create("g"));
        assertAnsweredAtOnce(new Nfs3Call.Remove(fixture.root, bytes("g")));
        assertAnsweredAtOnce(write(StableHow.UNSTABLE));
        assertWaitsForBarrier(write(StableHow.FILE_SYNC));
        assertWaitsForBarrier(new Nfs3Call.Commit(file, 0, 0));
    }

    @Test
    void relaxedAnswersStableWritesAtOnceButCommitAfterABarrier() throws Exception {
        open(Durability.RELAXED);
        assertAnsweredAtOnce(create("g"));
        assertAnsweredAtOnce(write(StableHow.FILE_SYNC));
        assertWaitsForBarrier(new Nfs3Call.Commit(file, 0, 0));
    }

    @Test
    void changesThatFailWaitForNothing() throws Exception {
        open(Durability.STRICT);
        assertEquals(Nfs3Status.NOENT, fixture.client.status(new Nfs3Call.Remove(fixture.root, bytes("missing"))));
        assertEquals(0, fixture.heldBarriers.size());
    }

    @Test
    void barrierThatFailsIsAnIoError() throws Exception {
        open(Durability.COMMIT);
        CompletableFuture<Nfs3Result> result = fixture.client.send(new Nfs3Call.Commit(file, 0, 0));
        completeBarrier(FsError.IO.exception("the store does not answer", null));
        assertEquals(Nfs3Status.IO, RpcClient.get(result).status());
    }

    @Test
    void changeThatEndedTheConnectionIsMadeWhenItIsSentAgain() throws Exception {
        open(Durability.STRICT);
        Nfs3Call create = new Nfs3Call.Create(
                fixture.root, bytes("g"), Nfs3Call.Create.Mode.UNCHECKED, Nfs3Client.ofMode(0644), 0);
        ByteBuf record = RpcClient.encode(
                4_711, fixture.client.nfsHeader(Nfs3Procedure.CREATE), out -> Nfs3CallWriter.write(create, out));
        fixture.barrierFailure = new OutOfMemoryError("of a test");
        CompletableFuture<RpcClient.Reply> never = fixture.client.rpc().send(4_711, record);
        assertThrows(IOException.class, () -> RpcClient.get(never));
        fixture.barrierFailure = null;
        try (Nfs3Client reconnected = fixture.connect()) {
            CompletableFuture<RpcClient.Reply> unanswered = reconnected.rpc().send(4_711, record);
            completeBarrier(new OutOfAllMemory());
            assertThrows(IOException.class, () -> RpcClient.get(unanswered));
        }
        try (Nfs3Client reconnected = fixture.connect()) {
            CompletableFuture<RpcClient.Reply> reply = reconnected.rpc().send(4_711, record);
            completeBarrier(null);
            assertEquals(
                    Nfs3Status.OK,
                    Nfs3Client.read(Nfs3Procedure.CREATE, RpcClient.get(reply)).status());
        }
    }
}
