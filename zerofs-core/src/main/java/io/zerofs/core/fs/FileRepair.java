// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import io.zerofs.core.format.Keys;
import io.zerofs.core.format.RecordFormatException;
import io.zerofs.core.format.Superblock;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.volume.Barriers;
import io.zerofs.core.volume.Volume;
import io.zerofs.core.volume.VolumeException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Repairs the records of a volume that nothing else changes: checks it, makes the changes that settle the problems, and
 * checks again, until nothing is left that a change can settle. Memory does not grow with the volume. An interrupted repair
 * can begin again. One thread, used once.
 */
public final class FileRepair {
    /** Maximum number of changes after one check. */
    private static final int CHANGES_MAX = 1 << 17;

    /** Checks after which the number of problems must decrease with each further one. */
    private static final int CHECKS = 16;

    private final Volume volume;
    private final Path scratch;
    private final Timestamp now;
    private final Listener listener;
    private final int changesMax;

    /** Receives what a repair finds and does. Must be quick. */
    public interface Listener {
        /** A problem of the volume as the repair found it. */
        void found(ConsistencyChecker.Problem problem, FilePaths paths);

        /**
         * A change was made.
         *
         * @param inode the inode that it is about; 0 if it is about the whole volume
         */
        void changed(long inode, String what, FilePaths paths);
    }

    /**
     * The result of a repair.
     *
     * @param changes number of changes
     * @param left number of problems that no change settles
     */
    public record Result(long changes, long left) {}

    /**
     * @param volume no file system uses it
     * @param scratch the place of temporary files
     * @param now the time of new records
     */
    public FileRepair(Volume volume, Path scratch, Timestamp now, Listener listener) {
        this(volume, scratch, now, listener, CHANGES_MAX);
    }

    /** @param changesMax maximum number of changes after one check */
    FileRepair(Volume volume, Path scratch, Timestamp now, Listener listener, int changesMax) {
        this.changesMax = changesMax;
        this.volume = volume;
        this.scratch = scratch;
        this.now = now;
        this.listener = listener;
    }

    /** @throws VolumeException also before the first change, if a newer program made the file system */
    public Result run() throws VolumeException, IOException {
        refuseNewer();
        long changes = 0;
        long fewest = Long.MAX_VALUE;
        for (int check = 1; ; check++) {
            List<ConsistencyChecker.Problem> fixable = new ArrayList<>();
            ConsistencyChecker[] itself = new ConsistencyChecker[1];
            boolean first = check == 1;
            try (ConsistencyChecker checker = new ConsistencyChecker(volume, scratch, problem -> {
                if (first) {
                    listener.found(problem, itself[0].paths());
                }
                if (problem.fix() != null && fixable.size() < changesMax) {
                    fixable.add(problem);
                }
            })) {
                itself[0] = checker;
                long problems = checker.check().problems();
                long made = check > CHECKS && problems >= fewest ? 0 : settle(fixable, checker);
                if (made == 0) {
                    return new Result(changes, problems);
                }
                changes += made;
                fewest = Math.min(fewest, problems);
            }
            Barriers.await(volume.barrier());
        }
    }

    private void refuseNewer() throws VolumeException {
        byte[] superblock = volume.get(Keys.superblock());
        try {
            if (superblock != null) {
                Superblock.decode(superblock);
            }
        } catch (RecordFormatException e) {
            if (e.isNewer()) {
                String what = "the file system has a newer format, and nothing was changed;"
                        + " repair it with a newer zerofs. Superblock: ";
                throw new VolumeException(VolumeException.Kind.CORRUPT, what + e.getMessage(), e);
            }
        }
    }

    private long settle(List<ConsistencyChecker.Problem> fixable, ConsistencyChecker checker)
            throws VolumeException, IOException {
        RecordRepair repair = new RecordRepair(volume, checker.paths(), checker.highestInode(), now, listener);
        fixable.sort(Comparator.comparing(problem -> problem.fix().phase()));
        long made = 0;
        for (ConsistencyChecker.Problem problem : fixable) {
            made += repair.settle(problem) ? 1 : 0;
        }
        return made;
    }
}
