// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine;

import io.zerofs.core.volume.Batch;
import io.zerofs.core.volume.ChunkId;
import io.zerofs.core.volume.ChunkRange;
import io.zerofs.core.volume.Volume;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;

/** A change of a part of a chunk, or the deletion of the chunk. */
public record ChunkChange(int chunk, int offset, int length, int content) {
    private static final int ZEROS = 0;
    private static final int HOLE = -1;

    /** Draws a change of one of the first chunks of a file. */
    public static ChunkChange draw(SplittableRandom random, int chunks) {
        int offset = random.nextBoolean() ? random.nextInt(64) * 4096 : random.nextInt(Volume.CHUNK_BYTES);
        int rest = Volume.CHUNK_BYTES - offset;
        int length = random.nextInt(6) == 0 ? rest : 1 + random.nextInt(Math.min(rest, 9000));
        int content = switch (random.nextInt(12)) {
            case 0 -> HOLE;
            case 1 -> ZEROS;
            default -> 1 + random.nextInt(1 << 30);
        };
        return new ChunkChange(random.nextInt(chunks), offset, length, content);
    }

    public ChunkRange range(long inode) {
        return new ChunkRange(inode, chunk, chunk + 1);
    }

    public void fill(Batch batch, long inode) {
        ChunkId id = new ChunkId(inode, chunk);
        switch (content) {
            case HOLE -> batch.deleteChunk(id);
            case ZEROS -> batch.zeroChunk(id, offset, length);
            default -> batch.writeChunk(id, offset, ByteBuffer.wrap(bytes()));
        }
    }

    public void apply(byte[][] chunks) {
        switch (content) {
            case HOLE -> Arrays.fill(chunks[chunk], (byte) 0);
            case ZEROS -> Arrays.fill(chunks[chunk], offset, offset + length, (byte) 0);
            default -> System.arraycopy(bytes(), 0, chunks[chunk], offset, length);
        }
    }

    private byte[] bytes() {
        byte[] bytes = new byte[length];
        new SplittableRandom(content).nextBytes(bytes);
        return bytes;
    }
}
