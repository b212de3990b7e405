// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.core.secret.Secret;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.checkpoint.CheckpointSettings;
import io.zerofs.storage.checkpoint.Checkpointer;
import io.zerofs.storage.checkpoint.LocalDirectory;
import io.zerofs.storage.engine.RecoveredVolume;
import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.runtime.EngineThreads;
import io.zerofs.storage.index.RocksTuning;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import io.zerofs.storage.seal.PassphraseKdf;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** A bucket in memory, and processes that open the volume in it, crash, and come back. Closes what was left open. */
public final class LifecycleFixture implements AutoCloseable {
    public static final Secret PASSWORD = Secret.of("open sesame");
    static final PassphraseKdf CHEAP_KDF = new PassphraseKdf(8, 1, 1);
    static final int CHUNK = Volume.CHUNK_BYTES;

    private static final Duration NEVER = Duration.ofDays(1);

    /** Nothing happens by itself, so that a test decides when. */
    public static final OpenSettings SETTINGS = OpenSettings.DEFAULT
            .with(CHEAP_KDF)
            .with(new RocksTuning(8 << 20, 1 << 20, 4, 1))
            .with(CheckpointSettings.DEFAULT
                    .withLogMax(1L << 30, 1 << 20)
                    .withLogBytes(1L << 30)
                    .withLogCommits(1 << 20)
                    .withInterval(NEVER)
                    .withWatchInterval(NEVER))
            .with(EngineSettings.DEFAULT.with(EngineSettings.DEFAULT
                    .commits()
                    .withCut(8 << 20, 8 << 20)
                    .withFlushInterval(NEVER)
                    .withUploads(8, 64L << 20)
                    .withBarrierDeadline(Duration.ofSeconds(10))
                    .withRetryDelayMax(Duration.ofMillis(20))))
            .withRequestsMax(16);

    public final MemoryObjectStore bucket = new MemoryObjectStore();
    private final Path directories;
    private final Deque<Process> processes = new ArrayDeque<>();
    private int directoryCount;

