// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/** Reads buffers one after the other, from position to limit, without moving the caller's positions. */
final class BufferedBody extends InputStream {
    private final Deque<ByteBuffer> left = new ArrayDeque<>();

    BufferedBody(List<ByteBuffer> buffers) {
        buffers.forEach(buffer -> left.add(buffer.duplicate()));
    }

    @Override
    public int read() {
        return skipEmpty() ? left.peek().get() & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) {
        if (length == 0) {
            return 0;
        }
        if (!skipEmpty()) {
            return -1;
        }
        int count = Math.min(length, left.peek().remaining());
        left.peek().get(target, offset, count);
        return count;
    }

    @Override
    public int available() {
        return left.isEmpty() ? 0 : left.peek().remaining();
    }

    private boolean skipEmpty() {
        while (!left.isEmpty() && !left.peek().hasRemaining()) {
            left.remove();
        }
        return !left.isEmpty();
    }
}
