// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import static io.zerofs.server.client.NinePClient.ROOT;
import static io.zerofs.server.client.NinePClient.bytes;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.zerofs.server.client.NinePClient;
import io.zerofs.server.client.NinePSocket;
import io.zerofs.server.ninep.wire.Errno;
import io.zerofs.server.ninep.wire.LockOwner;
import io.zerofs.server.ninep.wire.LockRange;
import io.zerofs.server.ninep.wire.LockStatus;
import io.zerofs.server.ninep.wire.LockType;
import io.zerofs.server.ninep.wire.MessageHeader;
import io.zerofs.server.ninep.wire.OpenFlags;
import io.zerofs.server.ninep.wire.Rmessage;
import io.zerofs.server.ninep.wire.SetattrValid;
import io.zerofs.server.ninep.wire.Tmessage;
import io.zerofs.server.ninep.wire.WireTime;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The files of one directory over 9P2000.L, with an attribute and locks. */
public final class SoakNineP implements SoakClient.OfFiles {
    private static final int DIRECTORY = 1;
    private static final int FILE = 2;
    private static final int ATTRIBUTE = 3;
    private static final int MESSAGE_BYTES = 1 << 20;
    private static final int READ_MAX = 256 << 10;
    private static final byte[] LABEL = bytes("user.label");

    private final int port;
    private final String directory;
    private final NinePSocket client;

