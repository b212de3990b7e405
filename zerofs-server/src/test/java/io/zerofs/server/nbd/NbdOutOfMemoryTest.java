// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.server.client.NbdClient;
import io.zerofs.server.nbd.wire.InfoType;
import io.zerofs.server.nbd.wire.NbdOption;
import io.zerofs.server.nbd.wire.OptionRequest;
import io.zerofs.server.net.Client;
import io.zerofs.server.net.Connection;
import io.zerofs.server.net.Request;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** If there is no memory for the answer to an option that has opened a device, the connection must close the device. */
class NbdOutOfMemoryTest {
    private final NbdFixture fixture;
    private InodeId file;

    NbdOutOfMemoryTest() throws Exception {
        fixture = new NbdFixture();
    }

    @BeforeEach
    void makeDevice() throws Exception {
        file = fixture.device("disk0", 1_000);
    }

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    @Test
    void theDeviceIsClosedWhenTheAnswerToGoCannotBeMade() throws Exception {
        Negotiation negotiation = new Negotiation(new Exports(fixture.files()), 0, Negotiation.Encryption.NONE);
        OptionRequest.Select go = new OptionRequest.Select(NbdOption.GO, "disk0", new Unreadable());
        assertThrows(OutOfMemoryError.class, () -> negotiation.select(go));
        fixture.resize(file, 2_000);
    }

    @Test
    void theDeviceIsClosedWhenTheAnswerToGoCannotBeSent() throws Exception {
        NbdConnection connection = new NbdConnection(new Deaf(), new Exports(fixture.files()), Optional.empty());
        Refusing request = new Refusing();
        connection.message(Unpooled.buffer().writeInt(NbdClient.FIXED_NEWSTYLE), request);
        byte[] go = NbdClient.optionBytes(NbdOption.GO.code(), NbdClient.selectData("disk0"));
        assertThrows(OutOfMemoryError.class, () -> connection.message(Unpooled.wrappedBuffer(go), request));
        assertEquals(1, request.charges, "the device was opened, and an answer made");
        fixture.resize(file, 2_000);
    }

    /** Requests for information whose answer no client gets. */
    private static final class Unreadable extends AbstractSet<InfoType> {
        @Override
        public Iterator<InfoType> iterator() {
            throw new OutOfMemoryError("of a test");
        }

        @Override
        public int size() {
            return 1;
        }
    }

    /** A request that there is no room to answer. */
    private static final class Refusing implements Request {
        int charges;

        @Override
        public void run(int transferBytes, int replyBytes, Runnable work) {
            work.run();
        }

        @Override
        public void resume(Runnable work) {
            throw new AssertionError("nothing goes on");
        }

        @Override
        public void whenEnded(Runnable action) {}

        @Override
        public void charge(int replyBytes) {
            charges++;
            throw new OutOfMemoryError("of a test");
        }

        @Override
        public void reply(ByteBuf reply) {
            throw new AssertionError("nothing is answered");
        }

        @Override
        public void end() {}
    }

    /** A connection on which nothing is sent. */
    private static final class Deaf implements Connection {
        private final Client client = Client.alone();

        @Override
        public ByteBufAllocator allocator() {
            return ByteBufAllocator.DEFAULT;
        }

        @Override
        public SocketAddress remoteAddress() {
            return InetSocketAddress.createUnresolved("nobody", 1);
        }

        @Override
        public Client client() {
            return client;
        }

        @Override
        public Executor blockingExecutor() {
            return Runnable::run;
        }

        @Override
        public void onEventLoop(Runnable work) {
            throw new AssertionError("nothing goes on");
        }

        @Override
        public void send(ByteBuf bytes, Runnable sent) {
            bytes.release();
        }

        @Override
        public void pause() {}

        @Override
        public void resume() {}

        @Override
        public void finish() {}

        @Override
        public void close(String reason) {}
    }
}
