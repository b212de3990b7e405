// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.model;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/** The bytes of one chunk, which never change; zeros follow them. Copies of a model share them. */
final class ModelChunk {
    static final ModelChunk ZEROS = new ModelChunk(new byte[0]);

    private final byte[] bytes;
    private int hash;

    private ModelChunk(byte[] bytes) {
        this.bytes = bytes;
    }

    ModelChunk with(int at, ByteBuffer source, int count) {
        byte[] copy = Arrays.copyOf(bytes, Math.max(bytes.length, at + count));
        source.get(copy, at, count);
        return new ModelChunk(copy);
    }

    ModelChunk withZeros(int from, int to) {
        int end = Math.min(to, bytes.length);
        if (from >= end) {
            return this;
        }
        byte[] copy = bytes.clone();
        Arrays.fill(copy, from, end, (byte) 0);
        return new ModelChunk(copy);
    }

    void read(int at, ByteBuffer destination, int count) {
        int known = Math.max(0, Math.min(count, bytes.length - at));
        destination.put(bytes, Math.min(at, bytes.length), known);
        destination.put(new byte[count - known]);
    }

    /** Depends on the bytes alone. */
    @Override
    public int hashCode() {
        if (hash == 0) {
            CRC32C crc = new CRC32C();
            crc.update(bytes);
            hash = (int) crc.getValue();
        }
        return hash;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ModelChunk chunk && Arrays.equals(bytes, chunk.bytes);
    }
}
