// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.FenceSealer;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.WriterTerm;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.recovery.LogEnds.Standing;
import io.zerofs.storage.retry.CreateRetry;
import io.zerofs.storage.retry.ExclusiveCreate;
import io.zerofs.storage.retry.ReadRetry;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.seal.Salt;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Ends the logs of all earlier writers: puts a fence at the first free name of each open epoch, oldest first. A delayed
 * commit then always meets a fence. Confined to the thread that opens the volume.
 */
final class WriterFence {
    private final ObjectKeys keys;
    private final StoredLog log;
    private final ParallelRequests requests;
    private final RandomGenerator random;
    private final CreateRetry creation;

    WriterFence(
            ObjectKeys keys, StoredLog log, ParallelRequests requests, CreateRetry creation, RandomGenerator random) {
        this.keys = keys;
        this.log = log;
        this.requests = requests;
        this.random = random;
        this.creation = creation;
    }

    /**
     * Ends every open epoch below that of the claim.
     *
     * @param claim our own manifest: its last term is ours, all others have served
     * @return all earlier terms with commits, each with its last seq
     */
    List<WriterTerm> endEarlierTerms(Manifest claim, OpenProgress progress)
            throws ObjectStoreException, CorruptObjectException, OpenException, IOException {
        List<WriterTerm> earlier = claim.terms().stream()
                .filter(term -> term.epoch() < claim.epoch())
                .toList();
        return new LogEnds(log, requests, claim.epoch(), names -> fence(names, claim.epoch()))
                .of(earlier, claim.checkpoint(), progress);
    }

    private List<Standing> fence(List<CommitId> names, long claimingEpoch)
            throws ObjectStoreException, CorruptObjectException, OpenException, IOException {
        List<ParallelRequests.Request<Standing>> creates = new ArrayList<>();
        for (CommitId id : names) {
            Salt salt = Salt.random(random);
            creates.add(() -> createFence(id, claimingEpoch, salt));
        }
        return requests.all(creates);
    }

    /** Creates a fence. Returns it, or the object in its place. */
    private Standing createFence(CommitId id, long claimingEpoch, Salt salt)
            throws ObjectStoreException, CorruptObjectException {
        ByteBuffer fence = FenceSealer.seal(keys, id, claimingEpoch, salt);
        if (creation.create(id.objectName(), List.of(fence), salt) instanceof ExclusiveCreate.Taken taken) {
            return Standing.of(ReadRetry.at(() -> log.read(id, taken.header().objectLength())));
        }
        return new Standing(id.seq(), 0, claimingEpoch);
    }
}
