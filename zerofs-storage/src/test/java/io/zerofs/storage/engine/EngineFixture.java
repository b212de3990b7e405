// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.core.files.Directories;
import io.zerofs.core.secret.Secret;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.CommitLog;
import io.zerofs.storage.commit.CommitReader;
import io.zerofs.storage.commit.FenceSealer;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.runtime.EngineThreads;
import io.zerofs.storage.engine.upkeep.CheckpointHook;
import io.zerofs.storage.engine.upkeep.CheckpointSource;
import io.zerofs.storage.index.CommitApplier;
import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.index.RocksTuning;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.retry.ExclusiveCreate;
import io.zerofs.storage.seal.Aead;
import io.zerofs.storage.seal.Compression;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.seal.Salt;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import org.rocksdb.RocksDB;

/**
 * Opens volumes without manifests: each opening fences the epochs before it and replays the whole log into a new
 * database. For tests of the engine alone.
 */
public final class EngineFixture {
    public static final Path NATIVE = Path.of("target", "native");
    public static final RocksTuning TUNING = new RocksTuning(8 << 20, 4 << 20, 4, 1);

    private final UUID id;
    private RocksIndex.Writer writer = RocksDB::write;
    private final SplittableRandom random;
    private long epoch;

    EngineFixture() {
        this(new SplittableRandom());
    }

    /** @param random the source of all random numbers */
    EngineFixture(SplittableRandom random) {
        this.random = random;
        this.id = new UUID(random.nextLong(), random.nextLong());
    }

    /** Returns limits of memory for small tests: 1024 chunk entries stay decoded. */
    static EngineSettings.Memory memory(long dirtyBytesMax, long pageCacheBytes) {
        return new EngineSettings.Memory(dirtyBytesMax, pageCacheBytes, 1024);
    }

    /** Returns thresholds of compaction; the base is compacted from a quarter of a chunk on. */
    public static EngineSettings.Compaction compaction(int queueAt, int waitAt) {
        return EngineSettings.DEFAULT.compaction().withDeltas(queueAt, waitAt).withBaseAt(16);
    }

    /** Has indexes that are opened from now on write as the test wants. */
    EngineFixture writing(RocksIndex.Writer newWriter) {
        writer = newWriter;
        return this;
    }

    ObjectKeys keys() {
        byte[] dataKey = new byte[Aead.KEY_BYTES];
        new SplittableRandom(id.getLeastSignificantBits()).nextBytes(dataKey);
        return new ObjectKeys(Secret.owning(dataKey), id, Aead.fastest());
    }

    long epoch() {
        return epoch;
    }

    /** Opens with threads of its own, which end with the volume. */
    StorageVolume open(ObjectStore store, EngineSettings settings) throws Exception {
        EngineThreads threads = new EngineThreads(16);
        return open(store, settings, threads.runtime(), new QuietKeeper(), threads);
    }

    StorageVolume open(
            ObjectStore store,
            EngineSettings settings,
            EngineRuntime runtime,
            CheckpointHook keeper,
            AutoCloseable closedLast)
            throws Exception {
        ObjectKeys keys = keys();
        Path directory = temporary();
        RocksIndex index = RocksIndex.open(directory, NATIVE, TUNING.withWriter(writer));
        CheckpointSource.AppliedCommit last = replay(store, keys, index);
        AutoCloseable release = () -> {
            closedLast.close();
            delete(directory);
        };
        epoch++;
        RecoveredVolume recovered =
                new RecoveredVolume(epoch, last.seq(), last.salt(), store, keys, index, directory, release);
        return new StorageVolume(recovered, Compression.LZ4, settings, runtime, keeper);
    }

    CheckpointSource.AppliedCommit replay(ObjectStore store, ObjectKeys keys, RocksIndex index) throws Exception {
        CommitReader reader = new CommitReader(store, keys);
        CommitApplier applier = new CommitApplier(index);
        CheckpointSource.AppliedCommit last = new CheckpointSource.AppliedCommit(0, Salt.NONE);
        for (long term = 1; term <= epoch; term++) {
            while (true) {
                CommitId next = new CommitId(term, last.seq() + 1);
                ObjectStore.StoredObject object = find(store, next);
                if (object == null) {
                    fence(store, keys, next);
                } else if (reader.read(next, object.bytes().remaining()) instanceof CommitLog log) {
                    if (!log.predecessor().equals(last.salt())) {
                        throw new AssertionError(next + " does not follow the commit before it");
                    }
                    applier.replay(log);
                    last = new CheckpointSource.AppliedCommit(
                            next.seq(), log.header().salt());
                } else {
                    break;
                }
            }
        }
        return last;
    }

    private void fence(ObjectStore store, ObjectKeys keys, CommitId id) throws Exception {
        Salt salt = Salt.random(random);
        List<ByteBuffer> fence = List.of(FenceSealer.seal(keys, id, epoch + 1, salt));
        while (true) {
            try {
                new ExclusiveCreate(store).attempt(id.objectName(), fence, salt);
                return;
            } catch (ObjectStoreException e) {
                if (e.kind() != ObjectStoreException.Kind.UNKNOWN_OUTCOME
                        && e.kind() != ObjectStoreException.Kind.UNAVAILABLE) {
                    throw e;
                }
            }
        }
    }

    private static ObjectStore.StoredObject find(ObjectStore store, CommitId id) throws ObjectStoreException {
        try {
            return store.get(id.objectName(), 1 << 30);
        } catch (ObjectStoreException e) {
            if (e.kind() == ObjectStoreException.Kind.NOT_FOUND) {
                return null;
            }
            throw e;
        }
    }

    public static Path temporary() throws IOException {
        return Files.createTempDirectory(Files.createDirectories(Path.of("target")), "engine");
    }

    public static void delete(Path directory) {
        try {
            Directories.delete(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A keeper that never checkpoints. */
    static class QuietKeeper implements CheckpointHook {
        @Override
        public void start(CheckpointSource source) {}

        @Override
        public void applied(ObjectHeader header) {}

        @Override
        public boolean hasRoom() {
            return true;
        }

        @Override
        public boolean awaitRoom(long nanosMax) {
            return true;
        }

        @Override
        public void finish() {}
    }
}
