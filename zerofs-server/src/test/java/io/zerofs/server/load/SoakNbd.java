// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import io.zerofs.server.client.ClientSocket;
import io.zerofs.server.client.NbdClient;
import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.nbd.wire.NbdCommand;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3Result;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/** A device over NBD, which is made over NFS. */
public final class SoakNbd implements SoakClient {
    private static final int READ_MAX = 1 << 20;

    private final NbdClient client;
    private final String device;

    public SoakNbd(int nfsPort, int nbdPort, String device, long size) throws IOException {
        this.device = device;
        make(nfsPort, size);
        InetSocketAddress address = (InetSocketAddress) ClientSocket.loopback(nbdPort);
        client = NbdClient.connect(new ListenAddress.Tcp(address, Optional.empty()))
                .go(device);
        if (client.size != size) {
            throw new IOException("the device has " + client.size + " bytes instead of " + size);
        }
    }

    private void make(int nfsPort, long size) throws IOException {
        try (Nfs3Client nfs = Nfs3Client.alone(nfsPort)) {
            byte[] devices = nfs.lookup(nfs.mount("/"), ".nbd").object();
            byte[] name = Nfs3Client.bytes(device);
            if (!(nfs.call(new Nfs3Call.Lookup(devices, name)) instanceof Nfs3Result.LookupOk)) {
                byte[] file = nfs.create(devices, device);
                nfs.call(Nfs3Result.WccOk.class, new Nfs3Call.SetAttr(file, Nfs3Client.ofSize(size), null));
                nfs.commit(file);
            }
        }
    }

    @Override
    public List<String> list() {
        return List.of(device);
    }

    @Override
    public byte[] read(String name, long offset, int bytes) throws IOException {
        byte[] all = new byte[(int) Math.min(bytes, client.size - offset)];
        for (int at = 0; at < all.length; at += READ_MAX) {
            byte[] piece = client.read(offset + at, Math.min(READ_MAX, all.length - at));
            System.arraycopy(piece, 0, all, at, piece.length);
        }
        return all;
    }

    @Override
    public void write(String name, long offset, byte[] data) throws IOException {
        expectNone(client.write(offset, data));
    }

    @Override
    public void zero(String name, long offset, int bytes) throws IOException {
        expectNone(client.call(0, NbdCommand.WRITE_ZEROES, offset, bytes).error());
    }

    @Override
    public void sync(String name) throws IOException {
        expectNone(client.flush());
    }

    private static void expectNone(int error) throws IOException {
        if (error != 0) {
            throw new IOException("NBD error " + error);
        }
    }

    @Override
    public void close() throws IOException {
        client.close();
    }
}
