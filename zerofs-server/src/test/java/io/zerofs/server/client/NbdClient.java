// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.client;

import io.zerofs.server.nbd.wire.NbdCommand;
import io.zerofs.server.nbd.wire.NbdOption;
import io.zerofs.server.net.ListenAddress;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

/**
 * A client that says exactly what a test wants it to say, encrypted if the test wants that. Written from the protocol
 * document alone, with numbers where the server has names. One thread.
 */
public final class NbdClient implements AutoCloseable {
    public static final int FIXED_NEWSTYLE = 1;
    public static final int NO_ZEROES = 2;
    public static final int ACK = 1;

    /** The client's flags after the greeting. */
    public static final byte[] FLAGS = {0, 0, 0, FIXED_NEWSTYLE | NO_ZEROES};

    private static final int CHUNK_DATA = 1;
    private static final int CHUNK_HOLE = 2;
    private static final int CHUNK_ERROR = 0x8001;

    private final SocketChannel socket;
    private Closeable connection;
    private DataInputStream in;
    private DataOutputStream out;
    private final Map<Long, Long> readLengths = new HashMap<>();
    private boolean structured;
    public long size;
    public int transmissionFlags;

    /** An answer to an option; the last one is ACK or negative. */
    public record OptionReply(int type, byte[] data) {
        public String text() {
            return new String(data, StandardCharsets.UTF_8);
        }

        public ByteBuffer buffer() {
            return ByteBuffer.wrap(data);
        }
    }

    /** A chunk of a structured reply. */
    public record Chunk(int type, byte[] payload) {
        public ByteBuffer buffer() {
            return ByteBuffer.wrap(payload);
        }
    }

    /**
     * A whole reply.
     *
     * @param data of a read that succeeded, put together
     */
    public record Reply(long cookie, int error, byte[] data, List<Chunk> chunks) {}

    private NbdClient(SocketChannel socket) {
        this.socket = socket;
        speakOver(socket, Channels.newInputStream(socket), Channels.newOutputStream(socket));
    }

    private void speakOver(Closeable connection, InputStream in, OutputStream out) {
        this.connection = connection;
        this.in = new DataInputStream(in);
        this.out = new DataOutputStream(out);
    }

    /** Speaks TLS from now on, which the server must expect. */
    public void encrypt(SSLContext context) throws IOException {
        Socket plain = socket.socket();
        SSLSocket encrypted =
                (SSLSocket) context.getSocketFactory().createSocket(plain, "localhost", plain.getPort(), true);
        encrypted.startHandshake();
        speakOver(encrypted, encrypted.getInputStream(), encrypted.getOutputStream());
    }

    /** Only connects. */
    public static NbdClient raw(ListenAddress address) throws IOException {
        if (address instanceof ListenAddress.Tcp tcp) {
            return new NbdClient(SocketChannel.open(tcp.address()));
        }
        return new NbdClient(
                SocketChannel.open(UnixDomainSocketAddress.of(((ListenAddress.UnixSocket) address).path())));
    }

    /** Connects and exchanges the flags. */
    public static NbdClient connect(ListenAddress address) throws IOException {
        NbdClient client = raw(address);
        client.readGreeting();
        client.send(FLAGS);
        return client;
    }

    public SocketChannel channel() {
        return socket;
    }

    public int readGreeting() throws IOException {
        expect("NBDMAGIC", in.readLong());
        expect("IHAVEOPT", in.readLong());
        return in.readUnsignedShort();
    }

    private static void expect(String magic, long found) throws IOException {
        if (found != ByteBuffer.wrap(magic.getBytes(StandardCharsets.US_ASCII)).getLong()) {
            throw new IOException("magic is 0x" + Long.toHexString(found));
        }
    }

    public void send(byte[] bytes) throws IOException {
        out.write(bytes);
    }

    /** Whether the server has closed the connection; waits for it or for a byte. */
    public boolean isAtEnd() {
        try {
            return in.read() < 0;
        } catch (IOException reset) {
            return true;
        }
    }

