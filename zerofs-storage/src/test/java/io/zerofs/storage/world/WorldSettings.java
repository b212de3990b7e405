// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import io.zerofs.core.fs.FileSystemSettings;
import io.zerofs.core.volume.Volume;
import io.zerofs.storage.checkpoint.CheckpointSettings;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.gc.GcSettings;
import io.zerofs.storage.object.ConnectionSettings;
import io.zerofs.storage.object.Fault;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.RetrySettings;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.object.Traffic;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.OpenSettings;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/** Tiny limits, at which every queue, cache and budget of a volume is full now and then, and faults of its store. */
final class WorldSettings {
    private WorldSettings() {}

    static OpenSettings volume(SplittableRandom random) {
        EngineSettings defaults = EngineSettings.DEFAULT;
        int cut = random.nextInt(20_000, 300_000);
        EngineSettings engine = defaults.with(defaults.memory()
                        .withDirtyBytesMax(2L * Volume.RESERVATION_BYTES_MAX
                                + random.nextInt(random.nextBoolean() ? 4 << 20 : 1 << 10))
                        .withPageCacheBytes(random.nextInt(1 << 20))
                        .withEntriesMax(1 + random.nextInt(64)))
                .with(defaults.commits()
                        .withCut(cut, 2 * cut)
                        .withFlushInterval(Duration.ofSeconds(1 + random.nextInt(10)))
                        .withUploads(1 + random.nextInt(4), 3L * cut)
                        .withBarrierDeadline(Duration.ofSeconds(60))
                        .withRetryDelayMax(Duration.ofSeconds(2)))
                .with(defaults.compaction()
                        .withDeltas(2 + random.nextInt(4), 7 + random.nextInt(10))
                        .withTasksMax(1 + random.nextInt(2))
                        .withBaseAt(1 + random.nextInt(32)))
                .with(random.nextBoolean() ? EngineSettings.Disk.NONE : new EngineSettings.Disk(16 << 20, 0));
        int commits = 3 + random.nextInt(20);
        return LifecycleFixture.SETTINGS
                .with(engine)
                .with(LifecycleFixture.SETTINGS.index().withoutAutomaticWork())
                .with(CheckpointSettings.DEFAULT
                        .withLogCommits(commits)
                        .withLogMax(1L << 30, commits * (1 + random.nextInt(4)))
                        .withInterval(Duration.ofSeconds(20 + random.nextInt(600)))
                        .withWatchInterval(Duration.ofSeconds(1 + random.nextInt(60))));
    }

    static FileSystemSettings files(SplittableRandom random) {
        SplittableRandom own = random.split();
        return FileSystemSettings.DEFAULTS
                .withBackgroundBatchChunks(1 + own.nextInt(own.nextBoolean() ? 2 : 32))
                .withCachedRecords(8 + own.nextInt(own.nextBoolean() ? 8 : 1000))
                .withQueuedRemovalsMax(4 + own.nextInt(own.nextBoolean() ? 2 : 1000));
    }

    static GcSettings garbage(SplittableRandom random) {
        return GcSettings.DEFAULT
                .withShare(1)
                .withRequestsMax(1 + random.nextInt(3))
                .withGarbageShare(0.01)
                .withGrace(Duration.ofSeconds(random.nextInt(random.nextBoolean() ? 30 : 300)))
                .withIntervals(Duration.ofSeconds(1 + random.nextInt(10)), Duration.ofSeconds(20));
    }

    /** Returns traffic of a store beyond a link, or of a near one. Called on a thread of the daemon. */
    static Traffic traffic(SplittableRandom random) {
        if (random.nextInt(4) == 0) {
            return Traffic.NONE;
        }
        return Traffic.watched(new ConnectionSettings(
                1 + random.nextInt(random.nextBoolean() ? 4 : 64),
                Duration.ofSeconds(10),
                Duration.ofMillis(random.nextInt(3_000, 30_000)),
                random.nextInt(16 << 10, 128 << 10),
                Duration.ofSeconds(1 + random.nextInt(60))));
    }

