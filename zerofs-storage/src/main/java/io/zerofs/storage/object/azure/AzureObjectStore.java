// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.azure;

import com.azure.core.http.rest.PagedResponse;
import com.azure.core.util.BinaryData;
import com.azure.core.util.Context;
import com.azure.storage.blob.BlobClient;
import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.models.BlobDownloadResponse;
import com.azure.storage.blob.models.BlobErrorCode;
import com.azure.storage.blob.models.BlobItem;
import com.azure.storage.blob.models.BlobRange;
import com.azure.storage.blob.models.BlobRequestConditions;
import com.azure.storage.blob.models.BlobStorageException;
import com.azure.storage.blob.models.DownloadRetryOptions;
import com.azure.storage.blob.models.ListBlobsOptions;
import com.azure.storage.blob.options.BlockBlobSimpleUploadOptions;
import io.zerofs.storage.object.KeyPrefix;
import io.zerofs.storage.object.ObjectName;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.ObjectStoreException.Refusal;
import io.zerofs.storage.object.ParallelDeletes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Block blobs in a container, below a prefix; each is written by a single Put Blob. Every call is one attempt. ETags are
 * the versions. Deletes go one by one: a batch of Azure is billed like its parts.
 */
public final class AzureObjectStore implements ObjectStore {
    private static final DownloadRetryOptions ONE_ATTEMPT = new DownloadRetryOptions().setMaxRetryRequests(0);

    /** What Azure puts on a page at most. */
    private static final int PAGE_MAX = 5_000;

    private final BlobContainerClient client;
    private final KeyPrefix prefix;
    private final String place;
    private final AzureErrors errors;
    private final ParallelDeletes deletes = new ParallelDeletes("azure-delete", this::deleteOne);
    /** The JDK's client opens as many connections as it is asked for. */
    private final Semaphore requests;

    private final long turnMillis;

    private AzureObjectStore(BlobContainerClient client, AzureSettings settings) {
        this.client = client;
        this.prefix = new KeyPrefix(settings.prefix());
        this.place = "azure://" + settings.container() + (settings.prefix().isEmpty() ? "" : "/" + settings.prefix())
                + " (" + settings.endpoint().map(Object::toString).orElse(settings.accountName()) + ")";
        this.errors = new AzureErrors(place, settings.container());
        this.requests = new Semaphore(settings.connections().requestsMax(), true);
        this.turnMillis = settings.connections().requestTimeout().toMillis();
    }

    /** Prepares a client; the store is not asked anything yet. */
    public static AzureObjectStore open(AzureSettings settings) throws ObjectStoreException {
        return new AzureObjectStore(AzureClients.create(settings), settings);
    }

    @Override
    public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException {
        BlobClient blob = blob(name);
        BlobRequestConditions conditions = new BlobRequestConditions();
        if (condition instanceof IfVersion expected) {
            conditions.setIfMatch(expected.version());
        } else {
            conditions.setIfNoneMatch("*");
        }
        List<ByteBuffer> body = bytes.stream().map(ByteBuffer::duplicate).toList();
        BlockBlobSimpleUploadOptions upload =
                new BlockBlobSimpleUploadOptions(BinaryData.fromListByteBuffer(body)).setRequestConditions(conditions);
        return inTurn("cannot put " + name, true, () -> {
            try {
                blob.getBlockBlobClient().uploadWithResponse(upload, null, Context.NONE);
                return PutOutcome.STORED;
            } catch (BlobStorageException e) {
                if (conditionFailed(e, condition)) {
                    return PutOutcome.REFUSED;
                }
                throw e;
            }
        });
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
        BoundedBody body = new BoundedBody(bytesMax);
        BlobDownloadResponse response = download(name, null, body);
        if (body.isOverrun()) {
            throw new ObjectStoreException(
                    Kind.TOO_LARGE,
                    name + " at " + place + " has more than the " + bytesMax + " bytes that are accepted",
                    null);
        }
        return new StoredObject(body.bytes(), versionOf(response));
    }

