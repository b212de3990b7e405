// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.checkpoint;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.files.DirectoryEntries;
import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.Traffic;
import io.zerofs.storage.retry.CreateRetry;
import io.zerofs.storage.retry.ExclusiveCreate;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.Salt;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Uploads the tables of a checkpoint, each once. While one database is open RocksDB never reuses a file number, so the
 * number identifies a table. Confined to one checkpoint at a time.
 */
public final class TableUpload {
    private static final Pattern TABLE_FILE = Pattern.compile("([0-9]{6,18})\\.sst");

    private static final int HURRIED_SECONDS_MAX = 10;

    private final TableFiles files;
    private final CreateRetry creation;
    private final RandomGenerator random;
    private final long epoch;
    private final Map<Long, TableReference> known = new HashMap<>();
    /** Uploads with an unknown outcome. Another attempt sends the same bytes. */
    private final Map<String, Begun> begun = new LinkedHashMap<>();

    private final Traffic traffic;
    private volatile long uploadedBytes;
    private volatile boolean hurried;

    private record Begun(TableReference table, Salt salt) {}

    /** @param stored the tables from which the database was built */
    public TableUpload(
            ObjectStore store, TableFiles files, long epoch, List<TableReference> stored, RandomGenerator random) {
        this.files = files;
        this.creation = new CreateRetry(store);
        this.traffic = store.traffic();
        this.epoch = epoch;
        this.random = random;
        stored.forEach(table -> known.put(table.number(), table));
    }

    /** Returns all tables in the directory, and uploads those that are not in the store. */
    public List<TableReference> upload(Path checkpoint)
            throws IOException, ObjectStoreException, CorruptObjectException, VolumeException {
        Map<Long, Path> numbered = tableFiles(checkpoint);
        List<TableReference> tables = new ArrayList<>();
        long left = 0;
        for (Map.Entry<Long, Path> file : numbered.entrySet()) {
            left += known.containsKey(file.getKey()) ? 0 : Files.size(file.getValue());
        }
        for (Map.Entry<Long, Path> file : numbered.entrySet()) {
            TableReference table = known.get(file.getKey());
            if (table == null) {
                requireTimeFor(left);
                left -= Files.size(file.getValue());
                table = uploadOne(file.getKey(), file.getValue());
                known.put(file.getKey(), table);
            }
            tables.add(table);
        }
        return tables;
    }

    /** Returns tables that may be in the store but that a checkpoint with these does not need, failed checkpoints included. */
    public List<TableReference> unusedBy(Collection<TableReference> tables) {
        return Stream.concat(known.values().stream(), begun.values().stream().map(Begun::table))
                .filter(table -> !tables.contains(table))
                .toList();
    }

    /** Notes a published manifest that names these tables and announces the deletion of the others. */
    void published(Collection<TableReference> tables) {
        known.values().retainAll(tables);
        begun.clear();
    }

    /** Returns the bytes of tables uploaded since the start. */
    long uploadedBytes() {
        return uploadedBytes;
    }

    /** Gives up checkpoints from now on that a slow link would delay. */
    void hurry() {
        hurried = true;
    }

    private void requireTimeFor(long bytes) throws VolumeException {
        double rate = traffic.bytesPerSecond();
        if (hurried && rate > 0 && bytes / rate > HURRIED_SECONDS_MAX) {
            throw new VolumeException(
                    VolumeException.Kind.UNAVAILABLE,
                    bytes + " bytes of tables take too long at " + (long) rate
                            + " bytes per second; the next start replays the log instead");
        }
    }

    private static Map<Long, Path> tableFiles(Path checkpoint) throws IOException {
        Map<Long, Path> numbered = new TreeMap<>();
        for (Path entry : DirectoryEntries.sorted(checkpoint)) {
            Matcher name = TABLE_FILE.matcher(entry.getFileName().toString());
            if (name.matches()) {
                numbered.put(Long.parseLong(name.group(1)), entry);
            }
        }
        return numbered;
    }

    private TableReference uploadOne(long number, Path file)
            throws IOException, ObjectStoreException, CorruptObjectException, VolumeException {
        // Damage by a bad disk must not become the only copy.
        RocksIndex.verifyTable(file);
        TableReference table = new TableReference(number, epoch, Files.size(file), files.digest(file));
        String name = table.objectName();
        Salt salt = begun.computeIfAbsent(name, unused -> new Begun(table, Salt.random(random)))
                .salt();
        if (creation.create(name, files.seal(file, table, salt), salt) instanceof ExclusiveCreate.Taken) {
            throw ObjectHeader.foreign(name, "it stands where a table of this daemon belongs");
        }
        begun.remove(name);
        uploadedBytes += table.size();
        return table;
    }
}
