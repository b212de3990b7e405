// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.cli.config.ConfigLoader;
import io.zerofs.cli.config.Environment;
import io.zerofs.core.files.Directories;
import io.zerofs.core.format.Counters;
import io.zerofs.core.format.InodeCodec;
import io.zerofs.core.format.InodeRecord;
import io.zerofs.core.format.Keys;
import io.zerofs.core.format.SmallRecords;
import io.zerofs.core.fs.CheckedFileSystems;
import io.zerofs.core.fs.ZeroFileSystem;
import io.zerofs.core.secret.Secret;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.Reservation;
import io.zerofs.storage.VolumeOpener;
import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.gc.GcSettings;
import io.zerofs.storage.object.local.LocalObjectStore;
import io.zerofs.storage.recovery.OpenProgress;
import io.zerofs.storage.recovery.OpenSettings;
import io.zerofs.storage.seal.PassphraseKdf;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A damaging hand changes objects and records of a sound volume. The check finds each damage and names it. */
class FsckTest {
    private static final Secret PASSWORD = Secret.of("fsck");
    private static final int FILE_BYTES = 300_000;

    @TempDir
    static Path directory;

    /** A volume with a checkpoint, data below it, and a log past it, as a killed daemon leaves it. */
    private static Path sound;

    private static List<InodeId> inodes = new ArrayList<>();

    private final Path store = directory.resolve("store");

    /** The state to check; null for the newest. */
    private String snapshot;

    private PrintStream report;

    @BeforeAll
    static void makeVolume() throws Exception {
        Path store = directory.resolve("store");
        sound = directory.resolve("sound");
        try (StorageVolume volume = open(store);
                ZeroFileSystem files = CheckedFileSystems.open(volume)) {
            InodeId top = files.create(Credentials.ROOT, files.root(), FileName.of("dir"), NewNode.directory(0755))
                    .node()
                    .id();
            inodes.add(top);
            for (String name : List.of("one", "two")) {
                inodes.add(write(files, top, name));
            }
            CheckedFileSystems.check(volume);
        }
        try (StorageVolume volume = open(store);
                ZeroFileSystem files = CheckedFileSystems.open(volume)) {
            inodes.add(write(files, files.root(), "later"));
            CheckedFileSystems.check(volume);
            copy(store, sound);
        }
    }

    private static InodeId write(ZeroFileSystem files, InodeId in, String name) throws Exception {
        InodeId file = files.create(Credentials.ROOT, in, FileName.of(name), NewNode.file(0644))
                .node()
                .id();
        fill(files, file, name);
        return file;
    }

    private static void fill(ZeroFileSystem files, InodeId file, String name) throws Exception {
        files.write(Credentials.ROOT, file, DataAccess.CHECKED_NOW, 0, ByteBuffer.wrap(content(name)));
        files.barrier().join();
    }

    private static byte[] content(String name) {
        byte[] bytes = new byte[FILE_BYTES];
        new Random(name.hashCode()).nextBytes(bytes);
        return bytes;
    }

    private static StorageVolume open(Path store) throws Exception {
        return VolumeOpener.open(
                LocalObjectStore.open(store, InstantSource.system()),
                PASSWORD,
                OpenSettings.DEFAULT.with(new PassphraseKdf(8, 1, 1)),
                GcSettings.DEFAULT,
                directory.resolve("cache"),
                OpenProgress.SILENT);
    }

    private static void copy(Path from, Path to) throws IOException {
        if (Files.exists(to)) {
            Directories.delete(to);
        }
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }

    @BeforeEach
    void restore() throws Exception {
        copy(sound, store);
    }

    private record Result(FsckStatus status, List<String> lines) {}

    private Result fsck(boolean data, boolean json) throws Exception {
        return fsck(data, json, false);
    }

    private Result fsck(boolean data, boolean json, boolean repair) throws Exception {
        Path file = Files.writeString(
                directory.resolve("zerofs.toml"), """
                [cache]
                dir = "%s"
                [storage]
                url = "file://%s"
                encryption_password = "fsck"
                """.formatted(directory.resolve("fsck-cache"), store));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PrintStream print = new PrintStream(out, true, StandardCharsets.UTF_8);
        FsckOutput output = new FsckOutput(print, json);
        output.reportTo(report);
        FsckStatus status = new Fsck(new ConfigLoader(Environment.process()).load(file), output, print)
                .ofSnapshot(snapshot)
                .run(data, 0, repair);
        List<String> lines = out.toString(StandardCharsets.UTF_8).lines().toList();
        System.out.println(String.join("\n", lines));
        return new Result(status, lines);
    }

