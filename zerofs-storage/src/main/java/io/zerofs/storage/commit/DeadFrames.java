// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import java.util.Arrays;

/**
 * Frames of an earlier commit that lost their reference.
 *
 * @param victimSeq the commit that holds them; never the commit that records them
 * @param slots ascending, without repetition, at least one; not to be changed
 */
public record DeadFrames(long victimSeq, int[] slots) {
    @Override
    public boolean equals(Object other) {
        return other instanceof DeadFrames dead && victimSeq == dead.victimSeq && Arrays.equals(slots, dead.slots);
    }

    @Override
    public int hashCode() {
        return 31 * Long.hashCode(victimSeq) + Arrays.hashCode(slots);
    }

    @Override
    public String toString() {
        return "DeadFrames(" + victimSeq + ", " + Arrays.toString(slots) + ")";
    }
}
