// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import static io.zerofs.server.client.Nfs3Client.bytes;
import static io.zerofs.server.client.Nfs3Client.ofMode;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.server.client.Nfs3Client;
import io.zerofs.server.nfs3.wire.Nfs3Call;
import io.zerofs.server.nfs3.wire.Nfs3Result;
import io.zerofs.server.nfs3.wire.Nfs3ResultReader.Entries;
import io.zerofs.server.nfs3.wire.Nfs3ResultReader.Entry;
import io.zerofs.server.nfs3.wire.Nfs3Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** READDIR and READDIRPLUS. */
class Nfs3ReadDirTest {
    private static final int FILES = 300;
    /** status, then attributes of the directory and verifier */
    private static final int HEAD_BYTES = 88 + 8;

    private Nfs3Fixture fixture = Nfs3Fixture.open();
    private Nfs3Client client = fixture.client;
    private final byte[] root = fixture.root;
    private final byte[] directory = client.makeDirectory(root, "d");

    Nfs3ReadDirTest() throws Exception {}

    @AfterEach
    void close() throws Exception {
        fixture.close();
    }

    private Set<String> makeFiles(int count) throws IOException {
        Set<String> names = new HashSet<>();
        for (int i = 0; i < count; i++) {
            names.add("file" + i);
            client.create(directory, "file" + i);
        }
        return names;
    }

    private static String name(Entry entry) {
        return new String(entry.name(), StandardCharsets.UTF_8);
    }

    private Nfs3Result.ReadDirOk page(long cookie, int count) throws IOException {
        return client.call(
                Nfs3Result.ReadDirOk.class, new Nfs3Call.ReadDir(directory, cookie, cookie == 0 ? 0 : 1, count));
    }

    @Test
    void everyEntryIsSeenOnceWithinTheLimit() throws IOException {
        Set<String> expected = makeFiles(FILES);
        List<String> seen = new ArrayList<>();
        long cookie = 0;
        Entries entries;
        do {
            Nfs3Result.ReadDirOk page = page(cookie, 1_024);
            assertTrue(HEAD_BYTES + page.payload().readableBytes() <= 1_024);
            entries = Nfs3Client.entries(page, false);
            entries.list().forEach(entry -> seen.add(name(entry)));
            cookie = entries.list().get(entries.list().size() - 1).cookie();
        } while (!entries.endOfDirectory());
        assertEquals(FILES + 2, seen.size());
        assertEquals(List.of(".", ".."), seen.subList(0, 2));
        assertEquals(expected, new HashSet<>(seen.subList(2, seen.size())));
    }

    @Test
    void plusReturnsTheSameHandleAndAttributesAsLookup() throws IOException {
        makeFiles(40);
        for (Entry entry : client.list(directory)) {
            Nfs3Result.LookupOk found = client.lookup(directory, name(entry));
            assertArrayEquals(found.object(), entry.handle());
            assertEquals(found.attributes(), entry.attributes());
            assertEquals(entry.fileId(), entry.attributes().fileId());
        }
    }

    @Test
    void listingContinuesWhileTheDirectoryChangesAndAfterARestart() throws Exception {
        makeFiles(FILES);
        Entries first = Nfs3Client.entries(page(0, 1_024), false);
        Entry last = first.list().get(first.list().size() - 1);
        client.call(Nfs3Result.WccOk.class, new Nfs3Call.Remove(directory, last.name()));
        fixture = fixture.restart();
        client = fixture.client;
        Set<String> seen = new HashSet<>();
        first.list().forEach(entry -> seen.add(name(entry)));
        long cookie = last.cookie();
        boolean end = false;
        while (!end) {
            Entries entries = Nfs3Client.entries(page(cookie, 4_096), false);
            for (Entry entry : entries.list()) {
                assertTrue(seen.add(name(entry)), name(entry) + " was seen twice");
                cookie = entry.cookie();
            }
            end = entries.endOfDirectory();
        }
        assertEquals(FILES + 2, seen.size());
    }

    @Test
    void listingEndsWhileItsEntriesAreRenamedAndOthersCome() throws IOException {
        makeFiles(FILES);
        int seen = 0;
        long cookie = 0;
        long verifier = 0;
        boolean end = false;
        while (!end && seen < 10 * FILES) {
            Nfs3Result.ReadDirOk page =
                    client.call(Nfs3Result.ReadDirOk.class, new Nfs3Call.ReadDir(directory, cookie, verifier, 1_024));
            Entries entries = Nfs3Client.entries(page, false);
            for (Entry entry : entries.list()) {
                seen++;
                cookie = entry.cookie();
                client.create(directory, "new" + seen);
                if (cookie > 2) {
                    byte[] name = ("renamed" + seen).getBytes(StandardCharsets.UTF_8);
                    client.call(
                            Nfs3Result.RenameOk.class, new Nfs3Call.Rename(directory, entry.name(), directory, name));
                }
            }
            verifier = page.verifier();
            end = entries.endOfDirectory();
        }
        assertEquals(FILES + 2, seen);
    }

    @Test
    void listingBegunBeforeAnUpdateContinues() throws IOException {
        makeFiles(1);
        Entries entries = Nfs3Client.entries(page(2, 1_024), false);
        assertEquals(
                List.of("file0"),
                entries.list().stream().map(Nfs3ReadDirTest::name).toList());
    }

    @Test
    void limitThatHoldsNoEntryIsTooSmall() throws IOException {
        assertEquals(Nfs3Status.TOOSMALL, client.status(new Nfs3Call.ReadDir(directory, 0, 0, HEAD_BYTES + 8 + 27)));
        assertEquals(Nfs3Status.TOOSMALL, client.status(new Nfs3Call.ReadDir(directory, 0, 0, 0)));
        assertEquals(Nfs3Status.TOOSMALL, client.status(new Nfs3Call.ReadDirPlus(directory, 0, 0, 4_096, 100)));
        // An entry follows, file id, ".", cookie.
        assertEquals(
                1,
                Nfs3Client.entries(page(0, HEAD_BYTES + 8 + 28), false).list().size());
    }

    @Test
    void foreignVerifierIsRefused() throws IOException {
        assertEquals(Nfs3Status.BAD_COOKIE, client.status(new Nfs3Call.ReadDir(directory, 2, 99, 4_096)));
    }

    @Test
    void listingNeedsADirectoryAndPermission() throws IOException {
        byte[] file = client.create(root, "f");
        assertEquals(Nfs3Status.NOTDIR, client.status(new Nfs3Call.ReadDir(file, 0, 0, 4_096)));
        client.call(Nfs3Result.WccOk.class, new Nfs3Call.SetAttr(directory, ofMode(0711), null));
        assertEquals(Nfs3Status.ACCES, client.as(5, 5).status(new Nfs3Call.ReadDirPlus(directory, 0, 0, 4_096, 4_096)));
    }

    @Test
    void emptyDirectoryHasDotAndDotDot() throws IOException {
        byte[] inner = client.makeDirectory(directory, "inner");
        List<Entry> entries = client.list(inner);
        assertEquals(2, entries.size());
        assertArrayEquals(inner, entries.get(0).handle());
        assertArrayEquals(directory, entries.get(1).handle());
        assertArrayEquals(bytes(".."), entries.get(1).name());
    }
}
