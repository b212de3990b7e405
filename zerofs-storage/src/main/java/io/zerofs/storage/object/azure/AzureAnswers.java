// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.azure;

import com.azure.core.http.HttpHeaderName;
import com.azure.core.http.rest.Response;
import com.azure.storage.blob.models.BlobDownloadResponse;
import com.azure.storage.blob.models.BlockBlobItem;
import io.zerofs.storage.object.BodyDigest;
import io.zerofs.storage.object.ContentRange;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/**
 * Whether an answer that reports success is Azure's own, one check per operation. The SDK checks that the status is
 * the documented one. Thread-safe.
 */
final class AzureAnswers {
    private final AzureErrors errors;
    private volatile boolean rangesSeen;

    AzureAnswers(AzureErrors errors) {
        this.errors = errors;
    }

    /** Azure answers a put with the new ETag, and with the MD5 of the body as it arrived. */
    void requireStored(String what, Response<BlockBlobItem> response, BodyDigest digest) throws ObjectStoreException {
        BlockBlobItem stored = response.getValue();
        byte[] md5 = stored == null ? null : stored.getContentMd5();
        boolean proven =
                stored != null && stored.getETag() != null && (md5 == null || Arrays.equals(md5, digest.md5()));
        if (!proven || isPage(response)) {
            throw odd(what, true, "the answer does not show that it was stored", response);
        }
    }

    /** An object has an ETag, or at least the type that it was put with. */
    void requireObject(String what, BlobDownloadResponse response) throws ObjectStoreException {
        boolean plausible = response.getDeserializedHeaders().getETag() != null
                || typeOf(response).contains("octet-stream");
        if (isPage(response) || !plausible) {
            throw odd(what, false, "the answer is not an object", response);
        }
    }

    /** The range that was asked for, whole; without a response the store sent very much more. */
    void requireRange(String what, Optional<BlobDownloadResponse> response, long offset, int length, long received)
            throws ObjectStoreException {
        if (response.isPresent()) {
            requireObject(what, response.get());
        }
        Optional<ContentRange> range = response.flatMap(
                answer -> ContentRange.parse(answer.getDeserializedHeaders().getContentRange()));
        if (range.isEmpty() && received == 0) {
            // Azurite's answer to a range that begins at the end of the object or after it.
            throw errors.failure(Kind.TRUNCATED, what, "the object ends before this range");
        }
        if (range.isEmpty()) {
            String reason = "the store does not answer with the range";
            throw errors.failure(rangesSeen ? Kind.UNAVAILABLE : Kind.REFUSED, what, reason);
        }
        rangesSeen = true;
        if (range.get().endsBefore(offset, length, received)) {
            String reason = "the object has " + received + " of " + length + " bytes at " + offset;
            throw errors.failure(Kind.TRUNCATED, what, reason);
        }
        if (!range.get().isExactly(offset, length, received)) {
            String reason = "the answer has " + range.get() + " and not " + length + " bytes at " + offset;
            throw odd(what, false, reason, response.orElseThrow());
        }
    }

    /** Each answer of Azure has the id of its request. */
    void requireDeleted(String what, Response<?> response) throws ObjectStoreException {
        if (isPage(response) || response.getHeaders().getValue(AzureErrors.REQUEST_ID) == null) {
            throw odd(what, false, "the answer does not show that it was deleted", response);
        }
    }

    /** The SDK does not read other documents than lists. */
    void requireList(String what, Response<?> response) throws ObjectStoreException {
        if (response.getValue() == null || isPage(response)) {
            throw odd(what, false, "the answer is not the list", response);
        }
    }

    private ObjectStoreException odd(String what, boolean put, String reason, Response<?> response) {
        String shown = (response.getStatusCode() + " " + typeOf(response)).strip();
        return errors.odd(what, put, reason + " (" + shown + ")");
    }

    /** Whether the answer is a page for people. No object is: all are put as octet streams. */
    private static boolean isPage(Response<?> response) {
        return typeOf(response).contains("html");
    }

    private static String typeOf(Response<?> response) {
        String type = response.getHeaders().getValue(HttpHeaderName.CONTENT_TYPE);
        return type == null ? "" : type.toLowerCase(Locale.ROOT);
    }
}
