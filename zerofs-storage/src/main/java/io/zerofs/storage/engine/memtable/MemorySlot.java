// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.memtable;

/**
 * One slot of a commit in memory. It belongs to one chunk for ever; its role may change from delta to full, and it is
 * closed when it loses its reference. Guarded by the stripe of its chunk while the commit is open, unchanged ever after.
 */
public final class MemorySlot {
    /** What a slot costs besides its extents: this object, its place in tables, its entry in the sealed frame table. */
    public static final int OVERHEAD_BYTES = 192;

    private final int number;
    private Extents extents = new Extents();
    private boolean full;
    private boolean folded;
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

    /** Whether what was not written is zeros rather than what older frames say. */
    public boolean isFull() {
        return full;
    }

    public boolean isClosed() {
        return closed;
    }

    /** Whether a fold made it rather than a writer. */
    boolean isFolded() {
        return folded;
    }

    public void becomeFull() {
        full = true;
    }

    /** Takes over what was folded, into a slot that was never written. */
    void adopt(Extents content, boolean isFull) {
        extents = content;
        full = isFull;
        folded = true;
    }

    public void close() {
        closed = true;
        extents = extents.emptied();
    }

    public int memoryBytes() {
        return OVERHEAD_BYTES + extents.memoryBytes();
    }
}
