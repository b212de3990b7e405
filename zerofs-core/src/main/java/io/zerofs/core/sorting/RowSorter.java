// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.sorting;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Sorts rows of numbers by their columns, the first one first, in memory that does not grow with their number. Rows that
 * exceed the memory go to temporary files. One thread uses it once.
 */
public final class RowSorter implements AutoCloseable {
    private static final int MEMORY_BYTES = 16 << 20;

    /** Number of sorted files that are merged at a time, each with a buffer. */
    private static final int RUNS_MAX = 128;

    private final int columns;
    private final Path directory;
    private final int valuesMax;
    private final List<Path> runs = new ArrayList<>();
    private long[] values;
    private int size;
    private int files;

    /** @param directory the place of temporary files; touched only if the rows do not fit into memory */
    public RowSorter(int columns, Path directory) {
        this(columns, directory, MEMORY_BYTES / Long.BYTES);
    }

    RowSorter(int columns, Path directory, int valuesMax) {
        this.columns = columns;
        this.directory = directory;
        this.valuesMax = valuesMax / columns * columns;
        this.values = new long[Math.min(this.valuesMax, 64 * columns)];
    }

    public void add(long... row) throws IOException {
        if (size == valuesMax) {
            spill();
        } else if (size == values.length) {
            long[] more = new long[Math.min(valuesMax, 2 * size)];
            System.arraycopy(values, 0, more, 0, size);
            values = more;
        }
        System.arraycopy(row, 0, values, size, columns);
        size += columns;
    }

    /** Returns all rows in order. No row follows. The caller closes them; closing the sorter does not. */
    public SortedRows sorted() throws IOException {
        if (runs.isEmpty()) {
            sort();
            SortedRows rows = SortedRows.ofMemory(columns, values, size);
            values = new long[0];
            return rows;
        }
        spill();
        values = new long[0];
        return SortedRows.ofFile(columns, merge());
    }

    private void spill() throws IOException {
        sort();
        Path run = newFile();
        runs.add(run);
        try (RowFile.Writer out = new RowFile.Writer(run, columns)) {
            for (int at = 0; at < size; at += columns) {
                out.write(values, at);
            }
        }
        size = 0;
        if (runs.size() == RUNS_MAX) {
            Path merged = merge();
            runs.clear();
            runs.add(merged);
        }
    }

    private Path newFile() throws IOException {
        return Files.createTempFile(directory, "rows-" + ++files + "-", "");
    }

    /** Merges all runs into one file and deletes them. */
    private Path merge() throws IOException {
        if (runs.size() == 1) {
            return runs.remove(0);
        }
        Path merged = newFile();
        Comparator<RowFile.Scan> order = (a, b) -> compare(a.row(), 0, b.row(), 0);
        PriorityQueue<RowFile.Scan> heads = new PriorityQueue<>(order);
        List<RowFile.Scan> scans = new ArrayList<>();
        try (RowFile.Writer out = new RowFile.Writer(merged, columns)) {
            for (Path run : runs) {
                RowFile.Scan scan = new RowFile.Scan(run, columns, 0);
                scans.add(scan);
                if (scan.next()) {
                    heads.add(scan);
                }
            }
            while (!heads.isEmpty()) {
                RowFile.Scan least = heads.remove();
                out.write(least.row(), 0);
                if (least.next()) {
                    heads.add(least);
                }
            }
        } finally {
            for (RowFile.Scan scan : scans) {
                scan.close();
            }
        }
        deleteRuns();
        return merged;
    }

    private int compare(long[] a, int atA, long[] b, int atB) {
        for (int i = 0; i < columns; i++) {
            int order = Long.compare(a[atA + i], b[atB + i]);
            if (order != 0) {
                return order;
            }
        }
        return 0;
    }

    /** Sorts the rows in memory in place, in bounded time and without more memory: a heap sort. */
    private void sort() {
        int rows = size / columns;
        for (int i = rows / 2 - 1; i >= 0; i--) {
            sink(i, rows);
        }
        for (int end = rows - 1; end > 0; end--) {
            swap(0, end);
            sink(0, end);
        }
    }

    private void sink(int from, int end) {
        int at = from;
        for (int child = 2 * at + 1; child < end; child = 2 * at + 1) {
            if (child + 1 < end && compareRows(child, child + 1) < 0) {
                child++;
            }
            if (compareRows(at, child) >= 0) {
                return;
            }
            swap(at, child);
            at = child;
        }
    }

    private int compareRows(int a, int b) {
        return compare(values, a * columns, values, b * columns);
    }

    private void swap(int a, int b) {
        for (int i = 0; i < columns; i++) {
            long value = values[a * columns + i];
            values[a * columns + i] = values[b * columns + i];
            values[b * columns + i] = value;
        }
    }

    private void deleteRuns() throws IOException {
        for (Path run : runs) {
            Files.deleteIfExists(run);
        }
        runs.clear();
    }

    /** Deletes the temporary files, except that of {@link #sorted}. */
    @Override
    public void close() throws IOException {
        deleteRuns();
    }
}
