// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.manifest.CheckpointState;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.ManifestChain;
import io.zerofs.storage.manifest.Snapshot;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.object.ObjectStoreException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The objects that snapshots protect from deletion: their manifest, its tables, its log, and every commit that had live
 * frames at the snapshot's cut. Confined to one thread at a time.
 */
final class SnapshotPins {
    /** @param tables sizes by object name */
    private record Pin(long manifestVersion, long replayFrom, long cut, Map<String, Long> tables) {
        boolean holds(CommitSpace commit) {
            return commit.seq() <= cut && (commit.seq() >= replayFrom || !commit.isDead() || commit.lastDeath() > cut);
        }
    }

    private final ManifestChain chain;
    private final Map<Snapshot, Pin> pins = new HashMap<>();

    SnapshotPins(ManifestChain chain) {
        this.chain = chain;
    }

    /** Reads the pins of the newest manifest. */
    void follow(Manifest head) throws ObjectStoreException, CorruptObjectException {
        pins.keySet().retainAll(new HashSet<>(head.snapshots()));
        for (Snapshot snapshot : head.snapshots()) {
            if (!pins.containsKey(snapshot)) {
                pins.put(snapshot, pinOf(snapshot));
            }
        }
    }

    private Pin pinOf(Snapshot snapshot) throws ObjectStoreException, CorruptObjectException {
        Manifest manifest = chain.read(snapshot);
        Map<String, Long> tables = manifest.checkpoint().tables().stream()
                .collect(Collectors.toMap(TableReference::objectName, TableReference::size));
        return new Pin(snapshot.manifestVersion(), manifest.checkpoint().replayFrom(), snapshot.cutSeq(), tables);
    }

    /** Returns whether they have the snapshots of a manifest. */
    boolean areOf(Manifest manifest) {
        return pins.keySet().containsAll(manifest.snapshots());
    }

    boolean hold(CommitSpace commit) {
        return pins.values().stream().anyMatch(pin -> pin.holds(commit));
    }

    boolean hold(TableReference table) {
        return pins.values().stream().anyMatch(pin -> pin.tables.containsKey(table.objectName()));
    }

    boolean hold(long manifestVersion) {
        return pins.values().stream().anyMatch(pin -> pin.manifestVersion == manifestVersion);
    }

    /** Returns the bytes of commits and tables that only this snapshot pins, by its name. */
    Map<String, Long> bytesOfOne(List<CommitSpace> commits, CheckpointState newest) {
        Map<String, Long> bytes = new HashMap<>();
        Map<String, Integer> holders = new HashMap<>();
        newest.tables().forEach(table -> holders.merge(table.objectName(), 1, Integer::sum));
        pins.forEach((snapshot, pin) -> {
            bytes.put(snapshot.name(), 0L);
            pin.tables.keySet().forEach(table -> holders.merge(table, 1, Integer::sum));
        });
        pins.forEach((snapshot, pin) -> pin.tables.forEach((table, size) -> {
            if (holders.get(table) == 1) {
                bytes.merge(snapshot.name(), size, Long::sum);
            }
        }));
        for (CommitSpace commit : commits) {
            if (commit.isDead() && commit.seq() < newest.replayFrom()) {
                List<Snapshot> holding = pins.entrySet().stream()
                        .filter(pin -> pin.getValue().holds(commit))
                        .map(Map.Entry::getKey)
                        .limit(2)
                        .toList();
                if (holding.size() == 1) {
                    bytes.merge(holding.get(0).name(), commit.objectBytes(), Long::sum);
                }
            }
        }
        return bytes;
    }

    List<String> tables() {
        return pins.values().stream()
                .flatMap(pin -> pin.tables.keySet().stream())
                .toList();
    }
}
