// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import io.zerofs.storage.object.Causes;
import io.zerofs.storage.object.ConditionalWriteProbe;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.ObjectStoreException.Refusal;
import io.zerofs.storage.object.StoreWords;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLHandshakeException;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** From what the store and the SDK say to what the caller does next, with a sentence for the operator. */
final class S3Errors {
    static final int MOVED_PERMANENTLY = 301;
    static final int BAD_REQUEST = 400;
    static final int UNAUTHORIZED = 401;
    static final int FORBIDDEN = 403;
    static final int NOT_FOUND = 404;
    static final int CONFLICT = 409;
    static final int PRECONDITION_FAILED = 412;
    static final int RANGE_NOT_SATISFIABLE = 416;
    static final int TOO_MANY_REQUESTS = 429;
    static final int NOT_IMPLEMENTED = 501;
    static final int SERVICE_UNAVAILABLE = 503;
    static final int INSUFFICIENT_STORAGE = 507;

    private static final Set<String> THROTTLING = Set.of(
            "SlowDown", "SlowDownRead", "SlowDownWrite", "Throttling", "ThrottlingException", "RequestLimitExceeded");
    private static final Set<String> FULL = Set.of(
            "QuotaExceeded",
            "XMinioStorageFull",
            "XMinioAdminBucketQuotaExceeded",
            "InsufficientCapacity",
            "InsufficientStorage");
    private static final Set<String> PASSING = Set.of(
            "RequestTimeout", "InternalError", "ServiceUnavailable", "OperationAborted", "XMinioServerNotInitialized");

    /** From these something is concluded about an object or the store, so they must be the store's own. */
    private static final Set<Integer> CONCLUSIVE =
            Set.of(NOT_FOUND, PRECONDITION_FAILED, RANGE_NOT_SATISFIABLE, NOT_IMPLEMENTED);

    private final String place;
    private final String bucket;

    /** @param place the store, for messages */
    S3Errors(String place, String bucket) {
        this.place = place;
        this.bucket = bucket;
    }

    String place() {
        return place;
    }

    /**
     * An answer that reports success, or says something about an object, and is not the store's as far as it shows: what
     * stands between may have sent it. The request is worth repeating; a put may have been applied.
     */
    ObjectStoreException odd(String what, boolean put, String reason, SdkHttpResponse answer) {
        return failure(
                put ? Kind.UNKNOWN_OUTCOME : Kind.UNAVAILABLE, what, reason + " (" + S3Answers.describe(answer) + ")");
    }

    ObjectStoreException refused(String what, String reason) {
        return failure(Kind.REFUSED, what, reason);
    }

    ObjectStoreException failure(Kind kind, String what, String reason) {
        return new ObjectStoreException(kind, what + " at " + place + ": " + reason, null);
    }

    /** Whether the answer has a code of S3, or a header that only a store sends. */
    static boolean isOfTheStore(S3Exception e) {
        return !codeOf(e).isEmpty()
                || e.requestId() != null
                || headerOf(e, "x-amz-bucket-region").isPresent();
    }

    /**
     * What a failed request means.
     *
     * @param put whether it was a put: if it may have been applied, the outcome is unknown
     */
    ObjectStoreException translate(String what, boolean put, SdkException e) {
        return e instanceof S3Exception answer ? answered(what, put, answer) : unanswered(what, put, e);
    }

    private ObjectStoreException answered(String what, boolean put, S3Exception e) {
        String code = codeOf(e);
        int status = e.statusCode();
        if (!isOfTheStore(e) && (status < BAD_REQUEST || CONCLUSIVE.contains(status))) {
            return failure(put ? Kind.UNKNOWN_OUTCOME : Kind.UNAVAILABLE, what, "the answer is not the store's", e);
        }
        if (status == TOO_MANY_REQUESTS || THROTTLING.contains(code)) {
            return ObjectStoreException.throttled(message(what, "the store asks to slow down", e), e);
        }
        if (FULL.contains(code) || status == INSUFFICIENT_STORAGE) {
            return failure(Kind.NO_SPACE, what, "the store is full", e);
        }
        if (status >= 500 && status != NOT_IMPLEMENTED || PASSING.contains(code) || status == CONFLICT) {
            return failure(put ? Kind.UNKNOWN_OUTCOME : Kind.UNAVAILABLE, what, "the store failed", e);
        }
        if (status == NOT_FOUND && !code.equals("NoSuchBucket")) {
            return failure(Kind.NOT_FOUND, what, "no such object", e);
        }
        if (status == RANGE_NOT_SATISFIABLE) {
            return failure(Kind.TRUNCATED, what, "the object ends before this range", e);
        }
        if (put && status == NOT_IMPLEMENTED) {
            return ObjectStoreException.refused(
                    Refusal.CONDITIONS, message(what, ConditionalWriteProbe.UNKNOWN_TO_STORE, e), e);
        }
        Advice advice = advice(status, code, e);
        return ObjectStoreException.refused(advice.refusal(), message(what, advice.text(), e), e);
    }

    private record Advice(Refusal refusal, String text) {}

