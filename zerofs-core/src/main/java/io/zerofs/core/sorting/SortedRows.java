// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.sorting;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Rows in ascending order, in memory or in a file. Several scans may run at a time. Closing them deletes the file. */
public final class SortedRows implements AutoCloseable {
    private final int columns;
    private final long[] values;
    private final int size;
    private final Path file;

    private SortedRows(int columns, long[] values, int size, Path file) {
        this.columns = columns;
        this.values = values;
        this.size = size;
        this.file = file;
    }

    static SortedRows ofMemory(int columns, long[] values, int size) {
        return new SortedRows(columns, values, size, null);
    }

    static SortedRows ofFile(int columns, Path file) {
        return new SortedRows(columns, null, 0, file);
    }

    /** A pass over rows. Used by one thread, which closes it. */
    public interface Scan extends AutoCloseable {
        /** Moves to the next row. Returns false at the end. */
        boolean next() throws IOException;

        /** Returns a column of the present row. */
        long get(int column);

        @Override
        void close() throws IOException;
    }

    /** Starts at the first row. */
    public Scan scan() throws IOException {
        return scanAt(0);
    }

    /** Starts at the first row whose first column has at least this value. */
    public Scan scanFrom(long least) throws IOException {
        if (file == null) {
            int low = 0;
            int high = size / columns;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (values[middle * columns] < least) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return scanAt(low);
        }
        return scanAt(search(least));
    }

    private long search(long least) throws IOException {
        long low = 0;
        long high = Files.size(file) / (columns * (long) Long.BYTES);
        while (low < high) {
            long middle = (low + high) >>> 1;
            try (Scan at = scanAt(middle)) {
                if (at.next() && at.get(0) < least) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
        }
        return low;
    }

    private Scan scanAt(long first) throws IOException {
        return file == null ? new MemoryScan((int) first) : new FileScan(new RowFile.Scan(file, columns, first));
    }

    private final class MemoryScan implements Scan {
        private int at;

        MemoryScan(int first) {
            at = (first - 1) * columns;
        }

        @Override
        public boolean next() {
            at += columns;
            return at < size;
        }

        @Override
        public long get(int column) {
            return values[at + column];
        }

        @Override
        public void close() {}
    }

    private record FileScan(RowFile.Scan rows) implements Scan {
        @Override
        public boolean next() throws IOException {
            return rows.next();
        }

        @Override
        public long get(int column) {
            return rows.row()[column];
        }

        @Override
        public void close() throws IOException {
            rows.close();
        }
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            Files.deleteIfExists(file);
        }
    }
}