    private void assertFound(boolean data, String text) throws Exception {
        Result result = fsck(data, false);
        assertTrue(result.lines().stream().anyMatch(line -> line.contains(text)), () -> text + " in " + result);
        assertEquals(FsckStatus.ERRORS, result.status());
    }

    @Test
    void aSnapshotIsCheckedWithItsOwnObjects() throws Exception {
        try (StorageVolume volume = open(store);
                ZeroFileSystem files = CheckedFileSystems.open(volume)) {
            volume.snapshots().create("s");
            write(files, files.root(), "newest");
            CheckedFileSystems.check(volume);
        }
        snapshot = "s";
        assertEquals(FsckStatus.CLEAN, fsck(true, false).status());
        List<Path> commits = objects("commits");
        Files.delete(commits.get(commits.size() - 1));
        assertEquals(FsckStatus.CLEAN, fsck(true, false).status());
        for (Path commit : commits) {
            if (Files.exists(commit) && Files.size(commit) > FILE_BYTES) {
                Files.delete(commit);
                break;
            }
        }
        assertFound(true, "is missing");
        snapshot = "absent";
        ExitException absent = assertThrows(ExitException.class, () -> fsck(false, false));
        assertEquals(ExitCode.NO_SNAPSHOT, absent.code());
    }

    private List<Path> objects(String prefix) throws IOException {
        try (Stream<Path> files = Files.walk(store.resolve(prefix))) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private String name(Path object) {
        return store.relativize(object).toString();
    }

    @Test
    void aSoundVolumeHasNoFinding() throws Exception {
        List<Path> before = objects("");
        Result result = fsck(true, false);
        assertEquals(FsckStatus.CLEAN, result.status());
        assertEquals("clean", result.lines().get(result.lines().size() - 1));
        assertEquals(6, result.lines().size(), () -> "" + result);
        assertEquals(before, objects(""));
    }

    @ParameterizedTest
    @EnumSource
    void damageOfStoredDataNamesItsFileAndRange(Damage damage) throws Exception {
        List<Path> commits = objects("commits");
        damage.damage(commits.get(1), commits.get(commits.size() - 1));
        String range = switch (damage) {
            case FLIPPED, CUT -> "294912 to 299999";
            case SWAPPED -> "0 to 262143";
            case DELETED -> "0 to 299999";
        };
        assertFound(true, "/dir/one: bytes " + range + " are lost: ");
        assertFound(true, name(commits.get(1)));
    }

    @Test
    void aMissingObjectIsFoundWithoutReadingData() throws Exception {
        Path commit = objects("commits").get(1);
        Files.delete(commit);
        assertFound(
                false,
                "/dir/one: bytes 0 to " + (FILE_BYTES - 1) + " are lost: object " + name(commit) + " is missing");
    }

    @Test
    void aCutObjectNamesItsFilesWithoutReadingData() throws Exception {
        Path commit = objects("commits").get(1);
        Damage.CUT.damage(commit, null);
        String why = "object " + name(commit) + " has " + Files.size(commit) + " bytes";
        assertFound(false, why + " instead of " + (Files.size(commit) + 10));
        assertFound(false, "/dir/one: bytes 294912 to 299999 are lost: " + why);
        Files.write(commit, Arrays.copyOf(Files.readAllBytes(commit), 100));
        assertFound(false, "/dir/one: bytes 0 to 299999 are lost: object " + name(commit) + " has 100 bytes");
    }

    @ParameterizedTest
    @EnumSource
    void damageOfTheLogIsFound(Damage damage) throws Exception {
        List<Path> commits = objects("commits");
        Path last = commits.get(commits.size() - 1);
        if (damage == Damage.FLIPPED) {
            byte[] bytes = Files.readAllBytes(last);
            bytes[100] ^= 1;
            Files.write(last, bytes);
        } else if (damage == Damage.DELETED) {
            // The last commit alone cannot be missed, but its epoch has no other.
            Files.delete(last);
            assertEquals(FsckStatus.CLEAN, fsck(true, false).status());
            return;
        } else {
            damage.damage(last, commits.get(0));
        }
        assertFound(false, name(last));
    }

    @ParameterizedTest
    @EnumSource
    void damageOfATableIsFound(Damage damage) throws Exception {
        List<Path> tables = objects("sst");
        damage.damage(tables.get(0), objects("commits").get(0));
        assertFound(false, name(tables.get(0)));
    }

    @ParameterizedTest
    @EnumSource
    void damageOfTheNewestManifestIsFound(Damage damage) throws Exception {
        List<Path> manifests = objects("manifests");
        Path newest = manifests.get(manifests.size() - 1);
        damage.damage(newest, manifests.get(0));
        assertFound(false, name(newest));
    }

    @ParameterizedTest
    @EnumSource(names = "SWAPPED", mode = EnumSource.Mode.EXCLUDE)
    void damageOfTheVolumeObjectIsFound(Damage damage) throws Exception {
        damage.damage(store.resolve("volume"), null);
        if (damage == Damage.DELETED) {
            ExitException gone = assertThrows(ExitException.class, () -> fsck(false, false));
            assertEquals(FsckStatus.FAILED, FsckStatus.of(gone.code()));
        } else {
            assertFound(false, "volume");
        }
    }

    @Test
    void aForeignObjectIsRemarked() throws Exception {
        Files.write(store.resolve("commits").resolve("stranger"), new byte[10]);
        Result result = fsck(false, false);
        assertEquals(FsckStatus.CLEAN, result.status());
        assertTrue(
                result.lines().stream().anyMatch(line -> line.contains("commits/stranger is foreign")),
                () -> "" + result);
    }

    /** A change of records by a broken program. */
    interface Change {
        void to(StorageVolume volume, Batch batch) throws Exception;
    }

    private void change(Change change) throws Exception {
        try (StorageVolume volume = open(store)) {
            Batch batch = volume.newBatch();
            change.to(volume, batch);
            try (Reservation room = volume.reserve(null, 10_000)) {
                volume.apply(batch);
            }
        }
    }

    private static InodeRecord record(StorageVolume volume, InodeId inode) throws Exception {
        return InodeCodec.decode(inode.number(), volume.get(Keys.inode(inode.number())));
    }

    @Test
    void aWrongLinkCountIsNamedByPath() throws Exception {
        InodeId two = inodes.get(2);
        change((volume, batch) -> batch.put(
                Keys.inode(two.number()), InodeCodec.encode(record(volume, two).withLinks(5))));
        assertFound(false, "/dir/two: 5 links, 1 names");
    }

    @Test
    void aLostInodeIsNamedByPathAndItsChunksAreFound() throws Exception {
        InodeId one = inodes.get(1);
        change((volume, batch) -> batch.delete(Keys.inode(one.number())));
        assertFound(false, "/dir/one: has a name in directory " + inodes.get(0).number() + " and no readable record");
        assertFound(false, "inode " + one.number() + " does not exist and has chunks");
    }

    @Test
    void aRepairSettlesWrongRecordsAndKeepsAllOtherBytes() throws Exception {
        InodeId one = inodes.get(1);
        InodeId two = inodes.get(2);
        change((volume, batch) -> {
            batch.put(
                    Keys.inode(two.number()),
                    InodeCodec.encode(record(volume, two).withLinks(5)));
            batch.put(Keys.orphan(two.number()), SmallRecords.orphan());
            batch.delete(Keys.inode(one.number()));
            batch.put(Keys.counters(), new Counters(100, 512, 7, 9).encode());
        });
        Result repair = fsck(true, false, true);
        assertEquals(FsckStatus.CORRECTED, repair.status());
        assertTrue(repair.lines().contains("repaired: /dir/two: the record is corrected"), () -> "" + repair);
        assertTrue(repair.lines().stream().anyMatch(line -> line.startsWith("problems left: 0; changes: ")));
        assertEquals(FsckStatus.CLEAN, fsck(true, false, true).status());
        try (StorageVolume volume = open(store);
                ZeroFileSystem files = CheckedFileSystems.open(volume)) {
            InodeId top = files.lookup(Credentials.ROOT, files.root(), FileName.of("dir"))
                    .id();
            for (String name : List.of("one", "two")) {
                assertEquals(ByteBuffer.wrap(content(name)), read(files, top, name));
            }
            assertEquals(ByteBuffer.wrap(content("later")), read(files, files.root(), "later"));
            CheckedFileSystems.check(volume);
        }
    }

    @Test
    void aRepairEndsBeforeAChangeThatItsReportLacks() throws Exception {
        change((volume, batch) -> batch.put(Keys.counters(), new Counters(100, 512, 7, 9).encode()));
        try (PrintStream full = new PrintStream("/dev/full", StandardCharsets.UTF_8)) {
            report = full;
            ExitException lost = assertThrows(ExitException.class, () -> fsck(false, false, true));
            assertEquals(FsckStatus.FAILED, FsckStatus.of(lost.code()));
            assertTrue(lost.getMessage().startsWith("the report cannot be written"), lost::getMessage);
        }
        report = null;
        assertFound(false, "counters are Counters[nextInode=100, allocatedBytes=512, inodes=7, metadataBytes=9]");
    }

    private static ByteBuffer read(ZeroFileSystem files, InodeId in, String name) throws Exception {
        InodeId file = files.lookup(Credentials.ROOT, in, FileName.of(name)).id();
        ByteBuffer bytes = ByteBuffer.allocate(FILE_BYTES);
        files.read(Credentials.ROOT, file, DataAccess.CHECKED_NOW, 0, bytes);
        return bytes.flip();
    }

    /** No repair makes zeros of them. */
    @Test
    void lostBytesReadAsErrorsAfterARepairUntilTheyAreWrittenAgain() throws Exception {
        Files.delete(objects("commits").get(1));
        Result repair = fsck(false, false, true);
        assertEquals(FsckStatus.ERRORS, repair.status());
        assertTrue(repair.lines().stream().anyMatch(line -> line.startsWith("/dir/one: bytes 0 to 299999 are lost")));
        try (StorageVolume volume = open(store);
                ZeroFileSystem files = CheckedFileSystems.open(volume)) {
            InodeId top = files.lookup(Credentials.ROOT, files.root(), FileName.of("dir"))
                    .id();
            FsException lost = assertThrows(FsException.class, () -> read(files, top, "one"));
            assertEquals(FsError.IO, lost.error());
            assertEquals(ByteBuffer.wrap(content("two")), read(files, top, "two"));
            fill(files, inodes.get(1), "one");
            assertEquals(ByteBuffer.wrap(content("one")), read(files, top, "one"));
            CheckedFileSystems.check(volume);
        }
        try (StorageVolume volume = open(store);
                ZeroFileSystem files = CheckedFileSystems.open(volume)) {
            InodeId top = files.lookup(Credentials.ROOT, files.root(), FileName.of("dir"))
                    .id();
            assertEquals(ByteBuffer.wrap(content("one")), read(files, top, "one"));
            CheckedFileSystems.check(volume);
        }
        Result check = fsck(true, false);
        // The whole first chunk was written again. The second one still has its old frame below the new bytes.
        assertTrue(check.lines().stream().noneMatch(line -> line.contains("/dir/one: bytes 0 ")), () -> "" + check);
    }

    @Test
    void aRepairRefusesWhileADaemonServes() throws Exception {
        try (StorageVolume volume = VolumeOpener.open(
                LocalObjectStore.open(store, InstantSource.system()),
                PASSWORD,
                OpenSettings.DEFAULT,
                GcSettings.DEFAULT,
                directory.resolve("fsck-cache"),
                OpenProgress.SILENT)) {
            ExitException refused = assertThrows(ExitException.class, () -> fsck(false, false, true));
            assertEquals(ExitCode.CACHE_LOCKED, refused.code());
            volume.barrier().join();
        }
    }

    @Test
    void aRepairOfAVolumeThatDoesNotOpenChangesNothing() throws Exception {
        Files.delete(objects("sst").get(0));
        List<Path> before = objects("commits");
        assertEquals(FsckStatus.ERRORS, fsck(false, false, true).status());
        assertEquals(before, objects("commits"));
    }

    @Test
    void anOrphanThatHasANameIsNamedByPath() throws Exception {
        InodeId one = inodes.get(1);
        change((volume, batch) -> batch.put(Keys.orphan(one.number()), SmallRecords.orphan()));
        assertFound(false, "/dir/one: is no orphan and is said to be");
    }

    @Test
    void aWrongCounterIsFound() throws Exception {
        change((volume, batch) -> batch.put(Keys.counters(), new Counters(100, 512, 7, 9).encode()));
        assertFound(false, "counters are Counters[nextInode=100, allocatedBytes=512, inodes=7, metadataBytes=9]");
    }

    /** Numbers and identities differ from run to run. */
    @Test
    void theScreenIsThatOfTheOperationsPage() throws Exception {
        Files.delete(objects("commits").get(1));
        List<String> page = Files.readAllLines(Path.of("..", "docs", "operations.md"));
        int begin = page.indexOf("$ zerofs fsck -c zerofs.toml --data") + 1;
        List<String> screen =
                page.subList(begin, begin + page.subList(begin, page.size()).indexOf("```"));
        assertEquals(withoutNumbers(screen), withoutNumbers(fsck(true, false).lines()));
    }

    private static String withoutNumbers(List<String> lines) {
        return String.join("\n", lines)
                .replaceAll("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "UUID")
                .replaceAll("[0-9]+", "N");
    }

    @Test
    void jsonHasOneObjectPerLine() throws Exception {
        InodeId two = inodes.get(2);
        change((volume, batch) -> batch.put(
                Keys.inode(two.number()), InodeCodec.encode(record(volume, two).withLinks(5))));
        Result result = fsck(false, true);
        assertTrue(
                result.lines()
                        .contains("{\"kind\":\"file\",\"path\":\"/dir/two\",\"inode\":" + two.number()
                                + ",\"problem\":\"5 links, 1 names\"}"),
                () -> "" + result);
        assertEquals(
                "{\"kind\":\"summary\",\"problems\":1}",
                result.lines().get(result.lines().size() - 1));
    }
}
