// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.readahead;

import java.util.Arrays;
import java.util.function.Consumer;

/**
 * A bounded number of recent readers. Each file belongs to a group with a few readers. When another reader comes, the group
 * drops the one that is least likely to continue.
 */
final class ReadStreams {
    private static final int GROUPS = 64;
    private static final int READERS_PER_GROUP = 8;

    /** Rest after which a sequential reader may be gone. */
    static final long IDLE_NANOS = 5_000_000_000L;

    private final Group[] groups = new Group[GROUPS];

    ReadStreams() {
        Arrays.setAll(groups, group -> new Group());
    }

    Group of(long inode) {
        return groups[(int) (inode * 0x9E3779B97F4A7C15L >>> 58)];
    }

    /** Calls the action for all readers, under the monitor of their group. The caller holds no monitor. */
    void forEach(Consumer<ReadStream> action) {
        for (Group group : groups) {
            synchronized (group) {
                for (ReadStream reader : group.readers) {
                    if (reader != null) {
                        action.accept(reader);
                    }
                }
            }
        }
    }

    /** A group of files. Callers of its methods, or of its readers' methods, hold its monitor and never wait under it. */
    static final class Group {
        private final ReadStream[] readers = new ReadStream[READERS_PER_GROUP];

        /**
         * Returns the reader of a request, which may be a new one.
         *
         * @param forgotten receives the reader that the new one replaces
         */
        ReadStream join(long inode, long offset, long nowNanos, Consumer<ReadStream> forgotten) {
            ReadStream nearest = null;
            long least = Long.MAX_VALUE;
            for (ReadStream reader : readers) {
                long distance = reader == null ? -1 : reader.distance(inode, offset);
                if (distance >= 0 && distance < least) {
                    nearest = reader;
                    least = distance;
                }
            }
            return nearest == null ? replace(new ReadStream(inode, offset), nowNanos, forgotten) : nearest;
        }

        private ReadStream replace(ReadStream newcomer, long nowNanos, Consumer<ReadStream> forgotten) {
            int victim = 0;
            for (int i = 1; i < readers.length; i++) {
                victim = rank(readers[i], nowNanos) < rank(readers[victim], nowNanos) ? i : victim;
            }
            if (readers[victim] != null) {
                readers[victim].end();
                forgotten.accept(readers[victim]);
            }
            readers[victim] = newcomer;
            return newcomer;
        }

        /** Returns the rank of a reader. An active sequential reader stays, however many random readers there are. */
        private static long rank(ReadStream reader, long nowNanos) {
            if (reader == null) {
                return Long.MIN_VALUE;
            }
            long rested = reader.restedNanos(nowNanos);
            return reader.isSequential() && rested < IDLE_NANOS ? IDLE_NANOS - rested : -rested;
        }
    }
}
