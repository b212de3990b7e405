// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.memtable;

/**
 * One slot of a commit in memory. It belongs to one chunk for ever. It may change from delta to full, and is closed when it
 * loses its reference. The stripe of its chunk guards it while the commit is open. Afterwards it never changes.
 */
public final class MemorySlot {
    /** Memory of a slot besides its extents: this object, its place in tables, its entry in the sealed frame table. */
    public static final int OVERHEAD_BYTES = 192;

    private final int number;
    private Extents extents = new Extents();
    private boolean full;
    private boolean compacted;
    private boolean closed;

    MemorySlot(int number) {
        this.number = number;
    }

    public int number() {
        return number;
    }

    public Extents extents() {
        return extents;
    }

    /** Returns whether unwritten bytes are zeros and not the content of older frames. */
    public boolean isFull() {
        return full;
    }

    public boolean isClosed() {
        return closed;
    }

    /** Returns whether compaction made it, and not a writer. */
    boolean isCompacted() {
        return compacted;
    }

    public void becomeFull() {
        full = true;
    }

    /** Takes over compacted content into a slot that was never written. */
    void adopt(Extents content, boolean isFull) {
        extents = content;
        full = isFull;
        compacted = true;
    }

    public void close() {
        closed = true;
        extents = extents.emptied();
    }

    public int memoryBytes() {
        return OVERHEAD_BYTES + extents.memoryBytes();
    }
}
