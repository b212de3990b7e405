// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import io.zerofs.core.runtime.Machine;
import io.zerofs.core.world.World;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.local.LocalObjectStore;
import io.zerofs.storage.recovery.LifecycleFixture;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** The bucket of a world: in memory, or a directory on the disk of the machine on which all daemons run. */
final class WorldBucket {
    private static final int OBJECT_BYTES_MAX = 1 << 30;

    private final World world;
    private final LifecycleFixture fixture;
    private final Map<String, Long> ages;
    private final List<LocalObjectStore> opened = new ArrayList<>();
    /** Null if the bucket is in memory. */
    private SimulatedDisk disk;

    /** @param ages as {@link GraceWatch} wants them */
    WorldBucket(World world, LifecycleFixture fixture, Map<String, Long> ages) {
        this.world = world;
        this.fixture = fixture;
        this.ages = ages;
    }

    void moveToDisk(SplittableRandom random) throws IOException {
        disk = SimulatedDisk.create(world, fixture.newDirectory(), random);
    }

    boolean isOnDisk() {
        return disk != null;
    }

    SimulatedDaemon newDaemon(String name, SplittableRandom random) throws ObjectStoreException {
        return new SimulatedDaemon(world, name, new FaultyObjectStore(view(), random.nextLong()), ages);
    }

    private ObjectStore view() throws ObjectStoreException {
        if (disk == null) {
            return fixture.bucket;
        }
        disk.heal();
        LocalObjectStore store = LocalObjectStore.open(disk.directory(), Machine.current()::now);
        opened.add(store);
        return store;
    }

    /** Lets requests of a daemon fail from now on. On a disk file calls fail instead, of all daemons. */
    void setFaults(SimulatedDaemon daemon, double chance, SplittableRandom random) {
        if (disk == null) {
            daemon.setFaults(chance, WorldSettings.faults(chance));
            return;
        }
        daemon.setFaults(chance);
        if (chance > 0) {
            disk.setFaults(random);
        }
    }

    void heal(SimulatedDaemon daemon) {
        daemon.setFaults(0);
        if (disk != null) {
            disk.heal();
        }
    }

    /** The machine loses its power. All daemons have died. */
    void cutPower(SplittableRandom random) throws IOException {
        close();
        disk = disk.afterPowerCut(random.nextLong());
    }

    private void close() {
        opened.forEach(LocalObjectStore::close);
        opened.clear();
    }

    /** Copies the objects of a disk into the bucket in memory, for an audit. The world is over. */
    void settle() throws ObjectStoreException {
        if (disk == null) {
            return;
        }
        ObjectStore store = view();
        for (ObjectStore.ObjectInfo object : store.list("", "", Integer.MAX_VALUE)) {
            ObjectStore.StoredObject stored = store.get(object.name(), OBJECT_BYTES_MAX);
            fixture.bucket.put(object.name(), List.of(stored.bytes()), new ObjectStore.IfAbsent());
        }
        close();
    }
}