    static RetrySettings retries(SplittableRandom random) {
        Duration deadline = Duration.ofMillis(random.nextInt(random.nextBoolean() ? 60_000 : 1_000));
        return new RetrySettings(
                Duration.ofMillis(1 + random.nextInt(200)),
                Duration.ofMillis(random.nextInt(200, 5_000)),
                deadline,
                deadline.multipliedBy(1 + random.nextInt(10)));
    }

    /** Puts and deletions fail or have no answer, and commits arrive later. Errors and headers are wrong now and then. */
    static Fault[] writeFaults(double chance) {
        double odd = chance / 4;
        return new Fault[] {
            Fault.on(StoreOperation.PUT, "", odd, new Fault.Doubled()),
            Fault.on(StoreOperation.PUT, "", odd, new Fault.WrongRefusal()),
            Fault.on(StoreOperation.PUT, "", odd, new Fault.ErrorAnswer(Kind.REFUSED, false)),
            Fault.on(StoreOperation.PUT, "", odd, new Fault.ErrorAnswer(Kind.REFUSED, true)),
            Fault.on(StoreOperation.PUT, "", odd, new Fault.ErrorAnswer(Kind.NO_SPACE, false)),
            Fault.on(StoreOperation.DELETE, "", odd, new Fault.ErrorAnswer(Kind.REFUSED, true)),
            Fault.on(StoreOperation.DELETE, "", odd, new Fault.ErrorAnswer(Kind.UNAVAILABLE, true)),
            Fault.on(StoreOperation.LIST, "", odd, new Fault.ErrorAnswer(Kind.REFUSED, false)),
            Fault.on(StoreOperation.LIST, "", odd, new Fault.WrongSizes()),
            Fault.on(StoreOperation.GET, "", odd, new Fault.OtherVersion()),
            Fault.on(StoreOperation.PUT, "commits/", chance, new Fault.Unavailable()),
            Fault.on(StoreOperation.DELETE, "", chance, new Fault.Unavailable()),
            Fault.on(StoreOperation.PUT, "", chance, new Fault.UnknownOutcome(Fault.Fate.APPLIED)),
            Fault.on(StoreOperation.PUT, "", chance, new Fault.UnknownOutcome(Fault.Fate.NOT_APPLIED)),
            Fault.on(StoreOperation.PUT, "commits/", chance, new Fault.UnknownOutcome(Fault.Fate.APPLIED_LATER))
        };
    }

    /** As {@link #writeFaults}, and parts of objects cannot be read or are damaged on their way. */
    static Fault[] faults(double chance) {
        double odd = chance / 4;
        Fault[] reads = {
            Fault.on(StoreOperation.GET_RANGE, "", chance, new Fault.Unavailable()),
            Fault.on(StoreOperation.GET_RANGE, "", chance, new Fault.CorruptBody()),
            Fault.on(StoreOperation.GET_RANGE, "", odd, new Fault.CutBody()),
            Fault.on(StoreOperation.GET_RANGE, "", odd, new Fault.MissingObject()),
            Fault.on(StoreOperation.GET_RANGE, "", odd, new Fault.ErrorAnswer(Kind.REFUSED, false)),
            Fault.on(StoreOperation.GET, "", odd, new Fault.Unavailable()),
            Fault.on(StoreOperation.GET, "", odd, new Fault.CorruptBody()),
            Fault.on(StoreOperation.GET, "", odd, new Fault.CutBody()),
            Fault.on(StoreOperation.GET, "", odd, new Fault.ErrorAnswer(Kind.TOO_LARGE, false)),
            Fault.on(StoreOperation.GET, "", odd, new Fault.ErrorAnswer(Kind.REFUSED, false))
        };
        return Stream.of(writeFaults(chance), reads).flatMap(Stream::of).toArray(Fault[]::new);
    }
}
