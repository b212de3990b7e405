// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import io.zerofs.storage.object.ContentRange;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.util.Locale;
import java.util.Optional;
import software.amazon.awssdk.http.SdkHttpResponse;
import software.amazon.awssdk.services.s3.model.DeleteObjectResponse;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;

/**
 * Whether an answer that reports success is the store's own, one check per operation. Proxies, captive portals and load
 * balancers answer with 200 and a page of theirs; such an answer is worth a repetition and says nothing about objects.
 * Headers are needed only where they prove something. Thread-safe.
 */
final class S3Answers {
    private static final int NO_CONTENT = 204;

    private final S3Errors errors;
    private volatile boolean rangesSeen;
    private volatile boolean requestIdsSeen;

    S3Answers(S3Errors errors) {
        this.errors = errors;
    }

    /** Whether the answer is a page for people. No object is: all are put as octet streams. */
    static boolean isPage(SdkHttpResponse answer) {
        return typeOf(answer).contains("html");
    }

    /** Whether the answer has a body, as no answer to a put or a delete does. */
    static boolean hasBody(SdkHttpResponse answer) {
        return answer.firstMatchingHeader("Transfer-Encoding").isPresent()
                || !answer.firstMatchingHeader("Content-Length").orElse("0").equals("0");
    }

    /** Status and type, for messages. */
    static String describe(SdkHttpResponse answer) {
        return (answer.statusCode() + " " + typeOf(answer)).strip();
    }

    private static String typeOf(SdkHttpResponse answer) {
        return answer.firstMatchingHeader("Content-Type").orElse("").toLowerCase(Locale.ROOT);
    }

    /** An object has an ETag, or at least the type that it was put with. */
    void requireObject(String what, GetObjectResponse response) throws ObjectStoreException {
        SdkHttpResponse answer = response.sdkHttpResponse();
        String type = typeOf(answer);
        boolean plausible = response.eTag() != null || type.contains("octet-stream");
        if (isPage(answer) || !plausible) {
            throw errors.odd(what, false, "the answer is not an object", answer);
        }
    }

    /** The range that was asked for, whole. */
    void requireRange(String what, GetObjectResponse response, long offset, int length, long received)
            throws ObjectStoreException {
        requireObject(what, response);
        Optional<ContentRange> range = ContentRange.parse(response.contentRange());
        if (range.isEmpty()) {
            String reason = "the store does not answer with the range";
            throw rangesSeen
                    ? errors.odd(what, false, reason, response.sdkHttpResponse())
                    : errors.failure(Kind.REFUSED, what, reason);
        }
        rangesSeen = true;
        if (range.get().endsBefore(offset, length, received)) {
            String reason = "the object has " + received + " of " + length + " bytes at " + offset;
            throw errors.failure(Kind.TRUNCATED, what, reason);
        }
        if (!range.get().isExactly(offset, length, received)) {
            String reason = "the answer has " + range.get() + " and not " + length + " bytes at " + offset;
            throw errors.odd(what, false, reason, response.sdkHttpResponse());
        }
    }

    /** S3 answers 204 without a body, some stores 200 without one; once shown, the id of the request must be there. */
    void requireDeleted(String what, DeleteObjectResponse response) throws ObjectStoreException {
        SdkHttpResponse answer = response.sdkHttpResponse();
        boolean hasId = answer.firstMatchingHeader("x-amz-request-id").isPresent();
        boolean bodyless = answer.statusCode() == NO_CONTENT || !hasBody(answer);
        if (isPage(answer) || !bodyless || requestIdsSeen && !hasId) {
            throw errors.odd(what, false, "the answer does not show that it was deleted", answer);
        }
        requestIdsSeen |= hasId;
    }
}
