// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.secret.Secret;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.checkpoint.LocalDirectory;
import io.zerofs.storage.checkpoint.TableFiles;
import io.zerofs.storage.commit.CommitFixture;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.FenceSealer;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.ManifestCodec;
import io.zerofs.storage.manifest.ManifestCodecTest;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import io.zerofs.storage.seal.KeySlot;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.seal.Salt;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** Reads from damaged, truncated, swapped and restored objects return an error that names the object. */
class DamageTest {
    @AutoClose
    private final LifecycleFixture fixture = new LifecycleFixture();

    @Test
    void everyByteOfAManifestIsGuarded() throws Exception {
        ObjectKeys keys = CommitFixture.keys();
        byte[] object = ManifestCodec.seal(keys, ManifestCodecTest.example()).array();
        for (int at = 0; at < object.length; at++) {
            byte[] damaged = object.clone();
            damaged[at] ^= 4;
            CorruptObjectException e = assertThrows(
                    CorruptObjectException.class,
                    () -> ManifestCodec.open(keys, 7, ByteBuffer.wrap(damaged)),
                    "byte " + at);
            assertEquals(Manifest.objectName(7), e.object());
        }
        for (int length = 0; length < object.length; length += 7) {
            ByteBuffer cut = ByteBuffer.wrap(object, 0, length);
            assertThrows(CorruptObjectException.class, () -> ManifestCodec.open(keys, 7, cut));
        }
        assertThrows(CorruptObjectException.class, () -> ManifestCodec.open(keys, 8, ByteBuffer.wrap(object)));
    }

    @Test
    void everyByteOfTheVolumeObjectIsGuarded() throws Exception {
        fixture.process().open().shutDown();
        byte[] object = fixture.bytes(VolumeObject.NAME);
        for (int at = 0; at < object.length; at++) {
            byte[] damaged = object.clone();
            damaged[at] ^= 4;
            CorruptObjectException e = assertThrows(
                    CorruptObjectException.class, () -> VolumeObject.decode(ByteBuffer.wrap(damaged)), "byte " + at);
            assertEquals(VolumeObject.NAME, e.object());
        }
        for (int length = 0; length < object.length; length++) {
            ByteBuffer cut = ByteBuffer.wrap(object, 0, length);
            assertThrows(CorruptObjectException.class, () -> VolumeObject.decode(cut));
        }
    }

