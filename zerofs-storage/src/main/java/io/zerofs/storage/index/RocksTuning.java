// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

import java.util.List;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.CompressionType;
import org.rocksdb.Env;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.SstFileManager;
import org.rocksdb.TablePropertiesCollectorFactory;

/**
 * The resources that RocksDB may use. Its memory is the block cache plus all write buffers.
 *
 * @param blockCacheBytes decompressed blocks, index and filter blocks; at least 8 MiB
 * @param writeBufferBytes one memtable; at least 1 MiB
 * @param writeBuffersMax maximum memtables; beyond them RocksDB refuses writes; 4 to 64
 * @param backgroundJobs threads for flushes and compactions; 1 to 64
 * @param openFilesMax tables that stay open; at least 20. RocksDB opens others for each use
 * @param automatic whether RocksDB decides when it flushes and compacts; otherwise only calls do
 * @param writer puts batches into the database
 */
public record RocksTuning(
        long blockCacheBytes,
        long writeBufferBytes,
        int writeBuffersMax,
        int backgroundJobs,
        int openFilesMax,
        boolean automatic,
        RocksIndex.Writer writer) {
    private static final long MIB = 1L << 20;

    private static final long BLOCK_CACHE_BYTES_MIN = 8 * MIB;
    private static final int OPEN_FILES_MIN = 20;
    private static final int OPEN_FILES_MAX = 1_024;

    public static final RocksTuning DEFAULT = new RocksTuning(64 * MIB, 16 * MIB, 6, 2);

    // A MANIFEST is part of every published checkpoint, so it is rolled early.
    private static final long MANIFEST_BYTES_MAX = MIB;
    private static final long TABLE_FILE_BYTES = 16 * MIB;
    private static final long BLOCK_BYTES = 16 * 1024;
    private static final double BLOOM_BITS_PER_KEY = 10;
    private static final long INFO_LOG_BYTES_MAX = MIB;
    private static final int INFO_LOGS_MAX = 2;
    private static final long DELETIONS_WINDOW = 1024;
    private static final long DELETIONS_IN_WINDOW = 512;
    private static final double DELETIONS_SHARE = 0.3;
    private static final int LEVEL0_COMPACTION_FILES = 4;
    // Volume.reserve delays writers, because they hold no lock there. RocksDB must not delay them inside the gate.
    private static final int LEVEL0_NEVER_STALLS = 1 << 20;

    // RocksDB reserves memory in small parts, so an unused write buffer costs nothing.
    private static final long NEVER_FULL_BYTES = 1L << 40;

    /** Creates the record with the default number of open files. */
    public RocksTuning(long blockCacheBytes, long writeBufferBytes, int writeBuffersMax, int backgroundJobs) {
        this(blockCacheBytes, writeBufferBytes, writeBuffersMax, backgroundJobs, OPEN_FILES_MAX);
    }

    public RocksTuning(
            long blockCacheBytes, long writeBufferBytes, int writeBuffersMax, int backgroundJobs, int openFilesMax) {
        this(blockCacheBytes, writeBufferBytes, writeBuffersMax, backgroundJobs, openFilesMax, true, RocksDB::write);
    }

    /** Returns a tuning for simulations: {@link RocksIndex#flush}, {@code compact} and {@code checkpoint} do all work. */
    public RocksTuning withoutAutomaticWork() {
        return new RocksTuning(blockCacheBytes, NEVER_FULL_BYTES, writeBuffersMax, 1, openFilesMax, false, writer);
    }

    /** Returns a tuning with a writer that may fail like a disk. */
    public RocksTuning withWriter(RocksIndex.Writer other) {
        return new RocksTuning(
                blockCacheBytes, writeBufferBytes, writeBuffersMax, backgroundJobs, openFilesMax, automatic, other);
    }

    /** Returns a tuning with about half of the memory and of the open files. */
    public RocksTuning half() {
        return new RocksTuning(
                Math.max(BLOCK_CACHE_BYTES_MIN, blockCacheBytes / 2),
                Math.max(MIB, writeBufferBytes / 2),
                writeBuffersMax,
                backgroundJobs,
                Math.max(OPEN_FILES_MIN, openFilesMax / 2),
                automatic,
                writer);
    }

    public RocksTuning {
        require(blockCacheBytes >= BLOCK_CACHE_BYTES_MIN, "block cache must have at least 8 MiB");
        require(writeBufferBytes >= MIB, "a write buffer must have at least 1 MiB");
        require(writeBuffersMax >= 4 && writeBuffersMax <= 64, "write buffers must be 4 to 64");
        require(backgroundJobs >= 1 && backgroundJobs <= 64, "background jobs must be 1 to 64");
        require(openFilesMax >= OPEN_FILES_MIN, "at least 20 tables must be kept open");
    }

    private static void require(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException(message);
        }
    }

    Options options(NativeResources owner) throws RocksDBException {
        BlockBasedTableConfig table = new BlockBasedTableConfig()
                .setBlockCache(owner.own(new LRUCache(blockCacheBytes)))
                .setCacheIndexAndFilterBlocks(true)
                .setCacheIndexAndFilterBlocksWithHighPriority(true)
                .setPinL0FilterAndIndexBlocksInCache(true)
                .setFilterPolicy(owner.own(new BloomFilter(BLOOM_BITS_PER_KEY)))
                .setBlockSize(BLOCK_BYTES);
        Options options = owner.own(new Options());
        options.setCreateIfMissing(true)
                .setTableFormatConfig(table)
                .setCompressionType(CompressionType.LZ4_COMPRESSION)
                .setWriteBufferSize(writeBufferBytes)
                .setMaxWriteBufferNumber(writeBuffersMax)
                .setTargetFileSizeBase(TABLE_FILE_BYTES)
                .setMaxBackgroundJobs(backgroundJobs)
                .setDisableAutoCompactions(!automatic)
                .setMaxOpenFiles(openFilesMax)
                .setMaxManifestFileSize(MANIFEST_BYTES_MAX)
                .setLevel0FileNumCompactionTrigger(LEVEL0_COMPACTION_FILES)
                .setLevel0SlowdownWritesTrigger(LEVEL0_NEVER_STALLS)
                .setLevel0StopWritesTrigger(LEVEL0_NEVER_STALLS)
                .setSoftPendingCompactionBytesLimit(0)
                .setHardPendingCompactionBytesLimit(0)
                // The log has everything that is not in a checkpoint, so there is nothing to save at the end.
                .setAvoidFlushDuringShutdown(true)
                // Lets RocksDB resume by itself when a full disk has room again.
                .setSstFileManager(owner.own(new SstFileManager(Env.getDefault())))
                .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
                .setMaxLogFileSize(INFO_LOG_BYTES_MAX)
                .setKeepLogFileNum(INFO_LOGS_MAX)
                .setStatsDumpPeriodSec(0)
                .setStatsPersistPeriodSec(0);
        // Otherwise deleted data and its tombstones stay until enough writes overflow the levels.
        options.setTablePropertiesCollectorFactory(
                List.of(owner.own(TablePropertiesCollectorFactory.NewCompactOnDeletionCollectorFactory(
                        DELETIONS_WINDOW, DELETIONS_IN_WINDOW, DELETIONS_SHARE))));
        return options;
    }
}
