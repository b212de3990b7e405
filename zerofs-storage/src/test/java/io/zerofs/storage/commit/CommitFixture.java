// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import io.zerofs.core.secret.Secret;
import io.zerofs.storage.seal.Aead;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.seal.Salt;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.UUID;

/** Makes keys and random drafts for tests. */
public final class CommitFixture {
    public static final UUID VOLUME = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");

    private CommitFixture() {}

    public static ObjectKeys keys() {
        return keys(VOLUME);
    }

    /** Returns keys of a volume that has the same data key. */
    static ObjectKeys keys(UUID volume) {
        byte[] dataKey = new byte[Aead.KEY_BYTES];
        for (int i = 0; i < dataKey.length; i++) {
            dataKey[i] = (byte) i;
        }
        return new ObjectKeys(Secret.owning(dataKey), volume, Aead.fastest());
    }

    static CommitDraft draft(CommitId id, SplittableRandom random) {
        List<FrameContent> slots = new ArrayList<>();
        int count = random.nextInt(8);
        for (int i = 0; i < count; i++) {
            slots.add(content(random));
        }
        List<DeadFrames> deadFrames = new ArrayList<>();
        for (long victim = 1; victim < id.seq() && deadFrames.size() < 5; victim += 1 + random.nextInt(3)) {
            TreeSet<Integer> dead = new TreeSet<>();
            for (int i = 0; i <= random.nextInt(5); i++) {
                dead.add(random.nextInt(1000));
            }
            deadFrames.add(
                    new DeadFrames(victim, dead.stream().mapToInt(slot -> slot).toArray()));
        }
        List<ByteBuffer> batches = new ArrayList<>();
        for (int i = 0; i < random.nextInt(20); i++) {
            batches.add(bytes(random.nextInt(random.nextInt(10) == 0 ? 100_000 : 200), random));
        }
        CommitDraft.Log log = new CommitDraft.Log(
                random.nextLong(id.seq()), Salt.random(random), List.copyOf(deadFrames), List.copyOf(batches));
        return new CommitDraft(id, Salt.random(random), log, List.copyOf(slots));
    }

    private static FrameContent content(SplittableRandom random) {
        return switch (random.nextInt(5)) {
            case 0 -> new FrameContent.Closed();
            case 1, 2 -> new FrameContent.Full(bytes(random.nextInt(CommitLimits.CHUNK_BYTES + 1), random));
            default -> new FrameContent.Delta(ranges(random));
        };
    }

    private static List<FrameContent.Range> ranges(SplittableRandom random) {
        List<FrameContent.Range> ranges = new ArrayList<>();
        int at = random.nextInt(CommitLimits.CHUNK_BYTES / 2);
        do {
            int length = 1 + random.nextInt(Math.min(20_000, CommitLimits.CHUNK_BYTES - at));
            ranges.add(
                    random.nextInt(4) == 0
                            ? new FrameContent.Zeros(at, length)
                            : new FrameContent.Data(at, bytes(length, random)));
            at += length + random.nextInt(20_000);
        } while (at < CommitLimits.CHUNK_BYTES && random.nextInt(6) > 0);
        return ranges;
    }

    /** A mixture of zeros, text and noise, so that every way of storing a page occurs. */
    static ByteBuffer bytes(int length, SplittableRandom random) {
        byte[] bytes = new byte[length];
        for (int at = 0; at < length; at += 16 * 1024) {
            int end = Math.min(length, at + 16 * 1024);
            int style = random.nextInt(3);
            for (int i = at; i < end && style > 0; i++) {
                bytes[i] = (byte) (style == 1 ? 'a' + random.nextInt(3) : random.nextInt());
            }
        }
        return ByteBuffer.wrap(bytes);
    }

    /** The object as one array. */
    public static byte[] join(List<ByteBuffer> pieces) {
        int length = pieces.stream().mapToInt(ByteBuffer::remaining).sum();
        ByteBuffer whole = ByteBuffer.allocate(length);
        pieces.forEach(piece -> whole.put(piece.duplicate()));
        return whole.array();
    }
}
