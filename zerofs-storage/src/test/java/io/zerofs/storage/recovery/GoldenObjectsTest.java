// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;

import io.zerofs.core.golden.GoldenBytes;
import io.zerofs.core.golden.PinnedFormats;
import io.zerofs.core.secret.Secret;
import io.zerofs.storage.checkpoint.TableFiles;
import io.zerofs.storage.commit.CommitDraft;
import io.zerofs.storage.commit.CommitFixture;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.CommitLog;
import io.zerofs.storage.commit.CommitReader;
import io.zerofs.storage.commit.CommitSealer;
import io.zerofs.storage.commit.DeadFrames;
import io.zerofs.storage.commit.Fence;
import io.zerofs.storage.commit.FenceSealer;
import io.zerofs.storage.commit.FrameContent;
import io.zerofs.storage.concurrent.ParallelSteps;
import io.zerofs.storage.manifest.CheckpointState;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.ManifestCodec;
import io.zerofs.storage.manifest.PendingDeletion;
import io.zerofs.storage.manifest.Snapshot;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.manifest.WriterTerm;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import io.zerofs.storage.seal.Compression;
import io.zerofs.storage.seal.FormatVersion;
import io.zerofs.storage.seal.KeySlot;
import io.zerofs.storage.seal.ObjectCipher;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.seal.PassphraseKdf;
import io.zerofs.storage.seal.Position.Domain;
import io.zerofs.storage.seal.Salt;
import io.zerofs.storage.seal.SealedSection;
import io.zerofs.storage.seal.SealedSection.SectionBytes;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** The bytes of each kind of object, as in {@code docs/storage-format.md}. They never change again. */
class GoldenObjectsTest {
    private static final CommitId COMMIT = new CommitId(5, 42);
    private static final CommitId FENCED = new CommitId(5, 43);
    private static final Secret PASSWORD = Secret.of("open sesame");

    private final ObjectKeys keys = CommitFixture.keys();

    @Test
    void theObjectsAgreeWithTheGoldenFile() throws Exception {
        GoldenBytes golden = GoldenBytes.load("objects.hex");
        for (Map.Entry<String, byte[]> object : objects().entrySet()) {
            assertEquals(
                    HexFormat.of().formatHex(golden.get(object.getKey())),
                    HexFormat.of().formatHex(object.getValue()),
                    object.getKey());
        }
        assertEquals(objects().keySet(), golden.names());
    }

    @Test
    void changedBytesHaveANewVersion() throws Exception {
        PinnedFormats.check("objects", name -> FormatVersion.CURRENT.number());
    }

    @Test
    void theGoldenFileIsRead() throws Exception {
        GoldenBytes golden = GoldenBytes.load("objects.hex");
        assertNotNull(VolumeObject.decode(ByteBuffer.wrap(golden.get("volume"))).unlock(PASSWORD));
        assertEquals(manifest(), ManifestCodec.open(keys, 7, ByteBuffer.wrap(golden.get("manifest"))));
        MemoryObjectStore store = new MemoryObjectStore();
        put(store, COMMIT.objectName(), golden.get("commit"));
        put(store, FENCED.objectName(), golden.get("fence"));
        CommitReader reader = new CommitReader(store, keys);
        CommitLog log = (CommitLog) reader.read(COMMIT);
        assertEquals(3, log.frames().frames().size());
        assertEquals("full", text(reader.readPage(log.frames(), 0, 0)));
        assertEquals(6, ((Fence) reader.read(FENCED)).claimingEpoch());
    }

    /** The content of the objects' sealed sections, so that the format page can show it. */
    private Map<String, byte[]> objects() throws Exception {
        Map<String, byte[]> objects = new LinkedHashMap<>();
        ByteBuffer volume = volume().encode();
        objects.put("volume", Arrays.copyOf(volume.array(), volume.remaining()));
        byte[] commit = CommitFixture.join(new CommitSealer(keys, Compression.NONE, ParallelSteps.NONE)
                .seal(draft())
                .bytes());
        objects.put("commit", commit);
        objects.put("commit log", section(commit, COMMIT.objectName(), Domain.LOG));
        byte[] fence = FenceSealer.seal(keys, FENCED, 6, salt(2)).array();
        objects.put("fence", fence);
        objects.put("fence section", section(fence, FENCED.objectName(), Domain.LOG));
        // Not packed: another version of lz4 may pack in another way.
        byte[] manifest = ManifestCodec.seal(keys, manifest(), Compression.NONE).array();
        objects.put("manifest", manifest);
        objects.put("manifest body", section(manifest, Manifest.objectName(7), Domain.MANIFEST));
        objects.put("table", table());
        return objects;
    }

