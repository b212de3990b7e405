// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

/** A failed request to the store. The caller's next step names each kind. The message names the object, and no secrets. */
public final class ObjectStoreException extends Exception {
    /** The caller's next step. */
    public enum Kind {
        /** The object does not exist. */
        NOT_FOUND,
        /** The object ended before the requested range, or the answer was cut short even after retries. */
        TRUNCATED,
        /** The object is larger than the caller accepts. */
        TOO_LARGE,
        /** The store may apply the PUT, now or later: send the same bytes again, then read the object. */
        UNKNOWN_OUTCOME,
        /** The store does not answer, throttles or fails: try again later. */
        UNAVAILABLE,
        /** A person has to act; {@link Refusal} names the cause. */
        REFUSED,
        /** The local disk or the bucket's quota is full. */
        NO_SPACE
    }

    /** The cause of REFUSED, which a person has to correct. */
    public enum Refusal {
        /** The keys or the token: wrong, unknown, expired or absent. */
        CREDENTIALS,
        /** The bucket or container does not exist. */
        BUCKET,
        /** The bucket is in another region. */
        REGION,
        /** The clock of this machine. */
        CLOCK,
        /** The store has no conditional writes. */
        CONDITIONS,
        /** Permissions, or a cause that only the message names. */
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

    /** Returns REFUSED with a known cause. */
    public static ObjectStoreException refused(Refusal refusal, String message, Throwable cause) {
        return new ObjectStoreException(Kind.REFUSED, refusal, message, cause, false);
    }

    /** Returns UNAVAILABLE after too many requests: the store answers and did nothing. */
    public static ObjectStoreException throttled(String message, Throwable cause) {
        return new ObjectStoreException(Kind.UNAVAILABLE, Refusal.OTHER, message, cause, true);
    }

    public Kind kind() {
        return kind;
    }

    /** Returns the cause of REFUSED; it has no meaning for other kinds. */
    public Refusal refusal() {
        return refusal;
    }

    /** Returns whether the store only asks for fewer requests. */
    public boolean isThrottled() {
        return throttled;
    }
}
