// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.ObjectStoreException.Refusal;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.security.cert.CertificateException;
import java.util.Optional;
import javax.net.ssl.SSLHandshakeException;

/**
 * Translates failures of HTTP and of its connections to the caller's next step, with a sentence for the operator. Stores
 * that speak HTTP add their own codes. Immutable.
 */
public abstract class HttpErrors {
    public static final int MOVED_PERMANENTLY = 301;
    public static final int BAD_REQUEST = 400;
    public static final int UNAUTHORIZED = 401;
    public static final int FORBIDDEN = 403;
    public static final int NOT_FOUND = 404;
    public static final int CONFLICT = 409;
    public static final int PRECONDITION_FAILED = 412;
    public static final int RANGE_NOT_SATISFIABLE = 416;
    public static final int TOO_MANY_REQUESTS = 429;
    public static final int NOT_IMPLEMENTED = 501;
    public static final int SERVICE_UNAVAILABLE = 503;
    public static final int INSUFFICIENT_STORAGE = 507;

    private final String place;

    /** @param place the store, for messages */
    protected HttpErrors(String place) {
        this.place = place;
    }

    public final String place() {
        return place;
    }

    /**
     * An answer that reports success or describes an object, without proof that the store sent it. A proxy may have sent
     * it. The request is worth repeating; a put may have been applied.
     */
    public final ObjectStoreException odd(String what, boolean put, String reason) {
        return failure(unknown(put), what, reason);
    }

    public final ObjectStoreException failure(Kind kind, String what, String reason) {
        return new ObjectStoreException(kind, what + " at " + place + ": " + reason, null);
    }

    /** The kind of a failure that may come after the request was applied. */
    private static Kind unknown(boolean put) {
        return put ? Kind.UNKNOWN_OUTCOME : Kind.UNAVAILABLE;
    }

    protected final ObjectStoreException failure(Kind kind, String what, String reason, RuntimeException e) {
        return new ObjectStoreException(kind, message(what, reason, e), kind == Kind.NOT_FOUND ? null : e);
    }

    protected final ObjectStoreException refused(Refusal refusal, String what, String advice, RuntimeException e) {
        return ObjectStoreException.refused(refusal, message(what, advice, e), e);
    }

    private String message(String what, String reason, RuntimeException e) {
        return what + " at " + place + ": " + reason + details(e);
    }

    /** Returns the store's own words in parentheses, after a blank; empty if it said nothing. */
    protected abstract String details(RuntimeException e);

    protected final ObjectStoreException notOfTheStore(String what, boolean put, RuntimeException e) {
        return failure(unknown(put), what, "the answer is not the store's", e);
    }

    protected final ObjectStoreException throttled(String what, RuntimeException e) {
        return ObjectStoreException.throttled(message(what, "the store asks to slow down", e), e);
    }

    protected final ObjectStoreException storeFailed(String what, boolean put, RuntimeException e) {
        return failure(unknown(put), what, "the store failed", e);
    }

    protected final ObjectStoreException noSuchObject(String what, RuntimeException e) {
        return failure(Kind.NOT_FOUND, what, "no such object", e);
    }

    protected final ObjectStoreException truncated(String what, RuntimeException e) {
        return failure(Kind.TRUNCATED, what, "the object ends before this range", e);
    }

    /**
     * Translates the failure of a request that got no answer.
     *
     * @param put whether it was a put: after the connection was made, it may have been applied
     * @param timeout the exception of the library for an answer that is late
     * @param interruption the exception of the library for an interrupt
     */
    protected final ObjectStoreException unanswered(
            String what,
            boolean put,
            RuntimeException e,
            Class<? extends Throwable> timeout,
            Class<? extends Throwable> interruption) {
        if (has(e, SSLHandshakeException.class) || has(e, CertificateException.class)) {
            return failure(Kind.REFUSED, what, "no trusted connection to the store: " + rootOf(e), e);
        }
        Optional<UnknownHostException> unknownHost = Causes.find(e, UnknownHostException.class);
        if (unknownHost.isPresent() || has(e, UnresolvedAddressException.class)) {
            String name = unknownHost.map(cause -> ": " + cause.getMessage()).orElse("");
            return failure(Kind.UNAVAILABLE, what, "the host name is unknown" + name, e);
        }
        if (has(e, ConnectException.class)) {
            return failure(Kind.UNAVAILABLE, what, "no connection: " + rootOf(e), e);
        }
        if (has(e, interruption)) {
            Thread.currentThread().interrupt();
            return failure(unknown(put), what, "interrupted", e);
        }
        String reason = has(e, timeout) ? "no complete answer in time" : "the connection failed: " + rootOf(e);
        return failure(unknown(put), what, reason, e);
    }

    protected static boolean has(RuntimeException e, Class<? extends Throwable> cause) {
        return Causes.find(e, cause).isPresent();
    }

    private static String rootOf(RuntimeException e) {
        return String.valueOf(Causes.root(e).getMessage()).strip();
    }
}
