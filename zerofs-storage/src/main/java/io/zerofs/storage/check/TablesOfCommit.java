// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.check;

import io.zerofs.core.volume.Cursor;
import io.zerofs.core.volume.KeyRange;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.Frame;
import io.zerofs.storage.commit.FrameKind;
import io.zerofs.storage.commit.FrameTable;
import io.zerofs.storage.index.DeadFramesRecord;
import io.zerofs.storage.index.IndexKeys;
import io.zerofs.storage.index.RocksIndex;
import io.zerofs.storage.seal.ObjectHeader;
import java.io.IOException;
import java.util.BitSet;

/** Compares the frame tables of one commit after the other with names and deaths of their frames. One thread. */
final class TablesOfCommit {
    private final RocksIndex index;
    private final Findings findings;
    private final IndexCheck.CommitVisitor visitor;
    private ObjectHeader header;
    private BitSet dead;
    private int nextSlot;
    private long nextOffset;
    private long liveBytes;
    private long liveFrames;

    TablesOfCommit(RocksIndex index, Findings findings, IndexCheck.CommitVisitor visitor) {
        this.index = index;
        this.findings = findings;
        this.visitor = visitor;
    }

    /** @param uses for each frame of the table its use, or null */
    void add(FrameTable table, FrameUse[] uses) throws VolumeException, IOException {
        if (header == null || header.number() != table.header().number()) {
            end();
            header = table.header();
            dead = deaths(header.number());
            nextSlot = 0;
            nextOffset = header.dataOffset();
            liveBytes = 0;
            liveFrames = 0;
        }
        long seq = header.number();
        if (!table.header().equals(header)) {
            findings.wrong("two frame tables of commit " + seq + " are of different objects");
        } else if (table.firstSlot() != nextSlot || table.offset() != nextOffset) {
            findings.wrong("the frame tables of commit " + seq + " have a gap before slot " + table.firstSlot());
        }
        for (int i = 0; i < uses.length; i++) {
            compare(table.frames().get(i), uses[i]);
        }
        nextSlot = table.firstSlot() + uses.length;
        nextOffset = table.end();
    }

    private void compare(Frame frame, FrameUse use) {
        boolean isDead = dead.get(frame.slot());
        dead.clear(frame.slot());
        FrameKind expected = use == null ? null : use.frame().full() ? FrameKind.FULL : FrameKind.DELTA;
        String problem = null;
        if (expected != null && expected != frame.kind()) {
            problem = "is " + frame.kind() + ", and inode " + use.inode() + " names it as " + expected;
        } else if (frame.kind() == FrameKind.CLOSED) {
            problem = isDead ? "is closed and died" : null;
        } else if (use != null && isDead) {
            problem = "died, and inode " + use.inode() + " names it";
        } else if (use == null && !isDead) {
            problem = "has no chunk and did not die: its space is never given back";
        }
        if (problem != null) {
            findings.wrong("frame " + frame.slot() + " of commit " + header.number() + " " + problem);
        }
        if (use != null) {
            liveBytes += frame.storedLength();
            liveFrames++;
        }
    }

    /** Returns the dead frames of a commit. */
    private BitSet deaths(long seq) throws VolumeException {
        BitSet all = new BitSet();
        KeyRange range = new KeyRange(IndexKeys.deadFrames(seq, 0), IndexKeys.deadFrames(seq + 1, 0));
        try (Cursor cursor = index.scan(range, false)) {
            while (cursor.next()) {
                for (int slot : slots(seq, cursor.value())) {
                    if (all.get(slot)) {
                        findings.wrong("frame " + slot + " of commit " + seq + " died twice");
                    }
                    all.set(slot);
                }
            }
        }
        return all;
    }

    private int[] slots(long seq, byte[] value) {
        try {
            return DeadFramesRecord.decode(value).slots();
        } catch (VolumeException e) {
            findings.wrong("a death record of commit " + seq + " is malformed");
            return new int[0];
        }
    }

    /** Ends the last commit. */
    void end() throws VolumeException, IOException {
        if (header == null) {
            return;
        }
        long seq = header.number();
        if (!dead.isEmpty()) {
            findings.wrong("slot " + dead.nextSetBit(0) + " of commit " + seq + " died and never was");
        }
        if (nextOffset != header.objectLength()) {
            findings.wrong("the frame tables of commit " + seq + " do not fill its object");
        }
        visitor.visit(new CommitUse(new CommitId(header.epoch(), seq), header.objectLength(), liveBytes, liveFrames));
    }
}