    public LifecycleFixture() {
        try {
            directories = Files.createTempDirectory(Files.createDirectories(Path.of("target")), "lifecycle");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A process on a machine of its own, with an empty cache directory. */
    public Process process() {
        return process(newDirectory());
    }

    public Process process(Path cacheDirectory) {
        return process(cacheDirectory, bucket);
    }

    public Process process(Path cacheDirectory, ObjectStore inner) {
        Process process = new Process(new HookedStore(inner), cacheDirectory);
        processes.push(process);
        return process;
    }

    /** Opens a reader beside a process, with its threads and its cache directory. Reads need no permission to write. */
    public VolumeReader reader(Process process) throws OpenException {
        return reader(process, bucket);
    }

    VolumeReader reader(Process process, ObjectStore seen) throws OpenException {
        return VolumeReader.open(
                new ReadableStore(seen),
                PASSWORD,
                new VolumeReader.Environment(process.runtime(), process.settings, process.cacheDirectory),
                OpenProgress.SILENT);
    }

    public Path newDirectory() {
        return directories.resolve("cache-" + ++directoryCount);
    }

    /** The bucket as it is now, in another bucket. */
    public MemoryObjectStore copyOfBucket() throws Exception {
        MemoryObjectStore copy = new MemoryObjectStore();
        for (String name : names("")) {
            copy.put(name, List.of(bucket.get(name, 1 << 30).bytes()), new ObjectStore.IfAbsent());
        }
        return copy;
    }

    public byte[] bytes(String name) throws Exception {
        ByteBuffer bytes = bucket.get(name, 1 << 30).bytes();
        byte[] copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return copy;
    }

    /** Puts another object under a name. */
    public void replace(String name, byte[] bytes) throws Exception {
        bucket.delete(List.of(name));
        bucket.put(name, List.of(ByteBuffer.wrap(bytes)), new ObjectStore.IfAbsent());
    }

    public List<String> names(String prefix) throws Exception {
        return bucket.list(prefix, "", 10_000).stream()
                .map(ObjectStore.ObjectInfo::name)
                .toList();
    }

    @Override
    public void close() throws Exception {
        while (!processes.isEmpty()) {
            processes.pop().kill();
        }
        LocalDirectory.delete(directories);
    }

    /** One daemon: its view of the store, its directory, and the volume that it opens. */
    public static final class Process {
        final HookedStore hooks;
        public final FaultyObjectStore store;
        public final Path cacheDirectory;
        final List<String> warnings = new CopyOnWriteArrayList<>();
        /** Completes with the reason when the volume stops by itself. */
        public final CompletableFuture<VolumeException> stopped = new CompletableFuture<>();

        public OpenSettings settings = SETTINGS;
        public StorageVolume volume;
        public Checkpointer keeper;
        /** The recovered state that the volume was opened from. */
        public RecoveredVolume recovered;

        private EngineThreads threads;

        private Process(HookedStore hooks, Path cacheDirectory) {
            this.hooks = hooks;
            this.store = new FaultyObjectStore(hooks, 1);
            this.cacheDirectory = cacheDirectory;
        }

        public Process open() throws OpenException {
            return open(PASSWORD);
        }

        /** As {@code VolumeOpener} does it, with the keeper at hand. */
        Process open(Secret password) throws OpenException {
            threads = new EngineThreads(settings.requestsMax());
            OpenProgress progress = new OpenProgress() {
                @Override
                public void advanced(Step step, long done, long total) {}

                @Override
                public void warned(String message) {
                    warnings.add(message);
                }
            };
            Recovery.Environment environment =
                    new Recovery.Environment(threads.runtime(), InstantSource.system(), "a test");
            Recovery.Recovered recovered =
                    new Recovery(store, settings, environment, progress).recover(password, cacheDirectory);
            keeper = recovered.keeper();
            this.recovered = recovered.volume().closingFirst(threads);
            volume = new StorageVolume(
                    this.recovered, settings.compression(), settings.engine(), threads.runtime(), keeper);
            volume.onStop(stopped::complete);
            return this;
        }

        public EngineRuntime runtime() {
            return threads.runtime();
        }

        /** Puts a key and writes a chunk of the same text, in one batch. */
        public Process write(int number, String text) throws VolumeException {
            Batch batch = volume.newBatch();
            batch.put(key(number), text.getBytes(StandardCharsets.UTF_8));
            batch.writeChunk(new ChunkId(number, 0), 0, ByteBuffer.wrap(content(text)));
            try (Reservation reservation = volume.reserve(new ChunkRange(number, 0, 1), CHUNK)) {
                volume.apply(batch);
            }
            return this;
        }

        public Process barrier() throws Exception {
            volume.barrier().get(30, TimeUnit.SECONDS);
            return this;
        }

        public Process checkpoint() throws Exception {
            keeper.checkpoint();
            return this;
        }

        /** Returns the value of {@link #write}, checked against the chunk; null if the key is absent. */
        public String read(int number) throws VolumeException {
            return read(volume, number);
        }

        public static String read(Volume volume, int number) throws VolumeException {
            byte[] value = volume.get(key(number));
            ByteBuffer chunk = ByteBuffer.allocate(CHUNK);
            volume.read(number, 0, chunk);
            String text = value == null ? null : new String(value, StandardCharsets.UTF_8);
            byte[] expected = value == null ? new byte[0] : content(text);
            if (!Arrays.equals(Arrays.copyOf(expected, CHUNK), chunk.array())) {
                throw new AssertionError("chunk and key " + number + " do not agree");
            }
            return text;
        }

        public List<String> readAll(int count) throws VolumeException {
            List<String> texts = new ArrayList<>();
            for (int number = 0; number < count; number++) {
                texts.add(read(number));
            }
            return texts;
        }

        /** Ends in order, with a last barrier and checkpoint. */
        public void shutDown() throws Exception {
            volume.close();
            volume = null;
        }

        /** Dies: nothing more reaches the store; the operating system takes back locks and threads. */
        public void kill() throws Exception {
            store.crash();
            if (volume != null) {
                volume.stop(new VolumeException(VolumeException.Kind.CLOSED, "killed"));
                volume.close();
                volume = null;
            }
            if (threads != null) {
                threads.close();
            }
        }

        static byte[] key(int number) {
            return ByteBuffer.allocate(5).put((byte) 1).putInt(number).array();
        }

        private static byte[] content(String text) {
            return text.repeat(100).getBytes(StandardCharsets.UTF_8);
        }
    }
}
