// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

import io.zerofs.core.volume.VolumeException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The value of a death record: ascending slots, each a varint of its distance from the slot before.
 *
 * @param slots must not be changed
 */
public record DeadFramesRecord(int[] slots) {
    private static final int SLOT_BYTES_MAX = 5;

    public byte[] encode() {
        ByteBuffer out = ByteBuffer.allocate(SLOT_BYTES_MAX * slots.length);
        int before = 0;
        for (int slot : slots) {
            Varints.put(out, slot - before);
            before = slot;
        }
        return Arrays.copyOf(out.array(), out.position());
    }

    public static DeadFramesRecord decode(byte[] encoded) throws VolumeException {
        ByteBuffer in = ByteBuffer.wrap(encoded);
        int[] slots = new int[encoded.length];
        int count = 0;
        long before = 0;
        while (in.hasRemaining()) {
            long step = Varints.get(in, "a death record");
            if (step < (count == 0 ? 0 : 1) || step > Integer.MAX_VALUE - before) {
                throw Varints.malformed("a death record");
            }
            before += step;
            slots[count++] = (int) before;
        }
        return new DeadFramesRecord(Arrays.copyOf(slots, count));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof DeadFramesRecord record && Arrays.equals(slots, record.slots);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(slots);
    }

    @Override
    public String toString() {
        return "DeadFramesRecord" + Arrays.toString(slots);
    }
}
