// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.netty.buffer.Unpooled;
import io.zerofs.cli.config.ConfigLoader;
import io.zerofs.cli.config.Environment;
import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.core.format.Keys;
import io.zerofs.core.fs.CheckedFileSystems;
import io.zerofs.core.secret.Secret;
import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.server.client.NinePClient;
import io.zerofs.server.client.NinePSocket;
import io.zerofs.server.load.TreeListing;
import io.zerofs.server.ninep.wire.OpenFlags;
import io.zerofs.server.ninep.wire.Tmessage;
import io.zerofs.storage.VolumeOpener;
import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.gc.GcSettings;
import io.zerofs.storage.object.local.LocalObjectStore;
import io.zerofs.storage.recovery.OpenProgress;
import io.zerofs.storage.recovery.OpenSettings;
import io.zerofs.storage.seal.FormatVersion;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.Enumeration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Stores that older programs wrote are opened, are what they were, and can be written to. */
class OldStoresTest {
    private static final Path STORES = Path.of("src/test/resources/stores");
    private static final Secret PASSWORD = Secret.of("old-stores");
    private static final int VERSION_OFFSET = 4;
    private static final int FILE = 1;
    private static final String NEW_FILE = "written-today";

    @TempDir
    Path directory;

    static List<String> stores() throws IOException {
        try (Stream<Path> files = Files.list(STORES)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".zip"))
                    .map(name -> name.substring(0, name.length() - ".zip".length()))
                    .sorted()
                    .toList();
        }
    }

    /** A program with a new format keeps stores of the formats before it. */
    @Test
    void everyFormatHasAStore() throws Exception {
        Set<Integer> found = stores().stream().map(OldStoresTest::format).collect(Collectors.toSet());
        Set<Integer> all =
                Arrays.stream(FormatVersion.values()).map(FormatVersion::number).collect(Collectors.toSet());
        assertEquals(all, found, "formats of the stores in " + STORES);
    }

    private static int format(String store) {
        try (ZipFile zip = new ZipFile(STORES.resolve(store + ".zip").toFile())) {
            ZipEntry volume = zip.getEntry("volume");
            return ByteBuffer.wrap(zip.getInputStream(volume).readAllBytes()).getShort(VERSION_OFFSET);
        } catch (IOException e) {
            throw new AssertionError(store, e);
        }
    }

    @ParameterizedTest
    @MethodSource("stores")
    void storeIsOpenedCheckedAndWrittenTo(String store) {
        try {
            openCheckAndWrite(store);
        } catch (Exception e) {
            throw new AssertionError("store " + store, e);
        }
    }

    private void openCheckAndWrite(String store) throws Exception {
        List<String> expected = Files.readAllLines(STORES.resolve(store + ".txt"));
        unpack(store);
        try (StorageVolume volume = open()) {
            assertConsistent(store, volume);
            if (store.endsWith("-killed")) {
                assertTrue(hasRecord(volume, Keys.orphansFrom(0)), () -> "store " + store + " has no orphan");
                assertTrue(hasRecord(volume, Keys.tombstonesFrom(0)), () -> "store " + store + " has no tombstone");
            }
            try (Services services = serve(volume);
                    NinePClient client = connect()) {
                assertSame(store, expected, TreeListing.of(client));
                client.create(NinePClient.ROOT, FILE, NEW_FILE, OpenFlags.READ_WRITE, 0644);
                client.ok(new Tmessage.Twrite(FILE, 0, Unpooled.wrappedBuffer(new byte[1000])));
                client.ok(new Tmessage.Tfsync(FILE, false));
            }
        }
        try (StorageVolume volume = open()) {
            try (Services services = serve(volume);
                    NinePClient client = connect()) {
                List<String> again = TreeListing.of(client);
                assertEquals(
                        1,
                        again.stream()
                                .filter(line -> line.startsWith("/" + NEW_FILE))
                                .count(),
                        store);
                // The new file has changed the times of the root.
                assertSame(store, withoutRoot(expected), withoutRoot(again));
            }
            volume.barrier().get();
            assertConsistent(store, volume);
        }
    }

    private static boolean hasRecord(StorageVolume volume, KeyRange range) throws Exception {
        try (Cursor found = volume.scan(range)) {
            return found.next();
        }
    }

    private static List<String> withoutRoot(List<String> listing) {
        return listing.stream()
                .filter(line -> !line.startsWith("/ ") && !line.startsWith("/" + NEW_FILE))
                .toList();
    }

    private static void assertSame(String store, List<String> expected, List<String> found) {
        assertEquals(String.join("\n", expected), String.join("\n", found), () -> "the tree in store " + store);
    }

    private static void assertConsistent(String store, StorageVolume volume) throws Exception {
        assertEquals(List.of(), CheckedFileSystems.problems(volume), () -> "store " + store);
    }

    private void unpack(String store) throws IOException {
        try (ZipFile zip = new ZipFile(STORES.resolve(store + ".zip").toFile())) {
            for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements(); ) {
                ZipEntry entry = all.nextElement();
                Path target = directory.resolve("store").resolve(entry.getName());
                if (entry.isDirectory()) {
                    Files.createDirectories(target);
                } else {
                    Files.createDirectories(target.getParent());
                    Files.copy(zip.getInputStream(entry), target);
                }
            }
        }
    }

    private StorageVolume open() throws Exception {
        return VolumeOpener.open(
                LocalObjectStore.open(directory.resolve("store"), InstantSource.system()),
                PASSWORD,
                OpenSettings.DEFAULT,
                GcSettings.DEFAULT,
                directory.resolve("cache"),
                OpenProgress.SILENT);
    }

    private Services serve(StorageVolume volume) throws Exception {
        Path file = Files.writeString(directory.resolve("z.toml"), """
                [cache]
                dir = "%1$s/cache"
                [storage]
                url = "file://%1$s/store"
                encryption_password = "p"
                [servers.ninep]
                addresses = []
                unix_socket = "%1$s/s"
                """.formatted(directory), StandardCharsets.UTF_8);
        ZerofsConfig config = new ConfigLoader(Environment.process()).load(file);
        return Services.open(volume, Optional.empty(), config, OpenFiles.of(config));
    }

    private NinePClient connect() throws Exception {
        return NinePSocket.connect(UnixDomainSocketAddress.of(directory.resolve("s")))
                .begin(0);
    }
}
