// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nbd;

import static io.zerofs.server.client.NbdClient.last;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.server.client.NbdClient;
import io.zerofs.server.client.NbdClient.OptionReply;
import io.zerofs.server.nbd.wire.InfoType;
import io.zerofs.server.nbd.wire.NbdOption;
import io.zerofs.server.nbd.wire.OptionReplyType;
import io.zerofs.server.nbd.wire.TransmissionFlag;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.net.ServerResources;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NbdNegotiationTest {
    private static final byte[] NOTHING = {};
    private final NbdFixture fixture;

    NbdNegotiationTest() throws Exception {
        fixture = new NbdFixture();
    }

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    private static void assertError(OptionReplyType expected, List<OptionReply> replies) {
        assertEquals(expected.code(), last(replies).type(), last(replies).text());
        assertEquals(1, replies.size());
    }

    /** Creates names that are no exports. */
    private void createOthers() throws Exception {
        fixture.files().create(Credentials.ROOT, fixture.directory(), FileName.of("dir"), NewNode.directory(0755));
        fixture.files()
                .create(
                        Credentials.ROOT,
                        fixture.directory(),
                        FileName.of("link"),
                        NewNode.symlink("disk0".getBytes(StandardCharsets.US_ASCII)));
    }

    @Test
    void listNamesTheRegularFilesThatHaveTextForAName() throws Exception {
        fixture.device("disk0", 1);
        fixture.device("Platte-ä", 1);
        fixture.files()
                .create(
                        Credentials.ROOT,
                        fixture.directory(),
                        FileName.of(new byte[] {'d', (byte) 0xff}),
                        NewNode.file(0644));
        createOthers();
        try (NbdClient client = fixture.connect()) {
            assertEquals(List.of("Platte-ä", "disk0"), list(client));
        }
    }

    @Test
    void manyNamesAreNeitherCountedNorWalkedForOneOption() throws Exception {
        AtomicInteger walks = new AtomicInteger();
        fixture.steered().before("list", arguments -> walks.incrementAndGet());
        fixture.device("disk0", 10);
        try (NbdClient client = fixture.connect()) {
            list(client);
            assertEquals(1, walks.get(), "one part of a list is one walk");
            for (int i = 0; i < Exports.LISTED_MAX; i++) {
                fixture.device("d" + i, 0);
            }
            walks.set(0);
            assertError(OptionReplyType.ERR_TOO_BIG, client.option(NbdOption.LIST, NOTHING));
            assertError(OptionReplyType.ERR_UNKNOWN, client.option(NbdOption.GO, NbdClient.selectData("")));
            assertEquals(0, walks.get());
        }
    }

    private static List<String> list(NbdClient client) throws IOException {
        List<OptionReply> replies = client.option(NbdOption.LIST, NOTHING);
        assertEquals(NbdClient.ACK, last(replies).type());
        List<String> names = new ArrayList<>();
        for (OptionReply reply : replies.subList(0, replies.size() - 1)) {
            assertEquals(OptionReplyType.SERVER.code(), reply.type());
            assertEquals(reply.data().length - 4, reply.buffer().getInt());
            names.add(new String(reply.data(), 4, reply.data().length - 4, StandardCharsets.UTF_8));
        }
        names.sort(null);
        return names;
    }

    @Test
    void aFileIsAnExportFromTheMomentItExists() throws Exception {
        try (NbdClient client = fixture.connect()) {
            assertError(OptionReplyType.ERR_UNKNOWN, client.option(NbdOption.INFO, NbdClient.selectData("disk0")));
            fixture.device("disk0", 12_345);
            assertEquals(List.of("disk0"), list(client));
            assertEquals(12_345, client.go("disk0").size);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"nothing", ".", "..", "dir", "link", "dir/disk", "/disk0"})
    void onlyRegularFilesOfTheDirectoryAreDevices(String name) throws Exception {
        fixture.device("disk0", 1);
        createOthers();
        try (NbdClient client = fixture.connect()) {
            assertError(OptionReplyType.ERR_UNKNOWN, client.option(NbdOption.GO, NbdClient.selectData(name)));
            assertError(
                    OptionReplyType.ERR_UNKNOWN,
                    client.option(NbdOption.GO, NbdClient.selectData(name + "x".repeat(300))));
        }
    }

    @Test
    void theEmptyNameMeansTheOnlyExport() throws Exception {
        try (NbdClient client = fixture.connect()) {
            assertError(OptionReplyType.ERR_UNKNOWN, client.option(NbdOption.INFO, NbdClient.selectData("")));
            fixture.device("only", 7);
            List<OptionReply> replies = client.option(NbdOption.INFO, NbdClient.selectData("", InfoType.NAME.code()));
            assertEquals(3, replies.size());
            assertEquals("\0\1only", replies.get(1).text());
            fixture.device("second", 7);
            assertError(OptionReplyType.ERR_UNKNOWN, client.option(NbdOption.GO, NbdClient.selectData("")));
        }
    }

    @Test
    void infoReportsTheRequestedItemsAndGoBegins() throws Exception {
        fixture.device("disk0", 5_000);
        try (NbdClient client = fixture.connect()) {
            byte[] data = NbdClient.selectData("disk0", 1, 2, 3, 77);
            for (NbdOption option : List.of(NbdOption.INFO, NbdOption.GO)) {
                List<OptionReply> replies = client.option(option, data);
                assertEquals(4, replies.size());
                assertEquals(5_000, replies.get(0).buffer().getLong(2));
                assertEquals("\0\1disk0", replies.get(1).text());
                ByteBuffer blockSize = replies.get(2).buffer();
                assertEquals(InfoType.BLOCK_SIZE.code(), blockSize.getShort());
                assertEquals(1, blockSize.getInt());
                assertEquals(4_096, blockSize.getInt());
                assertEquals(32 << 20, blockSize.getInt());
            }
            assertEquals(0, client.flush());
        }
    }

    @Test
    void infoDoesNotHoldTheFileAndGoDoes() throws Exception {
        var file = fixture.device("disk0", 5_000);
        try (NbdClient client = fixture.connect()) {
            client.option(NbdOption.INFO, NbdClient.selectData("disk0"));
            fixture.resize(file, 6_000);
            assertEquals(6_000, client.go("disk0").size);
            FsException busy = assertThrows(FsException.class, () -> fixture.resize(file, 7_000));
            assertEquals(FsError.BUSY, busy.error());
        }
    }

    @Test
    void aFileThatNobodyMayWriteIsAReadOnlyExport() throws Exception {
        fixture.device("readable", 1, 0444);
        fixture.device("secret", 1, 0);
        fixture.device("writable", 1, 0020);
        try (NbdClient client = fixture.connect()) {
            assertTrue(isReadOnly(client, "readable"));
            assertTrue(isReadOnly(client, "secret"));
            assertFalse(isReadOnly(client, "writable"));
        }
    }

    private static boolean isReadOnly(NbdClient client, String name) throws IOException {
        ByteBuffer info =
                client.option(NbdOption.INFO, NbdClient.selectData(name)).get(0).buffer();
        return TransmissionFlag.READ_ONLY.isIn(info.getShort(10));
    }

    @Test
    void aFileLargerThanClientsCanAddressIsRefused() throws Exception {
        fixture.device("huge", Long.MIN_VALUE);
        fixture.device("largest", Long.MAX_VALUE);
        try (NbdClient client = fixture.connect()) {
            assertError(OptionReplyType.ERR_POLICY, client.option(NbdOption.GO, NbdClient.selectData("huge")));
            assertEquals(Long.MAX_VALUE, client.go("largest").size);
        }
    }

    @Test
    void exportNameBeginsTransmissionOrCloses() throws Exception {
        fixture.device("disk0", 512);
        try (NbdClient client = fixture.connect()) {
            client.sendOption(NbdOption.EXPORT_NAME.code(), "disk0".getBytes(StandardCharsets.US_ASCII));
            client.readExportNameReply(0);
            assertEquals(512, client.size);
            assertEquals(0, client.flush());
        }
        try (NbdClient old = NbdClient.raw(fixture.address())) {
            assertEquals(3, old.readGreeting());
            old.send(new byte[] {0, 0, 0, 0});
            old.sendOption(NbdOption.EXPORT_NAME.code(), "disk0".getBytes(StandardCharsets.US_ASCII));
            old.readExportNameReply(124);
            assertEquals(0, old.flush());
        }
        try (NbdClient client = fixture.connect()) {
            client.sendOption(NbdOption.EXPORT_NAME.code(), "disk1".getBytes(StandardCharsets.US_ASCII));
            assertTrue(client.isAtEnd());
        }
    }

    @Test
    void abortIsAcknowledgedAndCloses() throws Exception {
        try (NbdClient client = fixture.connect()) {
            assertEquals(
                    NbdClient.ACK,
                    last(client.option(NbdOption.ABORT, new byte[] {1})).type());
            assertTrue(client.isAtEnd());
        }
    }

    @Test
    void unsupportedAndMalformedOptionsAreAnsweredAndTheNextOneIsRead() throws Exception {
        fixture.device("disk0", 512);
        try (NbdClient client = fixture.connect()) {
            assertError(OptionReplyType.ERR_UNSUP, client.option(NbdOption.STARTTLS, NOTHING));
            assertError(OptionReplyType.ERR_UNSUP, client.option(NbdOption.EXTENDED_HEADERS, NOTHING));
            assertError(OptionReplyType.ERR_UNSUP, client.option(0x7fff_ffff, new byte[10_000]));
            assertError(OptionReplyType.ERR_INVALID, client.option(NbdOption.LIST, new byte[1]));
            assertError(OptionReplyType.ERR_INVALID, client.option(NbdOption.GO, NOTHING));
            assertError(OptionReplyType.ERR_INVALID, client.option(NbdOption.STRUCTURED_REPLY, new byte[1]));
            assertEquals(512, client.go("disk0").size);
        }
    }

    @Test
    void metadataContextsAreListedAndSelected() throws Exception {
        fixture.device("disk0", 512);
        try (NbdClient client = fixture.connect()) {
            byte[] selected = NbdClient.queryData("disk0", "base:allocation");
            assertError(OptionReplyType.ERR_INVALID, client.option(NbdOption.SET_META_CONTEXT, selected));
            client.structured();
            for (String[] queries : new String[][] {{}, {"base:"}, {"base:allocation"}, {"x-other:", "base:"}}) {
                List<OptionReply> replies =
                        client.option(NbdOption.LIST_META_CONTEXT, NbdClient.queryData("disk0", queries));
                assertEquals(2, replies.size());
                assertArrayEquals(
                        "\0\0\0\0base:allocation".getBytes(StandardCharsets.US_ASCII),
                        replies.get(0).data());
            }
            for (String[] queries : new String[][] {{}, {"base:"}, {"qemu:dirty-bitmap:a"}, {"base:other"}}) {
                List<OptionReply> replies =
                        client.option(NbdOption.SET_META_CONTEXT, NbdClient.queryData("disk0", queries));
                assertEquals(1, replies.size(), "nothing is selected");
            }
            assertEquals(2, client.option(NbdOption.SET_META_CONTEXT, selected).size());
            assertError(
                    OptionReplyType.ERR_INVALID,
                    client.option(NbdOption.SET_META_CONTEXT, NbdClient.queryData("disk0", "allocation")));
            assertError(
                    OptionReplyType.ERR_UNKNOWN,
                    client.option(NbdOption.SET_META_CONTEXT, NbdClient.queryData("disk1", "base:allocation")));
        }
    }

    @Test
    void bytesOfAnotherProtocolEndTheConnection() throws Exception {
        try (NbdClient client = NbdClient.raw(fixture.address())) {
            client.readGreeting();
            client.send(new byte[] {0, 0, 0, 4});
            assertTrue(client.isAtEnd(), "unknown client flag");
        }
        try (NbdClient client = fixture.connect()) {
            client.send("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            assertTrue(client.isAtEnd(), "wrong magic");
        }
        try (NbdClient client = fixture.connect()) {
            ByteBuffer header = ByteBuffer.wrap(NbdClient.optionBytes(NbdOption.GO.code(), NOTHING));
            client.send(header.putInt(12, -1).array());
            assertTrue(client.isAtEnd(), "an option of 4 GiB");
        }
    }

    @Test
    void theDirectoryMayBeRemovedWhileTheServerRuns() throws Exception {
        fixture.files()
                .remove(Credentials.ROOT, fixture.files().root(), FileName.of(Exports.DIRECTORY), RemoveMode.DIRECTORY);
        try (NbdClient client = fixture.connect()) {
            assertEquals(List.of(), list(client));
            assertError(OptionReplyType.ERR_UNKNOWN, client.option(NbdOption.GO, NbdClient.selectData("disk0")));
        }
    }

    @Test
    void aFileInPlaceOfTheDirectoryIsAnErrorAtStart() throws Exception {
        FileName name = FileName.of(Exports.DIRECTORY);
        var root = fixture.files().root();
        fixture.files().remove(Credentials.ROOT, root, name, RemoveMode.DIRECTORY);
        fixture.files().create(Credentials.ROOT, root, name, NewNode.of(FileKind.FIFO, 0644));
        try (ServerResources resources = new ServerResources(NbdFixture.SETTINGS)) {
            List<ListenAddress> addresses = List.of(ListenAddress.tcp("127.0.0.1:0"));
            FsException failure =
                    assertThrows(FsException.class, () -> NbdServer.open(fixture.files(), addresses, resources));
            assertEquals(FsError.NOT_DIRECTORY, failure.error());
        }
    }

    @Test
    void aUnixSocketServesTheSame(@TempDir Path directory) throws Exception {
        fixture.device("disk0", 512);
        ListenAddress address = ListenAddress.unix(directory.resolve("nbd.sock"));
        try (ServerResources resources = new ServerResources(NbdFixture.SETTINGS);
                NbdServer server = NbdServer.open(fixture.files(), List.of(address), resources);
                NbdClient client = NbdClient.connect(server.addresses().get(0))) {
            assertEquals(512, client.go("disk0").size);
            assertEquals(0, client.write(0, (byte) 1));
            assertArrayEquals(new byte[] {1, 0}, client.read(0, 2));
        }
    }

    @Test
    void anErrorOfTheFileSystemIsAnsweredAndTheNextOptionIsRead() throws Exception {
        fixture.device("disk0", 512);
        fixture.steered().before("lookup", arguments -> {
            throw FsError.IO.exception();
        });
        try (NbdClient client = fixture.connect()) {
            assertError(OptionReplyType.ERR_PLATFORM, client.option(NbdOption.GO, NbdClient.selectData("disk0")));
            fixture.steered().before("lookup", arguments -> {});
            assertEquals(512, client.go("disk0").size);
        }
    }
}