    private Advice advice(int status, String code, S3Exception e) {
        return switch (code) {
            case "NoSuchBucket" -> new Advice(Refusal.BUCKET, "the bucket " + bucket + " does not exist");
            case "InvalidAccessKeyId" ->
                new Advice(
                        Refusal.CREDENTIALS, "the store does not know this access key; check access_key_id in [aws]");
            case "SignatureDoesNotMatch" ->
                new Advice(Refusal.CREDENTIALS, "the secret key is wrong; check secret_access_key in [aws]");
            case "ExpiredToken", "InvalidToken", "TokenRefreshRequired" ->
                new Advice(
                        Refusal.CREDENTIALS,
                        "the session token is invalid or has expired; renew session_token in [aws]");
            case "RequestTimeTooSkewed" ->
                new Advice(
                        Refusal.CLOCK,
                        "the clock of this machine differs too much from the store's; set the clock, for instance"
                                + " with NTP");
            case "AccessDenied", "AllAccessDisabled", "AccountProblem" ->
                new Advice(
                        Refusal.OTHER,
                        "access is denied; the credentials need to get, put, list and delete in the bucket " + bucket);
            case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException" ->
                new Advice(
                        Refusal.REGION,
                        "the bucket " + bucket + " is in another region" + regionIn(e)
                                + "; set default_region in [aws]");
            default -> advice(status, e);
        };
    }

    private Advice advice(int status, S3Exception e) {
        return switch (status) {
            case MOVED_PERMANENTLY, 307, 308 ->
                new Advice(
                        Refusal.REGION,
                        "the bucket " + bucket + " is elsewhere" + regionIn(e)
                                + "; check default_region and endpoint in [aws]");
            case UNAUTHORIZED, FORBIDDEN ->
                new Advice(
                        Refusal.OTHER,
                        "access is denied; check the credentials and their permissions on the bucket " + bucket);
            case NOT_IMPLEMENTED ->
                new Advice(Refusal.CONDITIONS, "the store does not implement what this request needs");
            default -> new Advice(Refusal.OTHER, "the store refuses the request");
        };
    }

    private static String regionIn(S3Exception e) {
        return headerOf(e, "x-amz-bucket-region")
                .map(region -> " (" + region + ")")
                .orElse("");
    }

    static Optional<String> headerOf(S3Exception e, String name) {
        return Optional.ofNullable(e.awsErrorDetails())
                .map(AwsErrorDetails::sdkHttpResponse)
                .flatMap(answer -> answer.firstMatchingHeader(name));
    }

    private ObjectStoreException unanswered(String what, boolean put, SdkException e) {
        Optional<CredentialSource.Failure> source = Causes.find(e, CredentialSource.Failure.class);
        if (source.isPresent()) {
            return withoutCredentials(what, source.get());
        }
        Optional<UnknownHostException> unknownHost = Causes.find(e, UnknownHostException.class);
        if (has(e, SSLHandshakeException.class) || has(e, CertificateException.class)) {
            String cause = Causes.root(e).getMessage();
            return failure(Kind.REFUSED, what, "no trusted connection to the store: " + cause, e);
        }
        if (unknownHost.isPresent()) {
            return failure(
                    Kind.UNAVAILABLE,
                    what,
                    "the host name is unknown: " + unknownHost.get().getMessage(),
                    e);
        }
        if (has(e, ConnectException.class)) {
            return failure(
                    Kind.UNAVAILABLE, what, "no connection: " + Causes.root(e).getMessage(), e);
        }
        String reason;
        if (e instanceof ApiCallAttemptTimeoutException || e instanceof ApiCallTimeoutException) {
            reason = "no complete answer in time";
        } else if (e instanceof AbortedException) {
            Thread.currentThread().interrupt();
            reason = "interrupted";
        } else {
            reason = "the connection failed: " + Causes.root(e).getMessage();
        }
        return failure(put ? Kind.UNKNOWN_OUTCOME : Kind.UNAVAILABLE, what, reason, e);
    }

    private ObjectStoreException withoutCredentials(String what, CredentialSource.Failure e) {
        if (e.isPassing()) {
            String reason = String.valueOf(Causes.root(e).getMessage()).strip();
            return failure(Kind.UNAVAILABLE, what, "the credentials cannot be renewed: " + reason, e);
        }
        String text =
                "there are no credentials; set access_key_id and secret_access_key in [aws], or provide them as for the"
                        + " AWS tools";
        return ObjectStoreException.refused(Refusal.CREDENTIALS, message(what, text, e), e);
    }

    private static boolean has(SdkException e, Class<? extends Throwable> cause) {
        return Causes.find(e, cause).isPresent();
    }

    static String codeOf(S3Exception e) {
        boolean known = e.awsErrorDetails() != null && e.awsErrorDetails().errorCode() != null;
        return known ? e.awsErrorDetails().errorCode() : "";
    }

    private ObjectStoreException failure(Kind kind, String what, String reason, SdkException e) {
        return new ObjectStoreException(kind, message(what, reason, e), kind == Kind.NOT_FOUND ? null : e);
    }

    private String message(String what, String reason, SdkException e) {
        String details = "";
        if (e instanceof S3Exception answer) {
            String code = codeOf(answer);
            String says = code.isEmpty()
                    ? headerOf(answer, "Content-Type").orElse("")
                    : StoreWords.appended(code, answer.awsErrorDetails().errorMessage());
            String requestId = answer.requestId() == null ? "" : ", request " + answer.requestId();
            details = " (" + (answer.statusCode() + " " + says).strip() + requestId + ")";
        }
        return what + " at " + place + ": " + reason + details;
    }
}
