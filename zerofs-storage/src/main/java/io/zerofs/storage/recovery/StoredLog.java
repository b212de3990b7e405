// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.CommitLog;
import io.zerofs.storage.commit.CommitReader;
import io.zerofs.storage.commit.LogObject;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStore.ObjectInfo;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.seal.ObjectKeys;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The commits in the store during an opening: lists them and reads their logs. It keeps logs within a bound, because fencing
 * and replay read the same ones. Thread-safe.
 */
final class StoredLog {
    /** Maximum bytes of logs that are kept between fencing and replay. */
    private static final long KEPT_BYTES_MAX = 64L * 1024 * 1024;

    private static final int LIST_MAX = 1000;

    private final ObjectStore store;
    private final CommitReader reader;
    private final Map<CommitId, LogObject> kept = new ConcurrentHashMap<>();
    private long keptBytes;

    StoredLog(ObjectStore store, ObjectKeys keys) {
        this.store = store;
        this.reader = new CommitReader(store, keys);
    }

    /** Returns seq and object length of all commits and fences in the log of an epoch from a seq on. */
    NavigableMap<Long, Long> list(long epoch, long fromSeq) throws ObjectStoreException {
        NavigableMap<Long, Long> found = new TreeMap<>();
        String after = CommitId.nameBefore(epoch, fromSeq);
        List<ObjectInfo> page;
        do {
            page = store.list(CommitId.epochPrefix(epoch), after, LIST_MAX);
            for (ObjectInfo info : page) {
                CommitId id = CommitId.ofObjectName(info.name());
                if (id != null) {
                    found.put(id.seq(), info.size());
                }
                after = info.name();
            }
        } while (page.size() == LIST_MAX);
        return found;
    }

    /** Reads a commit once. The caller decides whether a second read is necessary. */
    LogObject read(CommitId id, long objectLength) throws ObjectStoreException, CorruptObjectException {
        LogObject known = kept.get(id);
        return known == null ? keep(reader.read(id, objectLength)) : known;
    }

    /** Reads a commit of unknown length once. */
    LogObject read(CommitId id) throws ObjectStoreException, CorruptObjectException {
        LogObject known = kept.get(id);
        return known == null ? keep(reader.read(id)) : known;
    }

    /** Drops the kept log of a commit. */
    void forget(CommitId id) {
        LogObject gone = kept.remove(id);
        if (gone != null) {
            count(-sizeOf(gone));
        }
    }

    private LogObject keep(LogObject object) {
        if (count(sizeOf(object)) <= KEPT_BYTES_MAX) {
            if (kept.put(object.id(), object) != null) {
                count(-sizeOf(object));
            }
        } else {
            count(-sizeOf(object));
        }
        return object;
    }

    private synchronized long count(long bytes) {
        keptBytes += bytes;
        return keptBytes;
    }

    private static long sizeOf(LogObject object) {
        long batches = object instanceof CommitLog log
                ? log.batches().stream().mapToLong(batch -> batch.length).sum()
                : 0;
        return object.header().headLength() + batches;
    }
}