    public void sendOption(int option, byte[] data) throws IOException {
        send(optionBytes(option, data));
    }

    public static byte[] optionBytes(int option, byte[] data) {
        return ByteBuffer.allocate(16 + data.length)
                .put("IHAVEOPT".getBytes(StandardCharsets.US_ASCII))
                .putInt(option)
                .putInt(data.length)
                .put(data)
                .array();
    }

    /** Sends an option and reads all answers. */
    public List<OptionReply> option(int option, byte[] data) throws IOException {
        sendOption(option, data);
        List<OptionReply> replies = new ArrayList<>();
        do {
            replies.add(readOptionReply(option));
        } while (last(replies).type != ACK && last(replies).type > 0);
        return replies;
    }

    public List<OptionReply> option(NbdOption option, byte[] data) throws IOException {
        return option(option.code(), data);
    }

    public static OptionReply last(List<OptionReply> replies) {
        return replies.get(replies.size() - 1);
    }

    public OptionReply readOptionReply(int option) throws IOException {
        long magic = in.readLong();
        int repeated = in.readInt();
        if (magic != 0x3e889045565a9L || repeated != option) {
            throw new IOException("an option reply begins with 0x" + Long.toHexString(magic) + ", " + repeated);
        }
        int type = in.readInt();
        byte[] data = new byte[in.readInt()];
        in.readFully(data);
        return new OptionReply(type, data);
    }

    public static byte[] selectData(String name, int... wanted) {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        ByteBuffer data = ByteBuffer.allocate(6 + text.length + 2 * wanted.length);
        data.putInt(text.length).put(text).putShort((short) wanted.length);
        for (int type : wanted) {
            data.putShort((short) type);
        }
        return data.array();
    }

