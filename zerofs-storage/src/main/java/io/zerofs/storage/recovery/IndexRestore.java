// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.checkpoint.TableFiles;
import io.zerofs.storage.manifest.CheckpointState;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.retry.ReadRetry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fills an empty directory with the database of a checkpoint. It links tables that an earlier directory still has, if size
 * and digest agree, and fetches the others, several at a time. Used once.
 */
final class IndexRestore {
    private static final Logger LOG = LoggerFactory.getLogger(IndexRestore.class);

    /** RocksDB's form of the name. Any other name, above all a path, is refused. */
    private static final Pattern ROCKS_MANIFEST = Pattern.compile("MANIFEST-[0-9]{6,18}");

    private final ObjectStore store;
    private final TableFiles tables;
    private final ParallelRequests requests;
    private final OpenProgress progress;
    private final AtomicLong doneBytes = new AtomicLong();

    IndexRestore(ObjectStore store, TableFiles tables, ParallelRequests requests, OpenProgress progress) {
        this.store = store;
        this.tables = tables;
        this.requests = requests;
        this.progress = progress;
    }

    /**
     * @param database an empty directory
     * @param leftovers directories that may hold tables, preferred first
     */
    void build(CheckpointState checkpoint, Path database, List<Path> leftovers)
            throws ObjectStoreException, CorruptObjectException, OpenException, IOException {
        if (!checkpoint.hasDatabase()) {
            return;
        }
        if (!ROCKS_MANIFEST.matcher(checkpoint.rocksManifestName()).matches()) {
            throw new OpenException(
                    OpenException.Kind.DAMAGED_OBJECT, "the checkpoint names an impossible database file");
        }
        long total =
                checkpoint.tables().stream().mapToLong(TableReference::size).sum();
        List<Prefetch.Item<Boolean>> builds = new ArrayList<>();
        for (TableReference table : checkpoint.tables()) {
            builds.add(new Prefetch.Item<>(
                    TableFiles.MEMORY_BYTES,
                    () -> link(table, database, leftovers, total) || fetch(table, database, total)));
        }
        Prefetch<Boolean> tablesToCome = new Prefetch<>(requests, builds);
        while (tablesToCome.hasNext()) {
            tablesToCome.next();
        }
        Files.write(database.resolve(checkpoint.rocksManifestName()), checkpoint.rocksManifest());
        Files.write(
                database.resolve("CURRENT"),
                (checkpoint.rocksManifestName() + "\n").getBytes(StandardCharsets.US_ASCII));
    }

    /** Returns whether a local table could be used. The disk may not read it, or have no hard links. */
    private boolean link(TableReference table, Path database, List<Path> leftovers, long total) {
        for (Path leftover : leftovers) {
            Path candidate = leftover.resolve(table.fileName());
            try {
                if (tables.isTable(candidate, table)) {
                    Files.createLink(database.resolve(table.fileName()), candidate);
                    advance(table.size(), total);
                    return true;
                }
            } catch (IOException e) {
                LOG.warn("cannot use the local table {}, fetching it instead: {}", candidate, e.toString());
            }
        }
        return false;
    }

    private boolean fetch(TableReference table, Path database, long total)
            throws ObjectStoreException, CorruptObjectException, IOException {
        Path file = database.resolve(table.fileName());
        return ReadRetry.<Boolean, IOException>atRequired(() -> {
            Files.deleteIfExists(file);
            tables.fetch(store, table, new TableFiles.Target(file, bytes -> advance(bytes, total)));
            return true;
        });
    }

    private void advance(long bytes, long total) {
        progress.advanced(OpenProgress.Step.BUILDING_DATABASE, doneBytes.addAndGet(bytes), total);
    }
}