    @Override
    public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
        BoundedBody body = new BoundedBody(length);
        BlobDownloadResponse response = download(name, new BlobRange(offset, (long) length), body);
        if (body.isOverrun()) {
            throw new ObjectStoreException(
                    Kind.REFUSED,
                    "cannot get " + name + " at " + place + ": the store does not answer with the range",
                    null);
        }
        ByteBuffer bytes = body.bytes();
        if (bytes.remaining() < length) {
            throw new ObjectStoreException(
                    Kind.TRUNCATED,
                    name + " at " + place + " has " + bytes.remaining() + " of " + length + " bytes at " + offset,
                    null);
        }
        return new StoredObject(bytes, versionOf(response));
    }

    /** Returns null if the body was larger than its bound. */
    private BlobDownloadResponse download(String name, BlobRange range, BoundedBody body) throws ObjectStoreException {
        BlobClient blob = blob(name);
        return inTurn("cannot get " + name, false, () -> {
            try {
                return blob.downloadStreamWithResponse(body, range, ONE_ATTEMPT, null, false, null, Context.NONE);
            } catch (RuntimeException e) {
                if (body.isOverrun()) {
                    return null;
                }
                throw e;
            }
        });
    }

    @Override
    public List<ObjectInfo> list(String namePrefix, String after, int max) throws ObjectStoreException {
        String keyPrefix = prefix.keyPrefixOf(namePrefix);
        ListBlobsOptions options =
                new ListBlobsOptions().setPrefix(keyPrefix).setMaxResultsPerPage(Math.min(PAGE_MAX, max + 1));
        String first = prefix.value() + after;
        if (first.compareTo(keyPrefix) > 0) {
            // Inclusive, and ignored by servers that do not know it: what is not behind is dropped below.
            options.setStartFrom(first);
        }
        List<ObjectInfo> page = new ArrayList<>();
        try {
            inTurn("cannot list " + namePrefix, false, () -> {
                for (PagedResponse<BlobItem> items :
                        client.listBlobs(options, null).iterableByPage()) {
                    for (BlobItem item : items.getValue()) {
                        String name = prefix.nameOf(item.getName());
                        if (name.compareTo(after) > 0 && ObjectName.isName(name)) {
                            page.add(new ObjectInfo(name, item.getProperties().getContentLength()));
                        }
                        if (page.size() == max) {
                            return null;
                        }
                    }
                }
                return null;
            });
        } catch (ObjectStoreException e) {
            throw e.kind() == Kind.NOT_FOUND ? ObjectStoreException.refused(Refusal.BUCKET, e.getMessage(), e) : e;
        }
        return page;
    }

    @Override
    public Map<String, ObjectStoreException> delete(Collection<String> names) {
        return deletes.delete(names);
    }

    @Override
    public String describe() {
        return place;
    }

    /** The SDK's client has nothing to close; its idle connections end by themselves. */
    @Override
    public void close() {
        deletes.close();
    }

    private void deleteOne(String name) throws ObjectStoreException {
        BlobClient blob = blob(name);
        inTurn("cannot delete " + name, false, blob::deleteIfExists);
    }

    private BlobClient blob(String name) {
        return client.getBlobClient(prefix.keyOf(name));
    }

    private interface Request<T> {
        T send();
    }

    private <T> T inTurn(String what, boolean put, Request<T> request) throws ObjectStoreException {
        try {
            if (!requests.tryAcquire(turnMillis, TimeUnit.MILLISECONDS)) {
                throw new ObjectStoreException(
                        Kind.UNAVAILABLE, what + " at " + place + ": too many requests wait", null);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ObjectStoreException(Kind.UNAVAILABLE, what + " at " + place + ": interrupted", e);
        }
        try {
            return request.send();
        } catch (RuntimeException e) {
            throw errors.translate(what, put, e);
        } finally {
            requests.release();
        }
    }

    private static String versionOf(BlobDownloadResponse response) {
        return response.getDeserializedHeaders().getETag();
    }
}
