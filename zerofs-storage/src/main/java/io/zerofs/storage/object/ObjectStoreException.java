// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

/** Why a request to the store failed, named by what the caller does next. The message names the object, no secrets. */
public final class ObjectStoreException extends Exception {
    /** What the caller does next. */
    public enum Kind {
        /** The object does not exist. */
        NOT_FOUND,
        /** It ended before the range asked for, or the answer was cut short even after retries. */
        TRUNCATED,
        /** It is larger than the caller accepts. */
        TOO_LARGE,
        /** A put may or may not have been applied, now or later: send the same bytes again, then look who won. */
        UNKNOWN_OUTCOME,
        /** The store does not answer, throttles or fails: try again later. */
        UNAVAILABLE,
        /** A person has to act; {@link Refusal} says on what. */
        REFUSED,
        /** The local disk or the bucket's quota is full. */
        NO_SPACE
    }

    /** What has to be set right after REFUSED. */
    public enum Refusal {
        /** The keys or the token: wrong, unknown, expired or absent. */
        CREDENTIALS,
        /** The bucket or container: there is none of this name. */
        BUCKET,
        /** The region: the bucket is in another one. */
        REGION,
        /** The clock of this machine. */
        CLOCK,
        /** The store itself: it knows no conditional writes. */
        CONDITIONS,
        /** Permissions, or what only the message tells. */
        OTHER
    }

    private final Kind kind;
    private final Refusal refusal;
    private final boolean throttled;

    public ObjectStoreException(Kind kind, String message, Throwable cause) {
        this(kind, Refusal.OTHER, message, cause, false);
    }

    private ObjectStoreException(Kind kind, Refusal refusal, String message, Throwable cause, boolean throttled) {
        super(message, cause, true, kind != Kind.NOT_FOUND);
        this.kind = kind;
        this.refusal = refusal;
        this.throttled = throttled;
    }

    /** REFUSED, for a reason that can be told. */
    public static ObjectStoreException refused(Refusal refusal, String message, Throwable cause) {
        return new ObjectStoreException(Kind.REFUSED, refusal, message, cause, false);
    }

    /** UNAVAILABLE because there were too many requests: the store lives and did nothing. */
    public static ObjectStoreException throttled(String message, Throwable cause) {
        return new ObjectStoreException(Kind.UNAVAILABLE, Refusal.OTHER, message, cause, true);
    }

    public Kind kind() {
        return kind;
    }

    /** What is to be set right; of meaning for REFUSED only. */
    public Refusal refusal() {
        return refusal;
    }

    /** Whether slowing down is all that it takes. */
    public boolean isThrottled() {
        return throttled;
    }
}
