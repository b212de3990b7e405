// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.azure;

import com.azure.core.http.rest.PagedResponse;
import com.azure.core.util.BinaryData;
import com.azure.core.util.Context;
import com.azure.core.util.Contexts;
import com.azure.core.util.ProgressReporter;
import com.azure.storage.blob.BlobClient;
import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.models.BlobDownloadResponse;
import com.azure.storage.blob.models.BlobErrorCode;
import com.azure.storage.blob.models.BlobItem;
import com.azure.storage.blob.models.BlobItemProperties;
import com.azure.storage.blob.models.BlobRange;
import com.azure.storage.blob.models.BlobRequestConditions;
import com.azure.storage.blob.models.BlobStorageException;
import com.azure.storage.blob.models.DownloadRetryOptions;
import com.azure.storage.blob.models.ListBlobsOptions;
import com.azure.storage.blob.options.BlockBlobSimpleUploadOptions;
import io.zerofs.storage.object.BodyDigest;
import io.zerofs.storage.object.KeyPrefix;
import io.zerofs.storage.object.ListedObjects;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.ObjectStoreException.Refusal;
import io.zerofs.storage.object.ParallelDeletes;
import io.zerofs.storage.object.Traffic;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Block blobs in a container, below a prefix. A single Put Blob writes each of them. Every call is one attempt. ETags are
 * the versions. Deletes use single requests, because Azure bills a batch like its parts.
 */
public final class AzureObjectStore implements ObjectStore {
    private static final DownloadRetryOptions ONE_ATTEMPT = new DownloadRetryOptions().setMaxRetryRequests(0);

    private static final long NO_BODY = -1;
    private static final int PIECE_BYTES = 64 << 10;
    private static final int BODY_BYTES_USUAL = 256 << 10;

    /** Maximum number of entries on a list page of Azure. */
    private static final int PAGE_MAX = 5_000;

    private final BlobContainerClient client;
    private final KeyPrefix prefix;
    private final String place;
    private final AzureErrors errors;
    private final AzureAnswers answers;
    private final ParallelDeletes deletes = new ParallelDeletes("azure-delete", this::deleteOne);
    private final Traffic traffic;

    private AzureObjectStore(BlobContainerClient client, AzureSettings settings) {
        this.client = client;
        this.prefix = new KeyPrefix(settings.prefix());
        this.place = "azure://" + settings.container() + (settings.prefix().isEmpty() ? "" : "/" + settings.prefix())
                + " (" + settings.endpoint().map(Object::toString).orElse(settings.accountName()) + ")";
        this.errors = new AzureErrors(place, settings.container());
        this.answers = new AzureAnswers(errors);
        this.traffic = Traffic.watched(settings.connections());
    }

    /** Prepares a client without a request to the store. */
    public static AzureObjectStore open(AzureSettings settings) throws ObjectStoreException {
        return new AzureObjectStore(AzureClients.create(settings), settings);
    }

    @Override
    public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException {
        String what = "cannot put " + name;
        BlobClient blob = blob(name);
        BlobRequestConditions conditions = new BlobRequestConditions();
        if (condition instanceof IfVersion expected) {
            if (expected.version().isEmpty()) {
                throw errors.failure(Kind.REFUSED, what, "the store does not report the version of the object (ETag)");
            }
            conditions.setIfMatch(expected.version());
        } else {
            conditions.setIfNoneMatch("*");
        }
        List<ByteBuffer> body = inPieces(bytes);
        BodyDigest digest = BodyDigest.of(bytes);
        BlockBlobSimpleUploadOptions upload = new BlockBlobSimpleUploadOptions(BinaryData.fromListByteBuffer(body))
                .setContentMd5(digest.md5())
                .setRequestConditions(conditions);
        long size = bytes.stream().mapToLong(ByteBuffer::remaining).sum();
        return inTurn(what, size, transfer -> {
            try {
                answers.requireStored(
                        what, blob.getBlockBlobClient().uploadWithResponse(upload, null, counting(transfer)), digest);
                transfer.answered(true);
                return PutOutcome.STORED;
            } catch (BlobStorageException e) {
                if (AzureErrors.isOfTheStore(e) && conditionFailed(e, condition)) {
                    return PutOutcome.REFUSED;
                }
                throw e;
            }
        });
    }

    /** Splits buffers, because the client reports each buffer only when the network has taken it. */
    private static List<ByteBuffer> inPieces(List<ByteBuffer> bytes) {
        List<ByteBuffer> pieces = new ArrayList<>();
        for (ByteBuffer buffer : bytes) {
            for (int from = buffer.position(); from < buffer.limit(); from += PIECE_BYTES) {
                pieces.add(buffer.slice(from, Math.min(PIECE_BYTES, buffer.limit() - from)));
            }
        }
        return pieces;
    }

    private static Context counting(Traffic.Transfer transfer) {
        AtomicLong before = new AtomicLong();
        return Contexts.with(Context.NONE)
                .setHttpRequestProgressReporter(
                        ProgressReporter.withProgressListener(sent -> transfer.sent(sent - before.getAndSet(sent))))
                .getContext();
    }

    private static boolean conditionFailed(BlobStorageException e, PutCondition condition) {
        return switch (e.getStatusCode()) {
            case AzureErrors.PRECONDITION_FAILED -> !BlobErrorCode.LEASE_ID_MISSING.equals(e.getErrorCode());
            case AzureErrors.CONFLICT -> BlobErrorCode.BLOB_ALREADY_EXISTS.equals(e.getErrorCode());
            case AzureErrors.NOT_FOUND ->
                condition instanceof IfVersion && BlobErrorCode.BLOB_NOT_FOUND.equals(e.getErrorCode());
            default -> false;
        };
    }

