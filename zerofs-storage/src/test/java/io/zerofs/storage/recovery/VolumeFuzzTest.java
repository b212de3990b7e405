// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.golden.GoldenBytes;
import io.zerofs.core.random.Mutations;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.checkpoint.TableFiles;
import io.zerofs.storage.commit.CommitFixture;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.ManifestCodec;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import io.zerofs.storage.seal.Compression;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.seal.ObjectKind;
import io.zerofs.storage.seal.Position.Domain;
import io.zerofs.storage.seal.Salt;
import io.zerofs.storage.seal.SealedSection;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Volume objects, manifests and tables of any bytes, also with a right digest or seal, are read or called corrupt. */
final class VolumeFuzzTest {
    private static final int ROUNDS = 60_000;
    private static final int KINDS = 5;
    private static final int DIGEST_BYTES = 32;
    private static final ObjectKeys KEYS = CommitFixture.keys();
    private static final long VERSION = 7;
    private static final byte[] TABLE = {'t', 'a', 'b', 'l', 'e'};

    @Test
    void damagedBytesAreReadOrCorrupt() throws Exception {
        GoldenBytes golden = GoldenBytes.load("objects.hex");
        byte[] volume = golden.get("volume");
        Mutations.run(
                List.of(
                        Mutations.sample(0, volume),
                        Mutations.sample(1, Arrays.copyOf(volume, volume.length - DIGEST_BYTES)),
                        Mutations.sample(2, golden.get("manifest")),
                        Mutations.sample(3, golden.get("manifest body")),
                        Mutations.sample(4, table())),
                ROUNDS,
                VolumeFuzzTest::fuzzerTestOneInput);
    }

    /** The first byte chooses the reader. */
    public static void fuzzerTestOneInput(byte[] input) throws Exception {
        Mutations.readSample(input, KINDS, (kind, bytes) -> {
            try {
                read(kind, bytes);
            } catch (CorruptObjectException | OpenException e) {
                assertTrue(e.getMessage().length() < 300, e.getMessage());
            }
        });
    }

    private static void read(int kind, byte[] bytes) throws Exception {
        switch (kind) {
            case 0 -> VolumeObject.decode(ByteBuffer.wrap(bytes));
            case 1 -> {
                VolumeObject volume = VolumeObject.decode(withDigest(bytes));
                assertEquals(volume, VolumeObject.decode(volume.encode()));
            }
            case 2 -> ManifestCodec.open(KEYS, VERSION, ByteBuffer.wrap(bytes));
            case 4 -> fetchTable(bytes);
            default -> {
                Manifest manifest = ManifestCodec.open(KEYS, VERSION, sealed(bytes));
                assertEquals(manifest, ManifestCodec.open(KEYS, VERSION, ManifestCodec.seal(KEYS, manifest)));
            }
        }
    }

    private static void fetchTable(byte[] bytes) throws Exception {
        Path file = Files.createTempFile("table", null);
        TableFiles tables = new TableFiles(KEYS);
        try {
            TableReference table = new TableReference(12, 4, TABLE.length, tables.digest(Files.write(file, TABLE)));
            MemoryObjectStore store = new MemoryObjectStore();
            store.put(table.objectName(), List.of(ByteBuffer.wrap(bytes)), new ObjectStore.IfAbsent());
            Files.delete(file);
            tables.fetch(store, table, new TableFiles.Target(file, read -> {}));
            assertArrayEquals(TABLE, Files.readAllBytes(file));
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static byte[] table() throws Exception {
        Path file = Files.createTempFile("table", null);
        try {
            TableFiles tables = new TableFiles(KEYS);
            TableReference table = new TableReference(12, 4, TABLE.length, tables.digest(Files.write(file, TABLE)));
            return CommitFixture.join(tables.seal(file, table, Salt.random(new SplittableRandom(3))));
        } finally {
            Files.delete(file);
        }
    }

    private static ByteBuffer withDigest(byte[] bytes) throws Exception {
        return ByteBuffer.allocate(bytes.length + DIGEST_BYTES)
                .put(bytes)
                .put(MessageDigest.getInstance("SHA-256").digest(bytes))
                .flip();
    }

    private static ByteBuffer sealed(byte[] body) {
        SealedSection section = SealedSection.pack(Compression.NONE, ByteBuffer.wrap(body));
        ObjectHeader header = new ObjectHeader(
                ObjectKind.MANIFEST,
                ObjectHeader.FIRST_KEY_ID,
                5,
                VERSION,
                Salt.random(new SplittableRandom(3)),
                section.storedLength(),
                0);
        ByteBuffer object = ByteBuffer.allocate((int) header.objectLength());
        header.write(object);
        section.seal(KEYS.cipher(header, Manifest.objectName(VERSION)), Domain.MANIFEST, object);
        return object.flip();
    }
}
