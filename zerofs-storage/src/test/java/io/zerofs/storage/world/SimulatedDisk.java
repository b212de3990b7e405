// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import static org.junit.jupiter.api.Assertions.assertFalse;

import io.zerofs.core.volume.VolumeException;
import io.zerofs.core.waiting.NonBlockingThread;
import io.zerofs.core.world.World;
import io.zerofs.storage.engine.EngineFixture;
import io.zerofs.storage.files.DiskContent.Syncs;
import io.zerofs.storage.files.DiskFault;
import io.zerofs.storage.files.DiskFault.Reason;
import io.zerofs.storage.files.FaultyDisk;
import io.zerofs.storage.index.RocksIndex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/**
 * The disk of a daemon's cache directory in a world. Each file call is a turn and may fail, and a power cut takes what no sync
 * covered. RocksDB's own calls bypass it.
 */
final class SimulatedDisk {
    private static final Reason[] REASONS = Reason.values();

    private final World world;
    private final FaultyDisk disk;

    private SimulatedDisk(World world, FaultyDisk disk) {
        this.world = world;
        this.disk = disk;
        disk.setBeforeCall(() -> {
            assertFalse(NonBlockingThread.isCurrent(), "a file call on an event loop");
            world.rest();
        });
    }

    /** Loads RocksDB's library, which otherwise the first opening of the JVM unpacks on the disk of its world. */
    static void loadLibrary(Path directory) throws IOException, VolumeException {
        RocksIndex.open(directory, EngineFixture.NATIVE, EngineFixture.TUNING).close();
    }

    /** @param root a directory that does not exist */
    static SimulatedDisk create(World world, Path root, SplittableRandom random) throws IOException {
        Files.createDirectories(root);
        Syncs syncs = Syncs.values()[random.nextInt(Syncs.values().length)];
        return new SimulatedDisk(world, new FaultyDisk(root, syncs));
    }

    Path directory() {
        return disk.path().resolve("cache");
    }

    /** Returns the disk for the next daemon, after a kill or a power cut. */
    SimulatedDisk next(SplittableRandom random) throws IOException {
        long seed = random.nextLong();
        boolean cut = random.nextBoolean() && world.happens("power-cut");
        return cut ? afterPowerCut(seed) : new SimulatedDisk(world, disk.restarted());
    }

    /** Returns the disk after a power cut, in which all processes with files on it died. */
    SimulatedDisk afterPowerCut(long seed) throws IOException {
        return new SimulatedDisk(world, disk.powerCut(seed));
    }

    /** Lets calls fail from now on: single ones, or all that need what the disk lacks. */
    void setFaults(SplittableRandom random) {
        SplittableRandom chance = random.split();
        int oneIn = chance.nextInt(3) == 0 ? 1 : 20 + chance.nextInt(200);
        Reason only = chance.nextBoolean() ? REASONS[chance.nextInt(REASONS.length)] : null;
        disk.setFault(call -> {
            Reason reason = only == null ? REASONS[chance.nextInt(REASONS.length)] : only;
            IOException failure = chance.nextInt(oneIn) == 0 ? reason.of(call) : null;
            if (failure == null || !world.happens("disk-fault")) {
                return null;
            }
            world.note("disk " + call.kind() + " " + reason);
            return failure;
        });
    }

    int openFiles() {
        return disk.openFiles();
    }

    void heal() {
        disk.setFault(DiskFault.NONE);
    }
}
