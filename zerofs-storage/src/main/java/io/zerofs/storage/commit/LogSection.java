// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import io.zerofs.storage.bytes.ByteReader;
import io.zerofs.storage.bytes.ByteWriter;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.Salt;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * The plain bytes of the log section.
 *
 * <pre>
 *   u64 last seq known durable   bytes[32] salt of the predecessor
 *   varint slots     entry[slots]                       see FrameShape
 *   varint victims   per victim: varint seq, varint slots, varint first slot, varint step to each next one
 *   varint batches   per batch: varint length, bytes
 * </pre>
 */
final class LogSection {
    private static final String POSITION = "log";
    private static final int FIXED_BYTES = 64;
    private static final int SHAPE_BYTES_GUESS = 16;

    private LogSection() {}

    static ByteBuffer write(CommitDraft.Log log, List<FrameShape> shapes) {
        int batchBytes = log.batches().stream()
                .mapToInt(batch -> batch.remaining() + Integer.BYTES)
                .sum();
        ByteWriter writer = new ByteWriter(FIXED_BYTES + SHAPE_BYTES_GUESS * shapes.size() + batchBytes);
        writer.u64(log.durableSeq());
        log.predecessor().write(writer);
        writer.varint(shapes.size());
        shapes.forEach(shape -> shape.write(writer));
        writer.varint(log.deadFrames().size());
        log.deadFrames().forEach(dead -> writeDeadFrames(dead, writer));
        writer.varint(log.batches().size());
        for (ByteBuffer batch : log.batches()) {
            writer.varint(batch.remaining()).bytes(batch);
        }
        if (writer.length() > CommitLimits.LOG_BYTES_MAX) {
            throw new IllegalArgumentException("the log of a commit is longer than " + CommitLimits.LOG_BYTES_MAX);
        }
        return writer.toBuffer();
    }

    private static void writeDeadFrames(DeadFrames dead, ByteWriter writer) {
        int[] slots = dead.slots();
        writer.varint(dead.victimSeq()).varint(slots.length).varint(slots[0]);
        for (int i = 1; i < slots.length; i++) {
            if (slots[i] <= slots[i - 1]) {
                throw new IllegalArgumentException("slots of dead frames must ascend");
            }
            writer.varint(slots[i] - slots[i - 1]);
        }
    }

    static CommitLog read(CommitId id, ObjectHeader header, ByteBuffer plain) throws CorruptObjectException {
        ByteReader reader = new ByteReader(plain, id.objectName(), POSITION);
        long durableSeq = reader.u63();
        reader.require(durableSeq < id.seq(), "it calls a later commit durable");
        Salt predecessor = Salt.read(reader);
        List<FrameShape> shapes = FrameTable.readShapes(reader, reader.count(CommitLimits.SLOTS_MAX, 1));
        FrameTable frames = new FrameTable(header, 0, shapes, header.dataOffset());
        reader.require(frames.end() == header.objectLength(), "the frames do not fill the object");
        List<DeadFrames> deadFrames = readDeadFrames(id, reader);
        int count = reader.count(CommitLimits.BATCHES_MAX, 1);
        List<byte[]> batches = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            batches.add(reader.sized(reader.remaining()));
        }
        reader.end();
        return new CommitLog(id, header, durableSeq, predecessor, frames, deadFrames, List.copyOf(batches));
    }

    private static List<DeadFrames> readDeadFrames(CommitId id, ByteReader reader) throws CorruptObjectException {
        int victims = reader.count(CommitLimits.DEATHS_MAX, 3);
        List<DeadFrames> deadFrames = new ArrayList<>(victims);
        long before = 0;
        for (int i = 0; i < victims; i++) {
            long victim = reader.varint();
            reader.require(victim > before && victim < id.seq(), "impossible victim");
            before = victim;
            int[] slots = new int[reader.count(CommitLimits.SLOTS_MAX, 1)];
            reader.require(slots.length > 0, "dead frames without slots");
            slots[0] = reader.varint(CommitLimits.SLOTS_MAX - 1);
            for (int k = 1; k < slots.length; k++) {
                slots[k] = slots[k - 1] + reader.varint(CommitLimits.SLOTS_MAX - 1 - slots[k - 1]);
                reader.require(slots[k] > slots[k - 1], "slots of dead frames must ascend");
            }
            deadFrames.add(new DeadFrames(victim, slots));
        }
        return List.copyOf(deadFrames);
    }
}
