// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.sorting;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file of rows: numbers of 64 bits, big-endian. */
final class RowFile {
    private static final int BUFFER_BYTES = 64 * 1024;

    private RowFile() {}

    private static ByteBuffer newBuffer(int columns) {
        int rowBytes = columns * Long.BYTES;
        return ByteBuffer.allocate(BUFFER_BYTES / rowBytes * rowBytes);
    }

    /** Writes rows one after the other. Used by one thread. */
    static final class Writer implements AutoCloseable {
        private final FileChannel file;
        private final ByteBuffer buffer;
        private final int columns;

        Writer(Path path, int columns) throws IOException {
            this.file = FileChannel.open(path, StandardOpenOption.WRITE);
            this.columns = columns;
            this.buffer = newBuffer(columns);
        }

        void write(long[] values, int at) throws IOException {
            for (int i = 0; i < columns; i++) {
                buffer.putLong(values[at + i]);
            }
            if (!buffer.hasRemaining()) {
                flush();
            }
        }

        private void flush() throws IOException {
            buffer.flip();
            while (buffer.hasRemaining()) {
                file.write(buffer);
            }
            buffer.clear();
        }

        @Override
        public void close() throws IOException {
            try (file) {
                flush();
            }
        }
    }

    /** Reads rows one after the other. Used by one thread. */
    static final class Scan implements AutoCloseable {
        private final FileChannel file;
        private final ByteBuffer buffer;
        private final long[] row;
        private long position;

        /** @param first number of the first row, counted from 0 */
        Scan(Path path, int columns, long first) throws IOException {
            this.file = FileChannel.open(path, StandardOpenOption.READ);
            this.row = new long[columns];
            this.buffer = newBuffer(columns).limit(0);
            this.position = first * columns * Long.BYTES;
        }

        /** Moves to the next row. Returns false at the end. */
        boolean next() throws IOException {
            if (!buffer.hasRemaining() && !fill()) {
                return false;
            }
            for (int i = 0; i < row.length; i++) {
                row[i] = buffer.getLong();
            }
            return true;
        }

        private boolean fill() throws IOException {
            long left = file.size() - position;
            if (left == 0) {
                return false;
            }
            buffer.clear().limit((int) Math.min(buffer.capacity(), left));
            while (buffer.hasRemaining()) {
                int read = file.read(buffer, position);
                if (read < 0) {
                    throw new EOFException("a temporary file became shorter");
                }
                position += read;
            }
            buffer.flip();
            return true;
        }

        /** Returns the present row, which the next one replaces. */
        long[] row() {
            return row;
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
