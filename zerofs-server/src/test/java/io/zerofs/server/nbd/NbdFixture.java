// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.fs.CheckedFileSystems;
import io.zerofs.core.fs.ZeroFileSystem;
import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.volume.MemoryVolume;
import io.zerofs.server.client.NbdClient;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.net.ServerResources;
import io.zerofs.server.net.ServerSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/** An NBD server on a file system in memory, with the actions of tests on both. */
final class NbdFixture implements AutoCloseable {
    static final ServerSettings SETTINGS = ServerSettings.DEFAULT
            .withThreads(2, 4)
            .withConnectionsMax(16)
            .withRequestsPerConnectionMax(32)
            .withBytesMax(33L << 20, 66L << 20)
            .withOffloadBytes(64 << 10)
            .withStallSeconds(5)
            .withCloseSeconds(5);

    private MemoryVolume volume = new MemoryVolume();
    private ZeroFileSystem real;
    private ServerResources resources;
    private NbdServer server;
    private SteeredFileSystem steered;

    NbdFixture() throws Exception {
        start();
    }

    private void start() throws Exception {
        real = CheckedFileSystems.open(volume);
        steered = new SteeredFileSystem(real);
        resources = new ServerResources(SETTINGS);
        server = NbdServer.open(steered.files(), List.of(ListenAddress.tcp("127.0.0.1:0")), resources);
    }

    /** Does the same as kill -9: every change that no barrier made durable is gone. */
    void crash() throws Exception {
        MemoryVolume afterwards = volume.reopen();
        server.close();
        resources.close();
        volume = afterwards;
        start();
    }

    /** Stops as SIGTERM does, and starts again. */
    void restart() throws Exception {
        server.close();
        resources.close();
        real.close();
        volume.close();
        volume = volume.reopen();
        start();
    }

    VirtualFileSystem files() {
        return real;
    }

    SteeredFileSystem steered() {
        return steered;
    }

    ServerResources resources() {
        return resources;
    }

    ListenAddress address() {
        return server.addresses().get(0);
    }

    NbdClient connect() throws IOException {
        return NbdClient.connect(address());
    }

    InodeId directory() throws FsException {
        return real.lookup(Credentials.ROOT, real.root(), FileName.of(Exports.DIRECTORY))
                .id();
    }

    /** Makes a file that is an export. */
    InodeId device(String name, long size) throws FsException {
        return device(name, size, 0644);
    }

    InodeId device(String name, long size, int mode) throws FsException {
        InodeId file = real.create(Credentials.ROOT, directory(), FileName.of(name), NewNode.file(mode))
                .node()
                .id();
        resize(file, size);
        return file;
    }

    void resize(InodeId file, long size) throws FsException {
        real.setAttributes(Credentials.ROOT, file, AttributeChange.ofSize(size), DataAccess.CHECKED_NOW);
    }

    Attributes attributes(InodeId file) throws FsException {
        return real.getAttributes(file);
    }

    byte[] content(InodeId file, long offset, int length) throws FsException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        real.read(Credentials.ROOT, file, DataAccess.CHECKED_NOW, offset, bytes);
        return bytes.array();
    }

    void write(InodeId file, long offset, byte... bytes) throws FsException {
        real.write(Credentials.ROOT, file, DataAccess.CHECKED_NOW, offset, ByteBuffer.wrap(bytes));
    }

    @Override
    public void close() throws Exception {
        steered.releaseBarriers(null);
        server.close();
        resources.close();
        assertEquals(0, resources.bytesInFlight());
        assertEquals(0, resources.connections());
        real.close();
    }
}
