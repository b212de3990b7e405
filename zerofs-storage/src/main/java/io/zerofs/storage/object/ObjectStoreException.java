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
        /** Credentials, bucket, region or permissions are wrong: a person has to act. */
        REFUSED,
        /** The local disk or the bucket's quota is full. */
        NO_SPACE
    }

    private final Kind kind;
    private final boolean throttled;

    public ObjectStoreException(Kind kind, String message, Throwable cause) {
        this(kind, message, cause, false);
    }

    private ObjectStoreException(Kind kind, String message, Throwable cause, boolean throttled) {
        super(message, cause, true, kind != Kind.NOT_FOUND);
        this.kind = kind;
        this.throttled = throttled;
    }

    /** UNAVAILABLE because there were too many requests: the store lives and did nothing. */
    public static ObjectStoreException throttled(String message, Throwable cause) {
        return new ObjectStoreException(Kind.UNAVAILABLE, message, cause, true);
    }

    public Kind kind() {
        return kind;
    }

    /** Whether slowing down is all that it takes. */
    public boolean isThrottled() {
        return throttled;
    }
}
