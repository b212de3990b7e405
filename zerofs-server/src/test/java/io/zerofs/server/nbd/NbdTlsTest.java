// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.nbd.wire.NbdCommand;
import io.zerofs.server.nbd.wire.NbdOption;
import io.zerofs.server.nbd.wire.OptionReplyType;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.net.ServerResources;
import io.zerofs.server.net.ServerSettings;
import io.zerofs.server.net.TlsServer;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** STARTTLS: who must encrypt, who must have a certificate, and that nothing said before counts. */
class NbdTlsTest {
    private static final char[] PASSWORD = "password".toCharArray();
    private static final byte[] NOTHING = new byte[0];
    private static final int DEVICE_BYTES = 1 << 20;

    @TempDir
    static Path directory;

    private static KeyStore serverKeys;
    private static KeyStore clientKeys;

    private final NbdFixture fixture = new NbdFixture();
    private final ServerResources resources = new ServerResources(ServerSettings.DEFAULT);
    private NbdServer server;

    NbdTlsTest() throws Exception {}

    @BeforeAll
    static void makeCertificates() throws Exception {
        serverKeys = makeCertificate("server");
        clientKeys = makeCertificate("client");
    }

    private static KeyStore makeCertificate(String name) throws Exception {
        Path store = directory.resolve(name + ".p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        name,
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=" + name,
                        "-storetype",
                        "PKCS12",
                        "-ext",
                        "san=dns:localhost",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        new String(PASSWORD))
                .redirectErrorStream(true)
                .start();
        String said = new String(keytool.getInputStream().readAllBytes(), US_ASCII);
        assertEquals(0, keytool.waitFor(), said);
        KeyStore keys = KeyStore.getInstance(store.toFile(), PASSWORD);
        writePem(name + ".pem", "CERTIFICATE", keys.getCertificate(name).getEncoded());
        writePem(name + "-key.pem", "PRIVATE KEY", keys.getKey(name, PASSWORD).getEncoded());
        return keys;
    }

    private static void writePem(String file, String type, byte[] bytes) throws IOException {
        String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(bytes);
        Files.writeString(
                directory.resolve(file), "-----BEGIN " + type + "-----\n" + text + "\n-----END " + type + "-----\n");
    }

    private static TlsServer tls(boolean knowsClients) {
        return TlsServer.open(
                directory.resolve("server.pem"),
                directory.resolve("server-key.pem"),
                knowsClients ? Optional.of(directory.resolve("client.pem")) : Optional.empty());
    }

    @BeforeEach
    void makeDevice() throws Exception {
        VirtualFileSystem files = fixture.files();
        InodeId exports = files.lookup(Credentials.ROOT, files.root(), FileName.of(".nbd"))
                .id();
        InodeId device = files.create(Credentials.ROOT, exports, FileName.of("disk"), NewNode.file(0600))
                .node()
                .id();
        files.setAttributes(Credentials.ROOT, device, AttributeChange.ofSize(DEVICE_BYTES), DataAccess.CHECKED_NOW);
    }

    @AfterEach
    void close() throws Exception {
        if (server != null) {
            server.close();
        }
        resources.close();
        fixture.close();
    }

    private void serve(TlsServer tls, boolean required) throws Exception {
        Optional<NbdTls> offered = tls == null ? Optional.empty() : Optional.of(new NbdTls(tls, required));
        server = NbdServer.open(fixture.files(), offered, List.of(ListenAddress.tcp("127.0.0.1:0")), resources);
    }

    /** A client that speaks over one socket, which may become an encrypted one. */
    private final class Client implements AutoCloseable {
        private Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());

        Client() throws IOException {
            socket.setSoTimeout(30_000);
            read(18);
            send(new byte[] {0, 0, 0, 3});
        }

        void send(byte[] bytes) throws IOException {
            socket.getOutputStream().write(bytes);
        }

        byte[] read(int count) throws IOException {
            byte[] bytes = new byte[count];
            new DataInputStream(socket.getInputStream()).readFully(bytes);
            return bytes;
        }

        /** The type of the last reply to an option. */
        int option(NbdOption option, byte[] data) throws IOException {
            send(NbdClient.optionBytes(option.code(), data));
            while (true) {
                ByteBuffer head = ByteBuffer.wrap(read(20));
                int type = head.getInt(12);
                read(head.getInt(16));
                if (type == OptionReplyType.ACK.code() || type < 0) {
                    return type;
                }
            }
        }

        void encrypt(boolean withCertificate) throws Exception {
            TrustManagerFactory trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            KeyStore servers = KeyStore.getInstance(KeyStore.getDefaultType());
            servers.load(null, null);
            servers.setCertificateEntry("server", serverKeys.getCertificate("server"));
            trusted.init(servers);
            KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            own.init(clientKeys, PASSWORD);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(withCertificate ? own.getKeyManagers() : null, trusted.getTrustManagers(), null);
            SSLSocket encrypted =
                    (SSLSocket) context.getSocketFactory().createSocket(socket, "localhost", server.port(), true);
            encrypted.startHandshake();
            socket = encrypted;
        }

        void startTls(boolean withCertificate) throws Exception {
            assertEquals(OptionReplyType.ACK.code(), option(NbdOption.STARTTLS, NOTHING));
            encrypt(withCertificate);
        }

