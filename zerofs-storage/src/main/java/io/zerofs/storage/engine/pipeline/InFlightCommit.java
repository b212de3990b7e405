// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.pipeline;

import io.zerofs.storage.commit.CommitDraft;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.FrameTable;
import io.zerofs.storage.commit.SealedCommit;
import io.zerofs.storage.engine.memtable.OpenCommit;
import io.zerofs.storage.seal.Salt;

/** A frozen commit in flight to the store. The pipeline guards its state. */
final class InFlightCommit {
    /** The progress of the commit. */
    enum State {
        /** Waits for an upload slot. */
        FROZEN,
        /** Is sealed and put. */
        UPLOADING,
        /** Is in the store. It is durable when the store has all commits before it. */
        STORED
    }

    private final OpenCommit commit;
    private final CommitId id;
    private final Salt salt;
    private final Salt predecessor;
    private State state = State.FROZEN;
    private long beganNanos;
    private long durableSeq;
    private SealedCommit sealed;
    private FrameTable frames;
    private boolean keptEarly;

    /** @param predecessor salt of the commit before */
    InFlightCommit(OpenCommit commit, CommitId id, Salt salt, Salt predecessor) {
        this.commit = commit;
        this.id = id;
        this.salt = salt;
        this.predecessor = predecessor;
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

    /**
     * Notes the begin of the upload.
     *
     * @param durable the last commit known to be durable, which recovery then expects
     */
    void begin(long nanos, long durable) {
        beganNanos = nanos;
        durableSeq = durable;
        state = State.UPLOADING;
    }

    long beganNanos() {
        return beganNanos;
    }

    /** Notes that the store has the object, and drops its bytes. */
    void stored() {
        state = State.STORED;
        sealed = null;
    }

    /** Notes that the commit takes room of durable commits, and no longer of the budget of writers. */
    void keptEarly() {
        keptEarly = true;
    }

    boolean isKeptEarly() {
        return keptEarly;
    }

    /** Returns the object; null until it is sealed and after it is stored. Only the uploading thread uses it. */
    SealedCommit sealed() {
        return sealed;
    }

    void sealed(SealedCommit object) {
        sealed = object;
        frames = object.frames();
    }

    /** Returns the places of the frames in the object; null until it is sealed. */
    FrameTable frames() {
        return frames;
    }

    CommitDraft draft() {
        return new CommitDraft(
                id,
                salt,
                new CommitDraft.Log(durableSeq, predecessor, commit.deadFrames(), commit.batches()),
                FrozenContent.of(commit));
    }
}
