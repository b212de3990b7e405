// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.core.runtime.Machine;
import io.zerofs.storage.cache.DamageLog;
import io.zerofs.storage.cache.DiskCache;
import io.zerofs.storage.cache.DiskCacheSettings;
import io.zerofs.storage.cache.ObjectRanges;
import io.zerofs.storage.cache.PageCache;
import io.zerofs.storage.cache.PageFetcher;
import io.zerofs.storage.cache.RangeFetcher;
import io.zerofs.storage.commit.CommitReader;
import io.zerofs.storage.commit.CommitSealer;
import io.zerofs.storage.concurrent.ParallelSteps;
import io.zerofs.storage.engine.compact.DeltaCompactor;
import io.zerofs.storage.engine.compact.FrameRelocator;
import io.zerofs.storage.engine.memtable.ChunkStripes;
import io.zerofs.storage.engine.memtable.CommitTable;
import io.zerofs.storage.engine.memtable.CompactionQueue;
import io.zerofs.storage.engine.memtable.DirtyBudget;
import io.zerofs.storage.engine.memtable.OpenCommit;
import io.zerofs.storage.engine.pipeline.CommitCompletion;
import io.zerofs.storage.engine.pipeline.CommitPipeline;
import io.zerofs.storage.engine.pipeline.CommitUpload;
import io.zerofs.storage.engine.read.FrameTables;
import io.zerofs.storage.engine.read.ReadPath;
import io.zerofs.storage.engine.read.ReadPlanner;
import io.zerofs.storage.engine.read.ReadSources;
import io.zerofs.storage.engine.readahead.ReadAhead;
import io.zerofs.storage.engine.runtime.EngineRuntime;
import io.zerofs.storage.engine.runtime.EngineSettings;
import io.zerofs.storage.engine.runtime.StopSwitch;
import io.zerofs.storage.engine.upkeep.CheckpointHook;
import io.zerofs.storage.engine.upkeep.CheckpointSource.AppliedCommit;
import io.zerofs.storage.engine.write.WriteAdmission;
import io.zerofs.storage.engine.write.WritePath;
import io.zerofs.storage.index.CommitApplier;
import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.object.MonotonicClock;
import io.zerofs.storage.retry.ExclusiveCreate;
import io.zerofs.storage.seal.Compression;

/** The parts of a running engine, wired to each other. Used by the volume that they belong to. */
record EngineParts(
        StopSwitch stop,
        DirtyBudget budget,
        WriteAdmission admission,
        WritePath writes,
        ReadSources sources,
        ReadPath reads,
        DiskCache disk,
        CommitUpload upload,
        CommitCompletion completion,
        CommitPipeline pipeline,
        DeltaCompactor compactor,
        FrameRelocator relocator) {
    private static final int REQUESTS_PER_READ_MAX = 8;

    /** The parameters are those of {@link StorageVolume}. */
    static EngineParts wire(
            RecoveredVolume recovered,
            Compression compression,
            EngineSettings settings,
            EngineRuntime runtime,
            CheckpointHook keeper) {
        StopSwitch stop = new StopSwitch();
        RocksIndex index = recovered.index();
        CommitTable memtables = new CommitTable(
                new OpenCommit(recovered.lastSeq() + 1), settings.memory().keptBytesMax());
        DirtyBudget budget = new DirtyBudget(settings.memory().dirtyBytesMax(), stop);
        CompactionQueue queue = new CompactionQueue(settings.compaction(), stop);
        ChunkStripes stripes = new ChunkStripes(index, settings.memory().entriesMax());
        ReadPlanner planner = new ReadPlanner(stripes, memtables);
        WritePath writes = new WritePath(index, stripes, memtables, budget, queue, stop);
        DiskCache disk = openDiskCache(recovered, settings.disk());
        FrameTables tables = new FrameTables(index);
        ObjectRanges ranges =
                new ObjectRanges(recovered.store(), disk, tables::object, runtime.requests(), runtime.nanoTime());
        ReadSources sources = sources(recovered, settings.memory(), runtime, ranges);
        ReadAhead ahead = new ReadAhead(planner, tables, sources, runtime, stop);
        ReadPath reads = new ReadPath(planner, tables, ahead, sources, stop);
        CommitUpload upload = upload(recovered, compression, settings.commits(), runtime, stop);
        CommitCompletion completion = new CommitCompletion(new CommitApplier(index), budget, keeper, ranges);
        CommitPipeline pipeline = new CommitPipeline(
                recovered.epoch(),
                new AppliedCommit(recovered.lastSeq(), recovered.lastSalt()),
                settings.commits(),
                new CommitPipeline.Stages(
                        writes, memtables, upload, completion, recovered.store().traffic()),
                runtime,
                stop);
        DeltaCompactor compactor = new DeltaCompactor(
                settings.compaction(),
                new DeltaCompactor.Paths(queue, planner, reads, writes, budget),
                runtime,
                stop,
                pipeline::changed);
        WriteAdmission admission = new WriteAdmission(
                new WriteAdmission.Gates(budget, queue, keeper, index),
                stop,
                runtime.nanoTime(),
                settings.commits().barrierDeadline());
        FrameRelocator relocator = new FrameRelocator(
                planner, compactor, writes, admission, settings.compaction().baseAt(), pipeline::changed);
        return new EngineParts(
                stop,
                budget,
                admission,
                writes,
                sources,
                reads,
                disk,
                upload,
                completion,
                pipeline,
                compactor,
                relocator);
    }

    private static CommitUpload upload(
            RecoveredVolume recovered,
            Compression compression,
            EngineSettings.Commits settings,
            EngineRuntime runtime,
            StopSwitch stop) {
        ParallelSteps parallel =
                new ParallelSteps(runtime.sealing(), Machine.current().processors());
        CommitSealer sealer = new CommitSealer(recovered.keys(), compression, parallel);
        ExclusiveCreate create = new ExclusiveCreate(recovered.store());
        return new CommitUpload(sealer, create, runtime, stop, settings.retryDelayMax());
    }

    private static DiskCache openDiskCache(RecoveredVolume recovered, EngineSettings.Disk settings) {
        DiskCacheSettings cache = new DiskCacheSettings(
                recovered.directory().resolve("blocks"), settings.cacheBytes(), settings.freeBytesMin());
        return DiskCache.open(cache, MonotonicClock.system());
    }

    private static ReadSources sources(
            RecoveredVolume recovered, EngineSettings.Memory settings, EngineRuntime runtime, ObjectRanges ranges) {
        PageCache pages = new PageCache(settings.pageCacheBytes() - settings.keptBytesMax());
        DamageLog damage = new DamageLog();
        CommitReader reader = new CommitReader(recovered.store(), recovered.keys());
        ParallelSteps parallel = new ParallelSteps(runtime.requests(), REQUESTS_PER_READ_MAX);
        PageFetcher fetcher = new RangeFetcher(ranges, reader, pages, parallel, damage);
        return new ReadSources(pages, fetcher, reader, damage);
    }
}