        /** Writes to the device and reads it again. */
        void use() throws IOException {
            assertEquals(OptionReplyType.ACK.code(), option(NbdOption.GO, NbdClient.selectData("disk")));
            byte[] data = new byte[300_000];
            Arrays.fill(data, (byte) 7);
            send(NbdClient.requestBytes(0, NbdCommand.WRITE.code(), 1, 4096, data.length));
            send(data);
            assertEquals(0, ByteBuffer.wrap(read(16)).getInt(4));
            send(NbdClient.requestBytes(0, NbdCommand.READ.code(), 2, 4096, data.length));
            assertEquals(0, ByteBuffer.wrap(read(16)).getInt(4));
            assertArrayEquals(data, read(data.length));
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    @Test
    void anEncryptedDeviceIsWrittenAndRead() throws Exception {
        serve(tls(false), true);
        try (Client client = new Client()) {
            client.startTls(false);
            client.use();
        }
    }

    @Test
    void whereTlsIsRequiredNothingElseIsAnsweredBefore() throws Exception {
        serve(tls(false), true);
        try (Client client = new Client()) {
            for (NbdOption option : new NbdOption[] {NbdOption.LIST, NbdOption.STRUCTURED_REPLY}) {
                assertEquals(OptionReplyType.ERR_TLS_REQD.code(), client.option(option, NOTHING));
            }
            assertEquals(
                    OptionReplyType.ERR_TLS_REQD.code(), client.option(NbdOption.GO, NbdClient.selectData("disk")));
            client.startTls(false);
            client.use();
        }
        try (Client client = new Client()) {
            client.send(NbdClient.optionBytes(NbdOption.EXPORT_NAME.code(), "disk".getBytes(US_ASCII)));
            assertEquals(-1, client.socket.getInputStream().read());
        }
    }

    @Test
    void whereTlsIsOfferedTheClientChooses() throws Exception {
        serve(tls(false), false);
        try (Client client = new Client()) {
            client.use();
        }
        try (Client client = new Client()) {
            client.startTls(false);
            assertEquals(OptionReplyType.ERR_INVALID.code(), client.option(NbdOption.STARTTLS, NOTHING));
            client.use();
        }
    }

    @Test
    void whatWasNegotiatedBeforeDoesNotCount() throws Exception {
        serve(tls(false), false);
        try (Client client = new Client()) {
            assertEquals(OptionReplyType.ACK.code(), client.option(NbdOption.STRUCTURED_REPLY, NOTHING));
            client.startTls(false);
            client.use(); // Which reads simple replies.
        }
    }

    @Test
    void whatFollowsStartTlsUnencryptedEndsTheConnection() throws Exception {
        serve(tls(false), true);
        try (Client client = new Client()) {
            byte[] start = NbdClient.optionBytes(NbdOption.STARTTLS.code(), NOTHING);
            byte[] list = NbdClient.optionBytes(NbdOption.LIST.code(), NOTHING);
            byte[] both = Arrays.copyOf(start, start.length + list.length);
            System.arraycopy(list, 0, both, start.length, list.length);
            client.send(both);
            client.read(20);
            assertEquals(-1, client.socket.getInputStream().read());
        }
    }

    @Test
    void clientsThatFailInTlsDoNotFillTheLog() throws Exception {
        Logger logger = (Logger) LoggerFactory.getLogger("io.zerofs.server.net");
        ListAppender<ILoggingEvent> lines = new ListAppender<>();
        lines.start();
        logger.addAppender(lines);
        try {
            serve(tls(false), true);
            for (int i = 0; i < 20; i++) {
                try (Client client = new Client()) {
                    assertEquals(OptionReplyType.ACK.code(), client.option(NbdOption.STARTTLS, NOTHING));
                    client.send(new byte[100]);
                    client.socket.getInputStream().readAllBytes();
                }
            }
        } finally {
            logger.detachAppender(lines);
        }
        List<String> told = lines.list.stream()
                .map(ILoggingEvent::getFormattedMessage)
                .filter(line -> line.contains("closed: TLS"))
                .toList();
        assertTrue(told.size() > 0 && told.size() <= 10, told.size() + " lines");
        assertTrue(told.stream().allMatch(line -> line.endsWith("TLS: not encrypted")), told.get(0));
    }

    @Test
    void aClientNeedsACertificateWhereOneIsWanted() throws Exception {
        serve(tls(true), true);
        try (Client client = new Client()) {
            client.startTls(true);
            client.use();
        }
        try (Client client = new Client()) {
            assertThrows(IOException.class, () -> {
                client.startTls(false);
                client.use(); // In TLS 1.3 the server refuses after the client is done.
            });
        }
    }

    @Test
    void withoutACertificateOfTheServerThereIsNoTls() throws Exception {
        serve(null, false);
        try (Client client = new Client()) {
            assertEquals(OptionReplyType.ERR_UNSUP.code(), client.option(NbdOption.STARTTLS, NOTHING));
            client.use();
        }
    }

    @Test
    void filesThatAreNoCertificatesAreNamed() throws Exception {
        Path server = directory.resolve("server.pem");
        Path missing = directory.resolve("missing.pem");
        Path nonsense = Files.writeString(directory.resolve("nonsense.pem"), "nonsense");
        for (Path[] files :
                new Path[][] {{server, missing}, {missing, server}, {server, nonsense}, {nonsense, server}}) {
            IllegalArgumentException refusal = assertThrows(
                    IllegalArgumentException.class, () -> TlsServer.open(files[0], files[1], Optional.empty()));
            assertTrue(refusal.getMessage().contains(files[0] == server ? files[1].toString() : files[0].toString()));
        }
        assertThrows(
                IllegalArgumentException.class,
                () -> TlsServer.open(server, directory.resolve("client-key.pem"), Optional.of(nonsense)));
    }
}
