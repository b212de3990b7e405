// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import java.time.Duration;
import java.util.Set;

/**
 * A fault of some requests.
 *
 * @param operations those it can befall
 * @param prefix names it can befall; for a delete any of its names counts
 * @param chance from 0 (never) to 1 (always)
 */
public record Fault(Set<StoreOperation> operations, String prefix, double chance, Effect effect) {
    /** How it goes wrong. */
    public sealed interface Effect
            permits Latency,
                    Unavailable,
                    ErrorAnswer,
                    UnknownOutcome,
                    CutBody,
                    CorruptBody,
                    MissingObject,
                    WrongRefusal,
                    Doubled,
                    OtherVersion,
                    WrongSizes {
        /** Returns whether the request ends with a wrong answer, not without one. */
        default boolean isWrongAnswer() {
            return !(this instanceof Latency || this instanceof Unavailable || this instanceof UnknownOutcome);
        }
    }

    /** The request waits before it is sent, evenly distributed between the two. */
    public record Latency(Duration min, Duration max) implements Effect {}

    /** Refused for now; the store did nothing. */
    public record Unavailable() implements Effect {}

    /** The answer is an error, as adapters report it. The store did nothing before, or all. */
    public record ErrorAnswer(ObjectStoreException.Kind kind, boolean applied) implements Effect {}

    /** A put whose answer is lost. Other operations are {@link Unavailable}. */
    public record UnknownOutcome(Fate fate) implements Effect {}

    /** The fate of a PUT whose answer was lost. */
    public enum Fate {
        APPLIED,
        NOT_APPLIED,
        /** It is on its way and lands after a few more requests, or by {@link FaultyObjectStore#landDelayed}. */
        APPLIED_LATER
    }

    /** A get answers with the first half only; a ranged get is TRUNCATED. */
    public record CutBody() implements Effect {}

    /** A get answers with one bit changed. */
    public record CorruptBody() implements Effect {}

    /** A get says NOT_FOUND, a list leaves out the names with the prefix. */
    public record MissingObject() implements Effect {}

    /** A put is applied, and an internal retry below makes the answer REFUSED. */
    public record WrongRefusal() implements Effect {}

    /** A put arrives a second time, after a few more requests. */
    public record Doubled() implements Effect {}

    /** A get answers with another ETag or with none. */
    public record OtherVersion() implements Effect {}

    /** A list answers with other lengths. */
    public record WrongSizes() implements Effect {}

    public static Fault on(StoreOperation operation, String prefix, double chance, Effect effect) {
        return new Fault(Set.of(operation), prefix, chance, effect);
    }

    public static Fault onAll(double chance, Effect effect) {
        return new Fault(Set.of(StoreOperation.values()), "", chance, effect);
    }
}
