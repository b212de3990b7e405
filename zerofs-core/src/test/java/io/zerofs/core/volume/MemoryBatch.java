// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.volume;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** A list of changes that a {@link MemoryVolume} applies in their order. */
final class MemoryBatch implements Batch {
    private static final int OWN_KINDS = 0x80;

    private final List<Change> changes = new ArrayList<>();
    private final List<Runnable> actions = new ArrayList<>();
    private boolean used;

    /** One change of the volume's state. */
    private interface Change {
        void applyTo(MemoryState.Editor state);
    }

    @Override
    public void put(byte[] key, byte[] value) {
        requireUserKey(key);
        Objects.requireNonNull(value);
        changes.add(state -> state.keys = state.keys.plus(key, value));
    }

    @Override
    public void delete(byte[] key) {
        requireUserKey(key);
        changes.add(state -> state.keys = state.keys.minus(key));
    }

    @Override
    public void writeChunk(ChunkId chunk, int offset, ByteBuffer bytes) {
        Objects.checkFromIndexSize(offset, bytes.remaining(), Volume.CHUNK_BYTES);
        ByteBuffer source = bytes.duplicate();
        changes.add(state -> {
            MemoryChunk old = state.chunks.get(chunk);
            MemoryChunk base = old == null ? MemoryChunk.EMPTY : old;
            state.chunks = state.chunks.plus(chunk, base.overwritten(offset, source.remaining(), source));
        });
    }

    @Override
    public void zeroChunk(ChunkId chunk, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, Volume.CHUNK_BYTES);
        changes.add(state -> {
            MemoryChunk old = state.chunks.get(chunk);
            if (old != null) {
                state.chunks = state.chunks.plus(chunk, old.overwritten(offset, length, null));
            }
        });
    }

    @Override
    public void deleteChunk(ChunkId chunk) {
        changes.add(state -> state.chunks = state.chunks.minus(chunk));
    }

    @Override
    public void onApply(Runnable action) {
        actions.add(action);
    }

    /** The state after this batch; to be called once. */
    MemoryState after(MemoryState before) {
        if (used) {
            throw new IllegalStateException("a batch is applied once");
        }
        used = true;
        MemoryState.Editor editor = new MemoryState.Editor(before);
        for (Change change : changes) {
            change.applyTo(editor);
        }
        return editor.result();
    }

    void runActions() {
        for (Runnable action : actions) {
            action.run();
        }
    }

    private static void requireUserKey(byte[] key) {
        if (key.length == 0 || (key[0] & 0xff) >= OWN_KINDS) {
            throw new IllegalArgumentException("keys begin with a kind byte below 0x80");
        }
    }
}
