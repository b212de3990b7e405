// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.pipeline;

import io.zerofs.storage.commit.CommitDraft;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.SealedCommit;
import io.zerofs.storage.engine.memtable.OpenCommit;
import io.zerofs.storage.seal.Salt;

/** A frozen commit on its way into the store. Its state is guarded by the pipeline. */
final class InFlightCommit {
    /** How far it got. */
    enum State {
        /** Waits for an upload slot. */
        FROZEN,
        /** Is sealed and put. */
        UPLOADING,
        /** Stands in the store; it is durable once all before it do too. */
        STORED
    }

    private final OpenCommit commit;
    private final CommitId id;
    private final Salt salt;
    private final Salt predecessor;
    private final long durableSeq;
    private State state = State.FROZEN;
    private long beganNanos;
    private SealedCommit sealed;

    /**
     * @param predecessor salt of the commit before
     * @param durableSeq the last commit known to be durable
     */
    InFlightCommit(OpenCommit commit, CommitId id, Salt salt, Salt predecessor, long durableSeq) {
        this.commit = commit;
        this.id = id;
        this.salt = salt;
        this.predecessor = predecessor;
        this.durableSeq = durableSeq;
    }

    OpenCommit commit() {
        return commit;
    }

    CommitId id() {
        return id;
    }

    Salt salt() {
        return salt;
    }

    State state() {
        return state;
    }

    /** The upload begins. */
    void begin(long nanos) {
        beganNanos = nanos;
        state = State.UPLOADING;
    }

    long beganNanos() {
        return beganNanos;
    }

    void stored() {
        state = State.STORED;
    }

    /** The object; null until it was sealed. Set by the thread that uploads, before the commit is stored. */
    SealedCommit sealed() {
        return sealed;
    }

    void sealed(SealedCommit object) {
        sealed = object;
    }

    CommitDraft draft() {
        return new CommitDraft(
                id,
                salt,
                new CommitDraft.Log(durableSeq, predecessor, commit.deaths(), commit.batches()),
                FrozenContent.of(commit));
    }
}
