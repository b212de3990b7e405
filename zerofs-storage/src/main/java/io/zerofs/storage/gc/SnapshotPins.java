// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.gc;

import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.ManifestChain;
import io.zerofs.storage.manifest.Snapshot;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.object.ObjectStoreException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The objects that snapshots protect from deletion: their manifest, its tables, its log, and every commit that had live
 * frames at the snapshot's cut. Confined to one thread at a time.
 */
final class SnapshotPins {
    /** @param tables object names */
    private record Pin(long manifestVersion, long replayFrom, long cut, Set<String> tables) {}

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
        Set<String> tables = manifest.checkpoint().tables().stream()
                .map(TableReference::objectName)
                .collect(Collectors.toSet());
        return new Pin(snapshot.manifestVersion(), manifest.checkpoint().replayFrom(), snapshot.cutSeq(), tables);
    }

    /** Returns whether they have the snapshots of a manifest. */
    boolean areOf(Manifest manifest) {
        return pins.keySet().containsAll(manifest.snapshots());
    }

    boolean hold(CommitSpace commit) {
        return pins.values().stream()
                .anyMatch(pin -> commit.seq() <= pin.cut
                        && (commit.seq() >= pin.replayFrom || !commit.isDead() || commit.lastDeath() > pin.cut));
    }

    boolean hold(TableReference table) {
        return pins.values().stream().anyMatch(pin -> pin.tables.contains(table.objectName()));
    }

    boolean hold(long manifestVersion) {
        return pins.values().stream().anyMatch(pin -> pin.manifestVersion == manifestVersion);
    }

    List<String> tables() {
        return pins.values().stream().flatMap(pin -> pin.tables.stream()).toList();
    }
}
