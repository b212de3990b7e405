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
import io.zerofs.server.client.NbdClient;
import io.zerofs.server.nbd.wire.NbdOption;
import io.zerofs.server.nbd.wire.OptionReplyType;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.net.ServerResources;
import io.zerofs.server.net.ServerSettings;
import io.zerofs.server.net.TlsServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** STARTTLS: clients that must encrypt, clients that need a certificate, and no effect of earlier options. */
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

    private NbdClient connect() throws IOException {
        return NbdClient.connect(server.addresses().get(0));
    }

    private static void assertAnswer(OptionReplyType expected, NbdClient client, NbdOption option, byte... data)
            throws IOException {
        assertEquals(
                expected.code(), NbdClient.last(client.option(option, data)).type());
    }

    private static void startTls(NbdClient client, boolean withCertificate) throws Exception {
        assertAnswer(OptionReplyType.ACK, client, NbdOption.STARTTLS);
        TrustManagerFactory trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        KeyStore servers = KeyStore.getInstance(KeyStore.getDefaultType());
        servers.load(null, null);
        servers.setCertificateEntry("server", serverKeys.getCertificate("server"));
        trusted.init(servers);
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(clientKeys, PASSWORD);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(withCertificate ? own.getKeyManagers() : null, trusted.getTrustManagers(), null);
        client.encrypt(context);
    }

    /** Writes to the device and reads it again. */
    private static void use(NbdClient client) throws IOException {
        client.go("disk");
        byte[] data = new byte[300_000];
        Arrays.fill(data, (byte) 7);
        assertEquals(0, client.write(4096, data));
        assertArrayEquals(data, client.read(4096, data.length));
    }

    @Test
    void anEncryptedDeviceIsWrittenAndRead() throws Exception {
        serve(tls(false), true);
        try (NbdClient client = connect()) {
            startTls(client, false);
            use(client);
        }
    }

    @Test
    void requiredTlsComesBeforeAnyOtherAnswer() throws Exception {
        serve(tls(false), true);
        try (NbdClient client = connect()) {
            for (NbdOption option : new NbdOption[] {NbdOption.LIST, NbdOption.STRUCTURED_REPLY}) {
                assertAnswer(OptionReplyType.ERR_TLS_REQD, client, option);
            }
            assertAnswer(OptionReplyType.ERR_TLS_REQD, client, NbdOption.GO, NbdClient.selectData("disk"));
            startTls(client, false);
            use(client);
        }
        try (NbdClient client = connect()) {
            client.send(NbdClient.optionBytes(NbdOption.EXPORT_NAME.code(), "disk".getBytes(US_ASCII)));
            assertTrue(client.isAtEnd());
        }
    }

    @Test
    void whereTlsIsOfferedTheClientChooses() throws Exception {
        serve(tls(false), false);
        try (NbdClient client = connect()) {
            use(client);
        }
        try (NbdClient client = connect()) {
            startTls(client, false);
            assertAnswer(OptionReplyType.ERR_INVALID, client, NbdOption.STARTTLS);
            use(client);
        }
    }

    @Test
    void negotiationBeforeTlsDoesNotCount() throws Exception {
        serve(tls(false), false);
        try (NbdClient client = connect()) {
            assertAnswer(OptionReplyType.ACK, client, NbdOption.STRUCTURED_REPLY);
            startTls(client, false);
            use(client); // The server answers with simple replies, or the client fails.
        }
    }

    @Test
    void plainBytesAfterStartTlsEndTheConnection() throws Exception {
        serve(tls(false), true);
        try (NbdClient client = connect()) {
            byte[] start = NbdClient.optionBytes(NbdOption.STARTTLS.code(), NOTHING);
            byte[] list = NbdClient.optionBytes(NbdOption.LIST.code(), NOTHING);
            byte[] both = Arrays.copyOf(start, start.length + list.length);
            System.arraycopy(list, 0, both, start.length, list.length);
            client.send(both);
            client.readOptionReply(NbdOption.STARTTLS.code());
            assertTrue(client.isAtEnd());
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
                try (NbdClient client = connect()) {
                    assertAnswer(OptionReplyType.ACK, client, NbdOption.STARTTLS);
                    client.send(new byte[100]);
                    client.drain();
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
        try (NbdClient client = connect()) {
            startTls(client, true);
            use(client);
        }
        try (NbdClient client = connect()) {
            assertThrows(IOException.class, () -> {
                startTls(client, false);
                use(client); // In TLS 1.3 the server refuses after the client is done.
            });
        }
    }

    @Test
    void withoutACertificateOfTheServerThereIsNoTls() throws Exception {
        serve(null, false);
        try (NbdClient client = connect()) {
            assertAnswer(OptionReplyType.ERR_UNSUP, client, NbdOption.STARTTLS);
            use(client);
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