    public static byte[] queryData(String name, String... queries) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            DataOutputStream data = new DataOutputStream(bytes);
            byte[] text = name.getBytes(StandardCharsets.UTF_8);
            data.writeInt(text.length);
            data.write(text);
            data.writeInt(queries.length);
            for (String query : queries) {
                byte[] each = query.getBytes(StandardCharsets.UTF_8);
                data.writeInt(each.length);
                data.write(each);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    public NbdClient structured() throws IOException {
        require(option(NbdOption.STRUCTURED_REPLY, new byte[0]));
        structured = true;
        return this;
    }

    public NbdClient allocation(String name) throws IOException {
        require(option(NbdOption.SET_META_CONTEXT, queryData(name, "base:allocation")));
        return this;
    }

    /** Enters the transmission phase, or fails with the text of the server. */
    public NbdClient go(String name) throws IOException {
        List<OptionReply> replies = require(option(NbdOption.GO, selectData(name)));
        ByteBuffer info = replies.get(0).buffer();
        info.getShort();
        size = info.getLong();
        transmissionFlags = info.getShort();
        return this;
    }

    /** Reads the answer to EXPORT_NAME. */
    public void readExportNameReply(int zeroes) throws IOException {
        size = in.readLong();
        transmissionFlags = in.readUnsignedShort();
        in.readFully(new byte[zeroes]);
    }

    private static List<OptionReply> require(List<OptionReply> replies) throws IOException {
        if (last(replies).type != ACK) {
            throw new IOException(last(replies).text());
        }
        return replies;
    }

    public static byte[] requestBytes(int flags, int command, long cookie, long offset, long length) {
        return ByteBuffer.allocate(28)
                .putInt(0x25609513)
                .putShort((short) flags)
                .putShort((short) command)
                .putLong(cookie)
                .putLong(offset)
                .putInt((int) length)
                .array();
    }

    /** Sends a request; the payload is what a WRITE carries. */
    public void request(int flags, NbdCommand command, long cookie, long offset, long length, byte... payload)
            throws IOException {
        if (command == NbdCommand.READ) {
            readLengths.put(cookie, length);
        }
        byte[] header = requestBytes(flags, command.code(), cookie, offset, length);
        send(ByteBuffer.allocate(header.length + payload.length)
                .put(header)
                .put(payload)
                .array());
    }

    /** Sends a request and reads its reply; no other may be in flight. */
    public Reply call(int flags, NbdCommand command, long offset, long length, byte... payload) throws IOException {
        long cookie = offset ^ length << 32 ^ command.code();
        request(flags, command, cookie, offset, length, payload);
        Reply reply = readReply();
        if (reply.cookie != cookie) {
            throw new IOException("the reply has the cookie of another request");
        }
        return reply;
    }

    public int write(long offset, byte... data) throws IOException {
        return call(0, NbdCommand.WRITE, offset, data.length, data).error;
    }

    public byte[] read(long offset, int length) throws IOException {
        Reply reply = call(0, NbdCommand.READ, offset, length);
        if (reply.error != 0) {
            throw new IOException("error " + reply.error);
        }
        return reply.data;
    }

    public int flush() throws IOException {
        return call(0, NbdCommand.FLUSH, 0, 0).error;
    }

    public Reply readReply() throws IOException {
        int magic = in.readInt();
        return switch (magic) {
            case 0x67446698 -> readSimple();
            case 0x668e33ef -> readStructured();
            default -> throw new IOException("a reply begins with 0x" + Integer.toHexString(magic));
        };
    }

    private Reply readSimple() throws IOException {
        int error = in.readInt();
        long cookie = in.readLong();
        Long length = readLengths.remove(cookie);
        if (structured && length != null) {
            throw new IOException("a simple reply to a read after structured replies were negotiated");
        }
        byte[] data = new byte[length == null || error != 0 ? 0 : length.intValue()];
        in.readFully(data);
        return new Reply(cookie, error, data, List.of());
    }

    /** Chunks of one reply; this client expects them without others in between, as this server sends them. */
    private Reply readStructured() throws IOException {
        if (!structured) {
            throw new IOException("a structured reply, and none were negotiated");
        }
        List<Chunk> chunks = new ArrayList<>();
        long cookie;
        boolean done;
        while (true) {
            done = (in.readUnsignedShort() & 1) != 0;
            int type = in.readUnsignedShort();
            cookie = in.readLong();
            byte[] payload = new byte[in.readInt()];
            in.readFully(payload);
            chunks.add(new Chunk(type, payload));
            if (done) {
                break;
            }
            in.readInt();
        }
        return assemble(cookie, chunks);
    }

    private Reply assemble(long cookie, List<Chunk> chunks) throws IOException {
        Long length = readLengths.remove(cookie);
        int error = 0;
        long covered = 0;
        long first = Long.MAX_VALUE;
        for (Chunk chunk : chunks) {
            if (chunk.type == CHUNK_DATA || chunk.type == CHUNK_HOLE) {
                first = Math.min(first, chunk.buffer().getLong());
            } else if (chunk.type == CHUNK_ERROR) {
                error = chunk.buffer().getInt();
            }
        }
        byte[] data = new byte[length == null || error != 0 ? 0 : length.intValue()];
        for (Chunk chunk : chunks) {
            ByteBuffer payload = chunk.buffer();
            if (chunk.type == CHUNK_DATA) {
                int at = (int) (payload.getLong() - first);
                covered += payload.remaining();
                payload.get(data, at, payload.remaining());
            } else if (chunk.type == CHUNK_HOLE) {
                payload.getLong();
                covered += payload.getInt();
            }
        }
        if (length != null && error == 0 && covered != length) {
            throw new IOException("the chunks of a read cover " + covered + " of " + length + " bytes");
        }
        return new Reply(cookie, error, data, chunks);
    }

    /** Ends the connection as a well-behaved client does. */
    public void disconnect() throws IOException {
        send(requestBytes(0, NbdCommand.DISC.code(), 0, 0, 0));
    }

    /** Sends no more. */
    public void finish() throws IOException {
        socket.shutdownOutput();
    }

    /** Reads and forgets what comes until the server closes the connection. */
    public void drain() {
        try {
            in.transferTo(OutputStream.nullOutputStream());
        } catch (IOException reset) {
            // The server closed before it had read everything.
        }
    }

    @Override
    public void close() throws IOException {
        connection.close();
    }
}
