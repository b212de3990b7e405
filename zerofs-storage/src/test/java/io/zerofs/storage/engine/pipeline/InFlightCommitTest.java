// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.pipeline;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.engine.memtable.OpenCommit;
import io.zerofs.storage.seal.Salt;
import org.junit.jupiter.api.Test;

class InFlightCommitTest {
    /** Commits between may still be lost. A next opening would refuse the volume if this one called them durable. */
    @Test
    void commitCallsOnlyTheCommitDurableThatWasSoWhenItsUploadBegan() {
        InFlightCommit flight = new InFlightCommit(new OpenCommit(9), new CommitId(1, 9), Salt.NONE, Salt.NONE);
        flight.begin(0, 5);
        assertEquals(5, flight.draft().log().durableSeq());
    }
}
