// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Reservation;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Damages random files of the local directory while no daemon runs: blocks of objects, the database of the last term, the
 * remembered commit and place. The store has everything, so an opening returns the right bytes without an error.
 */
class CacheRotTest {
    private static final int SAMPLES = 12;
    private static final int SLOW_SAMPLES = 500;
    private static final int NUMBERS = 12;
    private static final int FILES_DAMAGED_MAX = 4;
    private static final int DAMAGED_BYTES_MAX = 100_000;
    private static final long CACHE_BYTES = 64 << 20;
    private static final int WAYS = 5;

    @AutoClose
    private final LifecycleFixture fixture = new LifecycleFixture();

    private final List<byte[]> contents = new ArrayList<>();
    private Path sound;

    @BeforeEach
    void fillCache() throws Exception {
        sound = fixture.newDirectory();
        SplittableRandom random = new SplittableRandom(1);
        Process writer = withCache(fixture.process(sound)).open();
        for (int i = 0; i < NUMBERS; i++) {
            byte[] content = new byte[LifecycleFixture.CHUNK / 2];
            random.nextBytes(content);
            contents.add(content);
            write(writer, i, content);
            writer.barrier();
            if (i == NUMBERS / 2) {
                writer.checkpoint();
            }
        }
        writer.kill();
        Process reader = withCache(fixture.process(sound)).open();
        assertAllRight(reader, "before the damage");
        long deadline = System.nanoTime() + TimeUnit.MINUTES.toNanos(1);
        while (reader.volume.statistics().disk().blocks() < NUMBERS) {
            assertTrue(System.nanoTime() < deadline, "the cache keeps few blocks");
        }
        reader.kill();
    }

    private static Process withCache(Process process) {
        EngineSettings engine = process.settings.engine();
        process.settings = process.settings.with(engine.with(new EngineSettings.Disk(CACHE_BYTES, 0))
                .with(engine.memory().withPageCacheBytes(0)));
        return process;
    }

    @Test
    void damagedLocalFilesAreFetchedAgain() throws Exception {
        check(SAMPLES);
    }

    @Tag("slow")
    @Test
    void damagedLocalFilesAreFetchedAgainManyTimes() throws Exception {
        check(SLOW_SAMPLES);
    }

    private void check(int samples) throws Exception {
        Seeds.run(seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            TreeSet<String> kinds = new TreeSet<>();
            long hits = 0;
            long damaged = 0;
            for (int i = 0; i < samples; i++) {
                try (LifecycleFixture own = new LifecycleFixture()) {
                    Path directory = own.newDirectory();
                    copy(sound, directory);
                    String damage = damage(directory, random, kinds);
                    Process again = withCache(own.process(directory, fixture.copyOfBucket()))
                            .open();
                    // Twice: the second time from the blocks that the first one has repaired.
                    assertAllRight(again, damage);
                    assertAllRight(again, damage);
                    assertFalse(again.stopped.isDone(), damage);
                    hits += again.volume.statistics().disk().hits();
                    damaged += again.volume.statistics().disk().damaged();
                }
            }
            assertTrue(hits > 0, "the cache was never used");
            System.out.println("damaged files of the cache: " + kinds + ", " + damaged + " damaged blocks were found");
        });
    }

    /** Returns a description of the damage. */
    private static String damage(Path directory, SplittableRandom random, TreeSet<String> kinds) throws IOException {
        List<String> done = new ArrayList<>();
        List<Path> files = files(directory);
        for (int i = 1 + random.nextInt(FILES_DAMAGED_MAX); i > 0; i--) {
            // Most of the bytes are blocks.
            Path file = random.nextBoolean()
                    ? files.get(random.nextInt(files.size()))
                    : files.stream()
                            .filter(each -> each.toString().endsWith(".blocks"))
                            .findFirst()
                            .orElseThrow();
            if (Files.exists(file)) {
                byte[] bytes = Files.readAllBytes(file);
                int at = bytes.length == 0 ? 0 : random.nextInt(bytes.length);
                int way = random.nextInt(WAYS);
                switch (way) {
                    case 0 -> Files.delete(file);
                    case 1 -> Files.write(file, Arrays.copyOf(bytes, at));
                    case 2 -> Files.write(file, Arrays.copyOf(bytes, bytes.length + 1 + at));
                    default -> {
                        int length = Math.min(bytes.length - at, 1 + random.nextInt(DAMAGED_BYTES_MAX));
                        for (int j = at; j < at + length; j++) {
                            bytes[j] = (byte) (way == 3 ? random.nextInt() : bytes[j] ^ 1);
                        }
                        Files.write(file, bytes);
                    }
                }
                done.add(directory.relativize(file) + " way " + way + " at " + at);
                kinds.add(file.getFileName().toString().replaceAll("[0-9]+", "N"));
            }
        }
        return done.toString();
    }

    private static List<Path> files(Path directory) throws IOException {
        try (Stream<Path> all = Files.walk(directory)) {
            return all.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path path : all.toList()) {
                // The native library has a checksum of its own, and this process has loaded it already.
                if (!path.startsWith(from.resolve("native"))) {
                    Files.copy(path, to.resolve(from.relativize(path).toString()));
                }
            }
        }
    }

    private static void write(Process process, int number, byte[] content) throws VolumeException {
        Batch batch = process.volume.newBatch();
        batch.writeChunk(new ChunkId(number, 0), 0, ByteBuffer.wrap(content));
        try (Reservation reservation = process.volume.reserve(new ChunkRange(number, 0, 1), content.length)) {
            process.volume.apply(batch);
        }
    }

    private void assertAllRight(Process process, String damage) throws VolumeException {
        for (int i = 0; i < NUMBERS; i++) {
            ByteBuffer read = ByteBuffer.allocate(contents.get(i).length);
            process.volume.read(i, 0, read);
            assertArrayEquals(contents.get(i), read.array(), damage);
        }
        assertEquals(0, process.volume.statistics().damagedReads(), damage);
    }
}
