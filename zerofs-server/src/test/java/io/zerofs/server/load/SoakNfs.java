// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import static io.zerofs.server.client.Nfs3Client.bytes;

import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3Result;
import io.zerofs.server.nfs3.wire.Nfs3ResultReader;
import io.zerofs.server.nfs3.wire.Nfs3Status;
import io.zerofs.server.nfs3.wire.StableHow;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The files of one directory over NFS version 3. */
public final class SoakNfs implements SoakClient.OfFiles {
    private static final int READ_MAX = 256 << 10;

    private final Nfs3Client client;
    private final byte[] directory;

    public SoakNfs(int port, String name) throws IOException {
        client = Nfs3Client.alone(port);
        byte[] root = client.mount("/");
        Nfs3Status status = client.status(new Nfs3Call.MkDir(root, bytes(name), Nfs3Client.ofMode(0755)));
        if (status != Nfs3Status.OK && status != Nfs3Status.EXIST) {
            throw new IOException("MKDIR " + name + ": " + status);
        }
        directory = client.lookup(root, name).object();
    }

    private byte[] file(String name) throws IOException {
        return client.lookup(directory, name).object();
    }

    @Override
    public List<String> list() throws IOException {
        return client.list(directory).stream()
                .map(SoakNfs::name)
                .filter(name -> !name.startsWith("."))
                .toList();
    }

    private static String name(Nfs3ResultReader.Entry entry) {
        return new String(entry.name(), StandardCharsets.UTF_8);
    }

    @Override
    public void create(String name) throws IOException {
        client.create(directory, name);
    }

    @Override
    public byte[] read(String name, long offset, int bytes) throws IOException {
        byte[] file = file(name);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        int count = -1;
        while (all.size() < bytes && count != 0) {
            byte[] piece = client.read(file, offset + all.size(), Math.min(READ_MAX, bytes - all.size()));
            count = piece.length;
            all.write(piece, 0, count);
        }
        return all.toByteArray();
    }

    @Override
    public void write(String name, long offset, byte[] data) throws IOException {
        int count = client.write(file(name), offset, data, StableHow.UNSTABLE).count();
        if (count != data.length) {
            throw new IOException("WRITE took " + count + " of " + data.length + " bytes");
        }
    }

    @Override
    public void truncate(String name, long size) throws IOException {
        client.call(Nfs3Result.WccOk.class, new Nfs3Call.SetAttr(file(name), Nfs3Client.ofSize(size), null));
    }

    @Override
    public void rename(String from, String to) throws IOException {
        client.call(Nfs3Result.RenameOk.class, new Nfs3Call.Rename(directory, bytes(from), directory, bytes(to)));
    }

    @Override
    public void remove(String name) throws IOException {
        client.remove(directory, name);
    }

    @Override
    public void sync(String name) throws IOException {
        client.commit(file(name));
    }

    @Override
    public void close() throws IOException {
        client.close();
    }
}