    private byte[] section(byte[] object, String name, Domain domain) throws Exception {
        ByteBuffer bytes = ByteBuffer.wrap(object);
        ObjectHeader header = ObjectHeader.read(bytes, name);
        ObjectCipher cipher = keys.cipher(header, name);
        bytes.limit((int) header.dataOffset());
        ByteBuffer plain = SealedSection.open(cipher, domain, new SectionBytes(bytes, 1 << 20));
        return Arrays.copyOf(plain.array(), plain.remaining());
    }

    private static VolumeObject volume() {
        byte[] dataKey = new byte[32];
        for (int i = 0; i < dataKey.length; i++) {
            dataKey[i] = (byte) i;
        }
        RandomGenerator fixed = () -> 0x0101010101010101L;
        KeySlot.Wrapping wrapping = new KeySlot.Wrapping(CommitFixture.VOLUME, new PassphraseKdf(64, 3, 1), fixed);
        return new VolumeObject(
                CommitFixture.VOLUME, List.of(KeySlot.wrap(Secret.owning(dataKey), PASSWORD, wrapping)));
    }

    private static CommitDraft draft() {
        FrameContent.Delta delta = new FrameContent.Delta(
                List.of(new FrameContent.Data(4096, utf8("delta")), new FrameContent.Zeros(8192, 100)));
        List<FrameContent> slots = List.of(new FrameContent.Full(utf8("full\0\0\0")), new FrameContent.Closed(), delta);
        List<DeadFrames> deadFrames = List.of(new DeadFrames(40, new int[] {0, 3, 4}));
        List<ByteBuffer> batches = List.of(utf8("batch 1"), utf8("batch 2"));
        return new CommitDraft(COMMIT, salt(1), new CommitDraft.Log(41, salt(9), deadFrames, batches), slots);
    }

    private static Manifest manifest() {
        byte[] digest = new byte[TableReference.DIGEST_BYTES];
        Arrays.fill(digest, (byte) 0xdd);
        CheckpointState checkpoint = new CheckpointState(
                42,
                42,
                salt(9),
                "MANIFEST-000011",
                new byte[] {1, 2, 3},
                List.of(new TableReference(12, 4, 4096, digest)));
        Manifest.Writer writer = new Manifest.Writer(6, new UUID(1, 2), "process 1 on host", 1_700_000_000_000L);
        return new Manifest(
                7,
                salt(3),
                writer,
                List.of(new WriterTerm(4, 1, 40), WriterTerm.serving(5, 41), WriterTerm.claimed(6)),
                checkpoint,
                List.of(new Snapshot("before", 6, salt(8), 40, 1_700_000_000_000L)),
                List.of(
                        new PendingDeletion.Commits(4, 1, 9),
                        new PendingDeletion.Manifests(1, 5),
                        new PendingDeletion.Table(new TableReference(11, 2, 77, digest))));
    }

    private byte[] table() throws Exception {
        Path file = Files.createTempFile(Path.of("target"), "table", ".sst");
        try {
            Files.write(file, "a table of RocksDB".getBytes(StandardCharsets.US_ASCII));
            TableFiles tables = new TableFiles(keys);
            TableReference table = new TableReference(12, 4, Files.size(file), tables.digest(file));
            return CommitFixture.join(tables.seal(file, table, salt(4)));
        } finally {
            Files.delete(file);
        }
    }

    private static Salt salt(int value) {
        byte[] bytes = new byte[Salt.BYTES];
        Arrays.fill(bytes, (byte) value);
        return Salt.read(ByteBuffer.wrap(bytes));
    }

    private static void put(MemoryObjectStore store, String name, byte[] bytes) {
        store.put(name, List.of(ByteBuffer.wrap(bytes)), new ObjectStore.IfAbsent());
    }

    private static ByteBuffer utf8(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String text(ByteBuffer bytes) {
        return StandardCharsets.UTF_8.decode(bytes).toString();
    }
}
