// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import io.zerofs.storage.object.Causes;
import io.zerofs.storage.object.ConditionalWriteProbe;
import io.zerofs.storage.object.HttpErrors;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.ObjectStoreException.Refusal;
import io.zerofs.storage.object.StoreWords;
import java.util.Optional;
import java.util.Set;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.AbortedException;
import software.amazon.awssdk.core.exception.ApiCallAttemptTimeoutException;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** Translates failures of the store and the SDK to the caller's next step, with a sentence for the operator. */
final class S3Errors extends HttpErrors {
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

    /** Status codes that prove something about an object or the store, so the answer must be the store's own. */
    private static final Set<Integer> CONCLUSIVE =
            Set.of(NOT_FOUND, PRECONDITION_FAILED, RANGE_NOT_SATISFIABLE, NOT_IMPLEMENTED);

    private final String bucket;

    /** @param place the store, for messages */
    S3Errors(String place, String bucket) {
        super(place);
        this.bucket = bucket;
    }

    ObjectStoreException odd(String what, boolean put, String reason, SdkHttpResponse answer) {
        return odd(what, put, reason + " (" + S3Answers.describe(answer) + ")");
    }

    /** Returns whether the answer has a code of S3, or a header that only a store sends. */
    static boolean isOfTheStore(S3Exception e) {
        return !codeOf(e).isEmpty()
                || e.requestId() != null
                || headerOf(e, "x-amz-bucket-region").isPresent();
    }

    /**
     * Translates a failed request.
     *
     * @param put whether it was a PUT: if the store may have applied it, the outcome is unknown
     */
    ObjectStoreException translate(String what, boolean put, SdkException e) {
        return e instanceof S3Exception answer ? answered(what, put, answer) : unanswered(what, put, e);
    }

    private ObjectStoreException answered(String what, boolean put, S3Exception e) {
        String code = codeOf(e);
        int status = e.statusCode();
        if (!isOfTheStore(e) && (status < BAD_REQUEST || CONCLUSIVE.contains(status))) {
            return notOfTheStore(what, put, e);
        }
        if (status == TOO_MANY_REQUESTS || THROTTLING.contains(code)) {
            return throttled(what, e);
        }
        if (FULL.contains(code) || status == INSUFFICIENT_STORAGE) {
            return failure(Kind.NO_SPACE, what, "the store is full", e);
        }
        if (status >= 500 && status != NOT_IMPLEMENTED || PASSING.contains(code) || status == CONFLICT) {
            return storeFailed(what, put, e);
        }
        if (status == NOT_FOUND && !code.equals("NoSuchBucket")) {
            return noSuchObject(what, e);
        }
        if (status == RANGE_NOT_SATISFIABLE) {
            return truncated(what, e);
        }
        if (put && status == NOT_IMPLEMENTED) {
            return refused(Refusal.CONDITIONS, what, ConditionalWriteProbe.UNKNOWN_TO_STORE, e);
        }
        Advice advice = advice(status, code, e);
        return refused(advice.refusal(), what, advice.text(), e);
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
        Class<? extends SdkException> timeout = e instanceof ApiCallTimeoutException
                ? ApiCallTimeoutException.class
                : ApiCallAttemptTimeoutException.class;
        return unanswered(what, put, e, timeout, AbortedException.class);
    }

    private ObjectStoreException withoutCredentials(String what, CredentialSource.Failure e) {
        if (e.isPassing()) {
            String reason = String.valueOf(Causes.root(e).getMessage()).strip();
            return failure(Kind.UNAVAILABLE, what, "the credentials cannot be renewed: " + reason, e);
        }
        String text =
                "there are no credentials; set access_key_id and secret_access_key in [aws], or provide them as for the"
                        + " AWS tools";
        return refused(Refusal.CREDENTIALS, what, text, e);
    }

    static String codeOf(S3Exception e) {
        boolean known = e.awsErrorDetails() != null && e.awsErrorDetails().errorCode() != null;
        return known ? e.awsErrorDetails().errorCode() : "";
    }

    @Override
    protected String details(RuntimeException e) {
        if (!(e instanceof S3Exception answer)) {
            return "";
        }
        String code = codeOf(answer);
        String says = code.isEmpty()
                ? headerOf(answer, "Content-Type").orElse("")
                : StoreWords.appended(code, answer.awsErrorDetails().errorMessage());
        String requestId = answer.requestId() == null ? "" : ", request " + answer.requestId();
        return " (" + (answer.statusCode() + " " + says).strip() + requestId + ")";
    }
}
