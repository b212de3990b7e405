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
 * Checks that an answer of success is Azure's own, with one check per operation. The SDK itself checks the documented
 * status. Thread-safe.
 */
final class AzureAnswers {
    private final AzureErrors errors;
    private volatile boolean rangesSeen;

    AzureAnswers(AzureErrors errors) {
        this.errors = errors;
    }

    /** Requires the new ETag and the MD5 of the body as it arrived. */
    void requireStored(String what, Response<BlockBlobItem> response, BodyDigest digest) throws ObjectStoreException {
        BlockBlobItem stored = response.getValue();
        byte[] md5 = stored == null ? null : stored.getContentMd5();
        boolean proven =
                stored != null && stored.getETag() != null && (md5 == null || Arrays.equals(md5, digest.md5()));
        if (!proven || isPage(response)) {
            throw odd(what, true, "the answer does not show that it was stored", response);
        }
    }

    /** Requires an object: it has an ETag, or at least the type of its PUT. */
    void requireObject(String what, BlobDownloadResponse response) throws ObjectStoreException {
        boolean plausible = response.getDeserializedHeaders().getETag() != null
                || typeOf(response).contains("octet-stream");
        if (isPage(response) || !plausible) {
            throw odd(what, false, "the answer is not an object", response);
        }
    }

    /** Requires exactly the requested range. There is no response if the store sent far too much. */
    void requireRange(String what, Optional<BlobDownloadResponse> response, long offset, int length, long received)
            throws ObjectStoreException {
        if (response.isPresent()) {
            requireObject(what, response.get());
        }
        Optional<ContentRange> range = response.flatMap(
                answer -> ContentRange.parse(answer.getDeserializedHeaders().getContentRange()));
        if (range.isEmpty() && received == 0) {
            // Azurite answers so if a range begins at the end of the object or after it.
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

    /** Requires the id of the request, which each answer of Azure has. */
    void requireDeleted(String what, Response<?> response) throws ObjectStoreException {
        if (isPage(response) || response.getHeaders().getValue(AzureErrors.REQUEST_ID) == null) {
            throw odd(what, false, "the answer does not show that it was deleted", response);
        }
    }

    /** Requires a list. The SDK itself reads no other document here. */
    void requireList(String what, Response<?> response) throws ObjectStoreException {
        if (response.getValue() == null || isPage(response)) {
            throw odd(what, false, "the answer is not the list", response);
        }
    }

    private ObjectStoreException odd(String what, boolean put, String reason, Response<?> response) {
        String shown = (response.getStatusCode() + " " + typeOf(response)).strip();
        return errors.odd(what, put, reason + " (" + shown + ")");
    }

    /** Returns whether the answer is a page for people. All objects are octet streams, so no object is a page. */
    private static boolean isPage(Response<?> response) {
        return typeOf(response).contains("html");
    }

    private static String typeOf(Response<?> response) {
        String type = response.getHeaders().getValue(HttpHeaderName.CONTENT_TYPE);
        return type == null ? "" : type.toLowerCase(Locale.ROOT);
    }
}
