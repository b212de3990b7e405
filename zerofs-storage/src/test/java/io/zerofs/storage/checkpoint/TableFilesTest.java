// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.commit.CommitFixture;
import io.zerofs.storage.engine.EngineFixture;
import io.zerofs.storage.index.RecordBatch;
import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStore.IfAbsent;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import io.zerofs.storage.seal.Salt;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tables on their way to the store and back. */
class TableFilesTest {
    @TempDir
    Path directory;

    private final MemoryObjectStore store = new MemoryObjectStore();
    private final TableFiles files = new TableFiles(CommitFixture.keys());
    private final SplittableRandom random = new SplittableRandom(1);

    @Test
    void damagedTableIsNotUploaded() throws Exception {
        Path checkpoint = directory.resolve("checkpoint");
        try (RocksIndex index =
                RocksIndex.open(directory.resolve("database"), EngineFixture.NATIVE, EngineFixture.TUNING)) {
            RecordBatch batch = new RecordBatch();
            batch.put(new byte[] {1}, new byte[100]);
            index.write(batch.toBytes());
            index.checkpoint(checkpoint);
        }
        Path table;
        try (Stream<Path> entries = Files.list(checkpoint)) {
            table = entries.filter(file -> file.toString().endsWith(".sst"))
                    .findFirst()
                    .orElseThrow();
        }
        byte[] bytes = Files.readAllBytes(table);
        bytes[20] ^= 4;
        Files.write(table, bytes);
        TableUpload upload = new TableUpload(store, files, 1, List.of(), random);
        VolumeException e = assertThrows(VolumeException.class, () -> upload.upload(checkpoint));
        assertEquals(VolumeException.Kind.CORRUPT, e.kind());
        assertEquals(List.of(), store.list("", "", 9));
    }

    /** Number, epoch and size are those of the named table, and the keys fit. Only the digest differs. */
    @Test
    void tableOfAnotherTimelineUnderTheSameNameIsDamage() throws Exception {
        TableReference named = table("named");
        TableReference other = table("other");
        store.put(
                named.objectName(), files.seal(directory.resolve("other"), other, Salt.random(random)), new IfAbsent());
        TableFiles.Target target = new TableFiles.Target(directory.resolve("fetched"), bytes -> {});
        CorruptObjectException e = assertThrows(CorruptObjectException.class, () -> files.fetch(store, named, target));
        assertEquals(named.objectName(), e.object());
    }

    /** One after the other, so that their number is the time of an opening without a cache. */
    @Test
    void aLongTableTakesFewRequestsOfBoundedLength() throws Exception {
        TableReference table = table("long", 20 << 20);
        store.put(
                table.objectName(), files.seal(directory.resolve("long"), table, Salt.random(random)), new IfAbsent());
        List<Integer> requests = new ArrayList<>();
        ObjectStore counted = new ForwardingObjectStore(store) {
            @Override
            public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
                requests.add(length);
                return super.getRange(name, offset, length);
            }
        };
        Path fetched = directory.resolve("fetched");
        files.fetch(counted, table, new TableFiles.Target(fetched, bytes -> {}));
        assertEquals(-1, Files.mismatch(directory.resolve("long"), fetched));
        assertEquals(3, requests.size(), requests::toString);
        requests.forEach(length -> assertTrue(length <= TableFiles.MEMORY_BYTES, requests::toString));
    }

    private TableReference table(String name) throws Exception {
        return table(name, 100);
    }

    private TableReference table(String name, int length) throws Exception {
        byte[] plain = new byte[length];
        random.nextBytes(plain);
        Path file = Files.write(directory.resolve(name), plain);
        return new TableReference(12, 3, plain.length, files.digest(file));
    }
}