    public SoakNineP(int port, String directory) throws IOException {
        this.port = port;
        this.directory = directory;
        client = NinePSocket.alone(port);
        try {
            client.version(MESSAGE_BYTES);
            client.attach(ROOT, 0);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        Errno error = error(new Tmessage.Tmkdir(ROOT, bytes(directory), 0755, 0));
        if (error != null && error != Errno.EEXIST) {
            throw new IOException("Tmkdir " + directory + ": " + error);
        }
        ok(NinePClient.walkMessage(ROOT, DIRECTORY, directory));
    }

    private Rmessage ok(Tmessage message) throws IOException {
        try {
            Rmessage reply = client.call(message);
            if (reply instanceof Rmessage.Rlerror) {
                throw new IOException(message.type() + ": " + NinePClient.errno(reply));
            }
            return reply;
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    private Errno error(Tmessage message) throws IOException {
        try {
            return client.error(message);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    /** Requests that use an open fid. */
    private interface Use {
        void run() throws IOException;
    }

    private void withFile(String name, int flags, Use use) throws IOException {
        ok(NinePClient.walkMessage(DIRECTORY, FILE, name));
        ok(new Tmessage.Tlopen(FILE, flags));
        use.run();
        ok(new Tmessage.Tclunk(FILE));
    }

    @Override
    public List<String> list() throws IOException {
        List<String> names = new ArrayList<>();
        ok(NinePClient.walkMessage(DIRECTORY, FILE));
        ok(new Tmessage.Tlopen(FILE, OpenFlags.READ_ONLY | OpenFlags.DIRECTORY));
        try {
            long offset = 0;
            List<NinePClient.Entry> page;
            while (!(page = client.list(FILE, offset, READ_MAX)).isEmpty()) {
                page.forEach(entry -> names.add(entry.name()));
                offset = page.get(page.size() - 1).offset();
            }
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
        ok(new Tmessage.Tclunk(FILE));
        names.removeIf(name -> name.startsWith("."));
        return names;
    }

    @Override
    public void create(String name) throws IOException {
        ok(NinePClient.walkMessage(DIRECTORY, FILE));
        ok(new Tmessage.Tlcreate(FILE, bytes(name), OpenFlags.READ_WRITE | OpenFlags.EXCLUSIVE, 0644, 0));
        ok(new Tmessage.Tclunk(FILE));
    }

    @Override
    public byte[] read(String name, long offset, int bytes) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        withFile(name, OpenFlags.READ_ONLY, () -> {
            int count = -1;
            while (all.size() < bytes && count != 0) {
                byte[] piece = data(FILE, offset + all.size(), Math.min(READ_MAX, bytes - all.size()));
                count = piece.length;
                all.write(piece, 0, count);
            }
        });
        return all.toByteArray();
    }

    private byte[] data(int fid, long offset, int count) throws IOException {
        ByteBuf reply = ((Rmessage.Data) ok(new Tmessage.Tread(fid, offset, count))).bytes();
        byte[] data = new byte[reply.writerIndex() - MessageHeader.DATA_OFFSET];
        reply.getBytes(MessageHeader.DATA_OFFSET, data);
        return data;
    }

    @Override
    public void write(String name, long offset, byte[] data) throws IOException {
        withFile(name, OpenFlags.WRITE_ONLY, () -> write(FILE, offset, data));
    }

    private void write(int fid, long offset, byte[] data) throws IOException {
        int count = ((Rmessage.Rwrite) ok(new Tmessage.Twrite(fid, offset, Unpooled.wrappedBuffer(data)))).count();
        if (count != data.length) {
            throw new IOException("Twrite took " + count + " of " + data.length + " bytes");
        }
    }

    @Override
    public void truncate(String name, long size) throws IOException {
        withFile(
                name,
                OpenFlags.WRITE_ONLY,
                () -> ok(new Tmessage.Tsetattr(FILE, SetattrValid.SIZE, 0, 0, 0, size, WireTime.ZERO, WireTime.ZERO)));
    }

    @Override
    public void rename(String from, String to) throws IOException {
        ok(new Tmessage.Trenameat(DIRECTORY, bytes(from), DIRECTORY, bytes(to)));
    }

    @Override
    public void remove(String name) throws IOException {
        ok(new Tmessage.Tunlinkat(DIRECTORY, bytes(name), 0));
    }

    @Override
    public void sync(String name) throws IOException {
        withFile(name, OpenFlags.READ_ONLY, () -> ok(new Tmessage.Tfsync(FILE, false)));
    }

    @Override
    public boolean label(String name, long value) throws IOException {
        byte[] text = bytes(Long.toString(value));
        ok(NinePClient.walkMessage(DIRECTORY, ATTRIBUTE, name));
        ok(new Tmessage.Txattrcreate(ATTRIBUTE, LABEL, text.length, 0));
        write(ATTRIBUTE, 0, text);
        ok(new Tmessage.Tclunk(ATTRIBUTE));
        return true;
    }

    @Override
    public long label(String name) throws IOException {
        ok(NinePClient.walkMessage(DIRECTORY, FILE, name));
        long label = 0;
        Errno error = error(new Tmessage.Txattrwalk(FILE, ATTRIBUTE, LABEL));
        if (error == null) {
            label = Long.parseLong(new String(data(ATTRIBUTE, 0, 100), StandardCharsets.US_ASCII));
            ok(new Tmessage.Tclunk(ATTRIBUTE));
        } else if (error != Errno.ENODATA) {
            throw new IOException("Txattrwalk: " + error);
        }
        ok(new Tmessage.Tclunk(FILE));
        return label;
    }

    @Override
    public void lock(String name) throws IOException {
        try (SoakNineP other = new SoakNineP(port, directory)) {
            withFile(
                    name,
                    OpenFlags.READ_WRITE,
                    () -> other.withFile(name, OpenFlags.READ_WRITE, () -> {
                        lock(LockType.WRITE, 1, LockStatus.SUCCESS);
                        other.lock(LockType.READ, 2, LockStatus.BLOCKED);
                        lock(LockType.UNLOCK, 1, LockStatus.SUCCESS);
                        other.lock(LockType.READ, 2, LockStatus.SUCCESS);
                    }));
        }
    }

    private void lock(LockType type, int process, LockStatus wanted) throws IOException {
        LockOwner owner = new LockOwner(process, bytes("soak"));
        Rmessage.Rlock reply = (Rmessage.Rlock) ok(new Tmessage.Tlock(FILE, type, 0, new LockRange(0, 100), owner));
        if (reply.status() != wanted) {
            throw new SoakFailure("the lock is " + reply.status() + " instead of " + wanted);
        }
    }

    @Override
    public void close() {
        client.close();
    }
}
