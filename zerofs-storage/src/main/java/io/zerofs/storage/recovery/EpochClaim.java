// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.ManifestStore;
import io.zerofs.storage.manifest.WriterTerm;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.seal.Salt;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.random.RandomGenerator;

/**
 * Takes over a volume: publishes a manifest with a new epoch. From then on no earlier writer can publish, and each ends at
 * its next manifest or at the fence in its log. The thread that opens the volume uses it once.
 */
final class EpochClaim {
    /** Maximum attempts. A running writer may publish checkpoints in between. */
    private static final int ATTEMPTS_MAX = 100;

    private final ObjectStore store;
    private final ManifestStore manifests;
    private final ParallelRequests requests;
    private final NewestManifest newest;
    private final RandomGenerator random;
    private final InstantSource clock;

    EpochClaim(
            ObjectStore store,
            StoredLog log,
            ManifestStore manifests,
            ParallelRequests requests,
            RandomGenerator random,
            InstantSource clock) {
        this.store = store;
        this.newest = new NewestManifest(store, log, manifests);
        this.manifests = manifests;
        this.requests = requests;
        this.random = random;
        this.clock = clock;
    }

    /**
     * Publishes and returns our manifest: the newest state before it, with our epoch open at its end.
     *
     * @param listed the newest manifest of a moment ago, if that is known
     */
    Manifest claim(
            Optional<ManifestStore.Listed> listed,
            String description,
            boolean acceptUnconditionalWrites,
            OpenProgress progress)
            throws ObjectStoreException, CorruptObjectException, OpenException, IOException {
        UUID writerId = new UUID(random.nextLong(), random.nextLong());
        Optional<ManifestStore.Listed> known = listed;
        for (int attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
            progress.advanced(OpenProgress.Step.CLAIMING, attempt - 1, attempt);
            Manifest base = newest.read(known);
            known = Optional.empty();
            long epoch = 1 + NewestManifest.highestEpoch(base);
            List<WriterTerm> terms = new ArrayList<>();
            // Each opening that fails adds a claim without a commit, which every later opening would fence.
            base.terms().stream().filter(WriterTerm::hasServed).forEach(terms::add);
            terms.add(WriterTerm.claimed(epoch));
            Manifest.Writer writer = new Manifest.Writer(epoch, writerId, description, clock.millis());
            Manifest claim = base.successor(Salt.random(random), writer).withTerms(terms);
            SecondCreation second = new SecondCreation(claim, acceptUnconditionalWrites);
            if (manifests.create(claim, second::start) instanceof ManifestStore.Overtaken overtaken) {
                requireSameEpoch(base, overtaken.newest());
            } else {
                second.requireRefusal();
                progress.advanced(OpenProgress.Step.CLAIMING, attempt, attempt);
                return claim;
            }
        }
        throw new OpenException(
                OpenException.Kind.STORE_UNREACHABLE,
                "the running daemon published manifests faster than this one could claim the volume; try again");
    }

    private static void requireSameEpoch(Manifest base, Manifest newest) throws OpenException {
        if (newest.epoch() > base.epoch()) {
            throw new OpenException(
                    OpenException.Kind.OWNED_BY_NEWER_WRITER,
                    "another daemon took the volume over at the same moment: epoch " + newest.epoch() + " by "
                            + newest.writer().description());
        }
    }

    /** Another creation of our manifest, which the store must refuse. It begins while the manifests are listed. */
    private final class SecondCreation {
        private final Manifest claim;
        private final boolean accepted;
        private CompletableFuture<Boolean> refused;

        SecondCreation(Manifest claim, boolean accepted) {
            this.claim = claim;
            this.accepted = accepted;
        }

        void start() {
            if (!accepted) {
                refused = requests.start(() -> manifests.refusesToCreateAgain(claim));
            }
        }

        void requireRefusal() throws ObjectStoreException, CorruptObjectException, OpenException, IOException {
            if (!accepted && !ParallelRequests.await(refused)) {
                throw new OpenException(
                        OpenException.Kind.NO_CONDITIONAL_WRITES,
                        store.describe()
                                + " overwrites an existing object although the request demands that none exists"
                                + " (If-None-Match); two daemons on it would destroy each other's data");
            }
        }
    }
}