    @Override
    public StoredObject get(String name, int bytesMax) throws ObjectStoreException {
        String what = "cannot get " + name;
        BoundedBody body = new BoundedBody(bytesMax, BODY_BYTES_USUAL);
        Optional<BlobDownloadResponse> response = download(what, name, null, body);
        if (response.isPresent()) {
            answers.requireObject(what, response.get());
        }
        if (body.isOverrun()) {
            throw errors.failure(Kind.TOO_LARGE, what, "it has more than the " + bytesMax + " bytes that are accepted");
        }
        return new StoredObject(body.bytes(), versionOf(response.orElseThrow()));
    }

    @Override
    public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
        String what = "cannot get " + name;
        BoundedBody body = new BoundedBody(length, length);
        Optional<BlobDownloadResponse> response = download(what, name, new BlobRange(offset, (long) length), body);
        long received = body.isOverrun() ? -1 : body.bytes().remaining();
        answers.requireRange(what, response, offset, length, received);
        return new StoredObject(body.bytes(), versionOf(response.orElseThrow()));
    }

    /** Returns no response if the body was much larger than its bound. */
    private Optional<BlobDownloadResponse> download(String what, String name, BlobRange range, BoundedBody body)
            throws ObjectStoreException {
        BlobClient blob = blob(name);
        return inTurn(what, NO_BODY, transfer -> {
            body.tell(transfer);
            try {
                return Optional.of(
                        blob.downloadStreamWithResponse(body, range, ONE_ATTEMPT, null, false, null, Context.NONE));
            } catch (RuntimeException e) {
                if (body.isOverrun()) {
                    return Optional.empty();
                }
                throw e;
            }
        });
    }

    @Override
    public List<ObjectInfo> list(String namePrefix, String after, int max) throws ObjectStoreException {
        String what = "cannot list " + namePrefix;
        ListedObjects listed = new ListedObjects(what + " at " + place, prefix, namePrefix, after, max);
        String keyPrefix = prefix.keyPrefixOf(namePrefix);
        ListBlobsOptions options =
                new ListBlobsOptions().setPrefix(keyPrefix).setMaxResultsPerPage(Math.min(PAGE_MAX, max + 1));
        String first = prefix.value() + after;
        if (first.compareTo(keyPrefix) > 0) {
            // Inclusive, and some servers ignore it: names up to the first are dropped from the page.
            options.setStartFrom(first);
        }
        try {
            inTurn(what, NO_BODY, transfer -> {
                String last = "";
                for (PagedResponse<BlobItem> items :
                        client.listBlobs(options, null).iterableByPage()) {
                    transfer.answered(true);
                    answers.requireList(what, items);
                    for (BlobItem item : items.getValue()) {
                        BlobItemProperties properties = item.getProperties();
                        listed.add(item.getName(), properties == null ? null : properties.getContentLength());
                    }
                    String next = items.getContinuationToken();
                    if (listed.isFull() || next == null) {
                        return null;
                    }
                    if (next.equals(last)) {
                        throw listed.odd("it continues at the same place");
                    }
                    last = next;
                }
                return null;
            });
        } catch (ObjectStoreException e) {
            throw e.kind() == Kind.NOT_FOUND ? ObjectStoreException.refused(Refusal.BUCKET, e.getMessage(), e) : e;
        }
        return listed.page();
    }

    @Override
    public Map<String, ObjectStoreException> delete(Collection<String> names) {
        return deletes.delete(names);
    }

    @Override
    public Traffic traffic() {
        return traffic;
    }

    @Override
    public String describe() {
        return place;
    }

    /** Closes nothing of the SDK's client, whose idle connections end by themselves. */
    @Override
    public void close() {
        deletes.close();
        traffic.close();
    }

    private void deleteOne(String name) throws ObjectStoreException {
        String what = "cannot delete " + name;
        BlobClient blob = blob(name);
        try {
            inTurn(what, NO_BODY, transfer -> {
                answers.requireDeleted(what, blob.deleteWithResponse(null, null, null, Context.NONE));
                return null;
            });
        } catch (ObjectStoreException e) {
            if (e.kind() != Kind.NOT_FOUND) {
                throw e;
            }
        }
    }

    private BlobClient blob(String name) {
        return client.getBlobClient(prefix.keyOf(name));
    }

    private interface Request<T> {
        T send(Traffic.Transfer transfer) throws ObjectStoreException;
    }

    /** @param bodyBytes of a PUT, or {@link #NO_BODY} */
    private <T> T inTurn(String what, long bodyBytes, Request<T> request) throws ObjectStoreException {
        Traffic.Transfer transfer = traffic.attempt(Math.max(0, bodyBytes), Thread.currentThread()::interrupt);
        try {
            transfer.begin();
        } catch (InterruptedIOException e) {
            throw new ObjectStoreException(Kind.UNAVAILABLE, what + " at " + place + ": interrupted", e);
        }
        try {
            return request.send(transfer);
        } catch (RuntimeException e) {
            if (transfer.isSilent()) {
                throw new ObjectStoreException(
                        bodyBytes == NO_BODY ? Kind.UNAVAILABLE : Kind.UNKNOWN_OUTCOME,
                        what + " at " + place + ": " + transfer.silence(),
                        e);
            }
            throw errors.translate(what, bodyBytes != NO_BODY, e);
        } finally {
            transfer.end();
            if (transfer.isSilent()) {
                // The interrupt was meant for the attempt, not for the thread.
                Thread.interrupted();
            }
        }
    }

    /** Returns the version; empty without an ETag. */
    private static String versionOf(BlobDownloadResponse response) {
        String eTag = response.getDeserializedHeaders().getETag();
        return eTag == null ? "" : eTag;
    }
}
