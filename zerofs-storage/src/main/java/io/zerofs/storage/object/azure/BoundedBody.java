// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.azure;

import io.zerofs.storage.object.Traffic;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Collects a body up to a bound, and fails the download some way beyond it. A small page that is no object passes, so that
 * its headers arrive.
 */
final class BoundedBody extends OutputStream {
    private static final int DROPPED_MAX = 64 << 10;

    private final int bytesMax;
    private final int bytesExpected;
    private byte[] bytes = {};
    private int size;
    private long dropped;
    private Traffic.Transfer transfer;

    /** @param bytesExpected room that is made at the first byte, so that a body of this length is not copied */
    BoundedBody(int bytesMax, int bytesExpected) {
        this.bytesMax = bytesMax;
        this.bytesExpected = bytesExpected;
    }

    /** Sets the transfer that counts the arriving bytes. */
    void tell(Traffic.Transfer counted) {
        transfer = counted;
    }

    @Override
    public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] source, int offset, int length) throws IOException {
        transfer.received(length);
        if (dropped > 0 || length > bytesMax - size) {
            dropped += length;
            if (dropped > DROPPED_MAX) {
                throw new IOException("the body has more than " + bytesMax + " bytes");
            }
            return;
        }
        if (length > bytes.length - size) {
            long room = Math.max(Math.max(size + length, bytesExpected), bytes.length * 2L);
            bytes = Arrays.copyOf(bytes, (int) Math.min(bytesMax, room));
        }
        System.arraycopy(source, offset, bytes, size, length);
        size += length;
    }

    boolean isOverrun() {
        return dropped > 0;
    }

    ByteBuffer bytes() {
        return ByteBuffer.wrap(bytes, 0, size).slice();
    }
}