    @Test
    void everyByteOfATableIsGuarded() throws Exception {
        Path directory = Files.createTempDirectory(Path.of("target"), "table");
        Path file = directory.resolve("plain");
        byte[] plain = new byte[150_000];
        new SplittableRandom(1).nextBytes(plain);
        Files.write(file, plain);
        TableFiles tables = new TableFiles(CommitFixture.keys());
        TableReference table = new TableReference(12, 3, plain.length, tables.digest(file));
        byte[] object = CommitFixture.join(tables.seal(file, table, Salt.random(new SplittableRandom(2))));

        fixture.replace(table.objectName(), object);
        Path fetched = directory.resolve("fetched");
        tables.fetch(fixture.bucket, table, new TableFiles.Target(fetched, bytes -> {}));
        assertTrue(tables.isTable(fetched, table));

        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 400; i++) {
            int at = i < 150 ? i : random.nextInt(object.length);
            byte[] damaged = object.clone();
            damaged[at] ^= 4;
            assertCorrupt(tables, table, damaged, directory);
        }
        for (int length : new int[] {0, 79, 80, 84, 70_000, object.length - 1}) {
            assertCorrupt(tables, table, Arrays.copyOf(object, length), directory);
        }
        LocalDirectory.delete(directory);
    }

    private void assertCorrupt(TableFiles tables, TableReference table, byte[] object, Path directory)
            throws Exception {
        fixture.replace(table.objectName(), object);
        Path target = directory.resolve("damaged");
        CorruptObjectException e = assertThrows(
                CorruptObjectException.class,
                () -> tables.fetch(fixture.bucket, table, new TableFiles.Target(target, bytes -> {})));
        assertEquals(table.objectName(), e.object());
        Files.delete(target);
    }

    /** The whole way: one random byte of one random object, then open and read everything. */
    @Test
    void damageAnywhereIsReportedWithTheNameOfTheObjectOrDoesNotMatter() throws Exception {
        Process writer = fixture.process().open();
        for (int i = 0; i < 6; i++) {
            writer.write(i, "v" + i).barrier();
            if (i == 3) {
                writer.checkpoint();
            }
        }
        writer.kill();
        List<String> names = fixture.names("");
        Seeds.run(40, seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            String name = names.get(random.nextInt(names.size()));
            byte[] damaged = fixture.bytes(name);
            damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
            try (LifecycleFixture own = new LifecycleFixture()) {
                Process reader = own.process(own.newDirectory(), fixture.copyOfBucket());
                reader.store.delete(List.of(name));
                reader.store.put(name, List.of(ByteBuffer.wrap(damaged)), new ObjectStore.IfAbsent());
                openAndRead(reader, name);
            }
        });
    }

    private static void openAndRead(Process reader, String damagedObject) throws Exception {
        try {
            reader.open();
        } catch (OpenException e) {
            assertEquals(OpenException.Kind.DAMAGED_OBJECT, e.kind(), e.toString());
            assertTrue(e.getMessage().contains(damagedObject), e.getMessage());
            return;
        }
        for (int i = 0; i < 6; i++) {
            try {
                assertEquals("v" + i, reader.read(i));
            } catch (VolumeException e) {
                assertEquals(VolumeException.Kind.CORRUPT, e.kind(), e.toString());
                assertTrue(e.getMessage().contains(damagedObject), e.getMessage());
            }
        }
    }

    /** A network that damages the first answer about every object. */
    private static final class FirstAnswerDamaged extends ForwardingObjectStore {
        private final Set<String> seen = ConcurrentHashMap.newKeySet();

        FirstAnswerDamaged(ObjectStore store) {
            super(store);
        }

        @Override
        public StoredObject get(String name, int bytesMax) throws ObjectStoreException {
            return damage(name, super.get(name, bytesMax));
        }

        @Override
        public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
            return damage(name, super.getRange(name, offset, length));
        }

        private StoredObject damage(String name, StoredObject answer) {
            ByteBuffer bytes = ByteBuffer.allocate(answer.bytes().remaining());
            bytes.put(answer.bytes().duplicate()).flip();
            if (seen.add(name)) {
                int middle = bytes.limit() / 2;
                bytes.put(middle, (byte) (bytes.get(middle) ^ 1));
            }
            return new StoredObject(bytes, answer.version());
        }
    }

    @Test
    void objectsDamagedOnTheWayAreFetchedOnceMore() throws Exception {
        Process writer = fixture.process().open();
        writer.write(0, "covered").barrier().checkpoint().write(1, "in the log").barrier();
        writer.kill();
        FirstAnswerDamaged network = new FirstAnswerDamaged(fixture.bucket);
        Process reader = fixture.process(fixture.newDirectory(), network).open();
        assertEquals("covered", reader.read(0));
        assertEquals("in the log", reader.read(1));
        for (String prefix : List.of(VolumeObject.NAME, Manifest.PREFIX, TableReference.PREFIX, CommitId.PREFIX)) {
            assertTrue(network.seen.stream().anyMatch(name -> name.startsWith(prefix)), prefix);
        }
    }

    @Test
    void aBucketRestoredUnderAWarmDirectoryIsOpenedAsItIsWithAWarning() throws Exception {
        Process first = fixture.process().open();
        first.write(0, "old").barrier().checkpoint();
        MemoryObjectStore restored = fixture.copyOfBucket();
        first.write(0, "new").write(1, "b").barrier().checkpoint().write(2, "c").shutDown();

        Process again = fixture.process(first.cacheDirectory, restored).open();

        assertEquals(1, again.warnings.size());
        assertTrue(again.warnings.get(0).contains("restored"), again.warnings.get(0));
        assertEquals("old", again.read(0));
        assertEquals(null, again.read(1));
        again.write(1, "other timeline").barrier().checkpoint();
        again.kill();
        Process cold = fixture.process(fixture.newDirectory(), restored).open();
        assertEquals("other timeline", cold.read(1));
    }

    @Test
    void aBucketRestoredAndWrittenToSinceIsNoticedByItsSalts() throws Exception {
        Process first = fixture.process().open();
        first.write(0, "old").barrier().checkpoint();
        MemoryObjectStore restored = fixture.copyOfBucket();
        first.write(0, "new").shutDown();
        Process elsewhere = fixture.process(fixture.newDirectory(), restored).open();
        elsewhere
                .write(0, "other")
                .barrier()
                .write(1, "b")
                .barrier()
                .write(2, "c")
                .barrier();
        elsewhere.kill();

        Process again = fixture.process(first.cacheDirectory, restored).open();

        assertTrue(again.warnings.get(0).contains("another commit"), again.warnings.get(0));
        assertEquals("other", again.read(0));
    }

    /** Both have the same epoch and seq and open under the same name. Only the chain of salts distinguishes them. */
    @Test
    void aCommitOfAnotherTimelineDoesNotFitIntoTheLog() throws Exception {
        fixture.process().open().write(0, "a").barrier().kill();
        MemoryObjectStore otherBucket = fixture.copyOfBucket();
        Process here = fixture.process().open();
        Process there = fixture.process(fixture.newDirectory(), otherBucket).open();
        for (int i = 1; i < 4; i++) {
            here.write(i, "here").barrier();
            there.write(i, "there").barrier();
        }
        here.kill();
        String middle = fixture.names(CommitId.epochPrefix(2)).get(1);
        ByteBuffer foreign = otherBucket.get(middle, 1 << 20).bytes();
        fixture.replace(middle, Arrays.copyOf(foreign.array(), foreign.remaining()));

        OpenException e =
                assertThrows(OpenException.class, () -> fixture.process().open());

        assertEquals(OpenException.Kind.DAMAGED_OBJECT, e.kind());
        assertTrue(e.getMessage().contains("follows another commit"), e.getMessage());
    }

    /** Without it the newest manifest calls the last writer one that never served. */
    @Test
    void theLogOfAWriterWhoseManifestIsGoneIsNotHidden() throws Exception {
        Process writer = fixture.process().open();
        String served = writer.keeper.chain().head().objectName();
        writer.write(0, "acknowledged").barrier().kill();
        byte[] manifest = fixture.bytes(served);
        fixture.bucket.delete(List.of(served));

        OpenException e =
                assertThrows(OpenException.class, () -> fixture.process().open());

        assertEquals(OpenException.Kind.LOST_OBJECT, e.kind());
        assertTrue(e.getMessage().contains(served), e.getMessage());
        fixture.replace(served, manifest);
        assertEquals("acknowledged", fixture.process().open().read(0));
    }

    /** Older programs also fenced the log of a writer that only claimed its epoch. */
    @Test
    void theFenceOfAWriterThatNeverServedIsNoLostLog() throws Exception {
        Process first = fixture.process().open().write(0, "acknowledged").barrier();
        CommitId fenced = new CommitId(2, 1);
        ByteBuffer fence = FenceSealer.seal(first.recovered.keys(), fenced, 3, Salt.random(new SplittableRandom(1)));
        first.kill();
        Process claiming = fixture.process();
        claiming.hooks.beforeFirst("put commits/", claiming.store::crash);
        assertThrows(OpenException.class, claiming::open);
        claiming.kill();
        fixture.bucket.put(fenced.objectName(), List.of(fence), new ObjectStore.IfAbsent());

        assertEquals("acknowledged", fixture.process().open().read(0));
    }

    @Test
    void theLogOfAWriterWithoutAnyManifestIsNotHidden() throws Exception {
        fixture.process().open().write(0, "a").barrier().kill();
        List<String> before = fixture.names(Manifest.PREFIX);
        fixture.process().open().write(1, "acknowledged").barrier().kill();
        List<String> lost = fixture.names(Manifest.PREFIX).stream()
                .filter(name -> !before.contains(name))
                .toList();
        fixture.bucket.delete(lost);

        OpenException e =
                assertThrows(OpenException.class, () -> fixture.process().open());

        assertEquals(OpenException.Kind.LOST_OBJECT, e.kind());
        assertTrue(e.getMessage().contains(lost.get(0)), e.getMessage());
    }

    @Test
    void aNewerFormatIsSaidToBeOne() throws Exception {
        VolumeObject volume = new VolumeObject(UUID.randomUUID(), exampleSlots());
        byte[] bytes = volume.encode().array();
        byte[] content = Arrays.copyOf(bytes, volume.encode().remaining());
        content[5] = 2;
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(Arrays.copyOf(content, content.length - 32));
        System.arraycopy(digest, 0, content, content.length - 32, 32);
        fixture.replace(VolumeObject.NAME, content);

        OpenException e =
                assertThrows(OpenException.class, () -> fixture.process().open());

        assertEquals(OpenException.Kind.NEWER_FORMAT, e.kind());
        assertTrue(e.getMessage().contains("format 2") && e.getMessage().contains("up to 1"), e.getMessage());
    }

    private static List<KeySlot> exampleSlots() {
        return List.of(KeySlot.wrap(
                Secret.of("0123456789abcdef0123456789abcdef"),
                LifecycleFixture.PASSWORD,
                new KeySlot.Wrapping(UUID.randomUUID(), LifecycleFixture.CHEAP_KDF, new SplittableRandom(1))));
    }
}
