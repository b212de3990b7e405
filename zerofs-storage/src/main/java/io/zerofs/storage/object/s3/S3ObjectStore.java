// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import io.zerofs.storage.object.KeyPrefix;
import io.zerofs.storage.object.ListedObjects;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.ObjectStoreException.Refusal;
import io.zerofs.storage.object.Traffic;
import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.ResponseTransformer;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * Objects in a bucket, below a prefix. Every call is one attempt. ETags are the versions. Equal bytes may have equal
 * ETags, which is no problem: a replacement by the same bytes changes nothing.
 */
public final class S3ObjectStore implements ObjectStore {
    /** Maximum number of entries on a list page of S3. */
    private static final int PAGE_MAX = 1_000;

    private final S3Client client;
    private final String bucket;
    private final KeyPrefix prefix;
    private final String place;
    private final S3Errors errors;
    private final S3Deletes deletes;
    private final S3Puts puts;
    private final S3Answers answers;
    private final Traffic traffic;

    private S3ObjectStore(S3Client client, S3Settings settings, Traffic traffic) {
        this.client = client;
        this.bucket = settings.bucket();
        this.prefix = new KeyPrefix(settings.prefix());
        this.place = "s3://" + bucket + (settings.prefix().isEmpty() ? "" : "/" + settings.prefix())
                + settings.endpoint().map(endpoint -> " (" + endpoint + ")").orElse("");
        this.errors = new S3Errors(place, bucket);
        this.answers = new S3Answers(errors);
        this.traffic = traffic;
        this.puts = new S3Puts(client, settings, errors);
        this.deletes = new S3Deletes(client, bucket, prefix, errors, answers);
    }

    /** Prepares a client without a request to the store. */
    public static S3ObjectStore open(S3Settings settings) throws ObjectStoreException {
        Traffic traffic = Traffic.watched(settings.connections());
        try {
            return new S3ObjectStore(S3Clients.create(settings, traffic), settings, traffic);
        } catch (ObjectStoreException e) {
            traffic.close();
            throw e;
        }
    }

    @Override
    public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException {
        return puts.put(name, bytes, condition, this::currentVersion);
    }

    private String currentVersion(String name) throws ObjectStoreException {
        Found found = find(name, request(name).build(), 0);
        answers.requireObject("cannot look at " + name, found.response());
        return versionOf(found.response().eTag());
    }

    /** The answer to a GET. It has no body if the body is too large. */
    private record Found(Optional<byte[]> body, GetObjectResponse response) {
        long received() {
            return body.map(bytes -> (long) bytes.length).orElse(-1L);
        }
    }

    @Override
    public StoredObject get(String name, int bytesMax) throws ObjectStoreException {
        Found found = find(name, request(name).build(), bytesMax);
        answers.requireObject("cannot get " + name, found.response());
        if (found.body().isEmpty()) {
            throw errors.failure(
                    Kind.TOO_LARGE,
                    "cannot get " + name,
                    "it has more than the " + bytesMax + " bytes that are accepted");
        }
        return stored(found);
    }

    @Override
    public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
        String range = "bytes=" + offset + "-" + (offset + length - 1);
        Found found = find(name, request(name).range(range).build(), length);
        answers.requireRange("cannot get " + name, found.response(), offset, length, found.received());
        return stored(found);
    }

    private static StoredObject stored(Found found) {
        return new StoredObject(
                ByteBuffer.wrap(found.body().orElseThrow()),
                versionOf(found.response().eTag()));
    }

    @Override
    public List<ObjectInfo> list(String namePrefix, String after, int max) throws ObjectStoreException {
        ListedObjects listed =
                new ListedObjects("cannot list " + namePrefix + " at " + place, prefix, namePrefix, after, max);
        ListObjectsV2Request.Builder request =
                ListObjectsV2Request.builder().bucket(bucket).prefix(prefix.keyPrefixOf(namePrefix));
        if (!after.isEmpty()) {
            request.startAfter(prefix.value() + after);
        }
        String last = "";
        boolean goesOn = max > 0;
        while (goesOn) {
            request.maxKeys(Math.min(PAGE_MAX, listed.missing()));
            ListObjectsV2Response response = page(namePrefix, request.build());
            if (response.isTruncated() == null
                    || response.prefix() != null && !response.prefix().equals(prefix.keyPrefixOf(namePrefix))) {
                throw listed.odd("it is not of this prefix (" + S3Answers.describe(response.sdkHttpResponse()) + ")");
            }
            for (S3Object object : response.contents()) {
                listed.add(object.key(), object.size());
            }
            goesOn = response.isTruncated() && !listed.isFull();
            if (goesOn) {
                String next = goOn(request, response);
                if (next == null || next.equals(last)) {
                    throw listed.odd("it continues but does not say where");
                }
                last = next;
            }
        }
        return listed.page();
    }

    /** Continues the request after a page: after its last key, or at its token if the page is empty. Null if it has neither. */
    private static String goOn(ListObjectsV2Request.Builder request, ListObjectsV2Response page) {
        if (page.contents().isEmpty()) {
            request.continuationToken(page.nextContinuationToken());
            return page.nextContinuationToken();
        }
        String lastKey = page.contents().get(page.contents().size() - 1).key();
        request.continuationToken(null).startAfter(lastKey);
        return lastKey;
    }

    private ListObjectsV2Response page(String namePrefix, ListObjectsV2Request request) throws ObjectStoreException {
        try {
            return client.listObjectsV2(request);
        } catch (SdkException e) {
            throw listFailure(namePrefix, e);
        }
    }

    @Override
    public Map<String, ObjectStoreException> delete(Collection<String> names) throws ObjectStoreException {
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

    @Override
    public void close() {
        deletes.close();
        client.close();
        traffic.close();
    }

    private GetObjectRequest.Builder request(String name) {
        return GetObjectRequest.builder().bucket(bucket).key(prefix.keyOf(name));
    }

    private Found find(String name, GetObjectRequest request, int bytesMax) throws ObjectStoreException {
        ResponseTransformer<GetObjectResponse, Found> reader = (response, body) -> read(response, body, bytesMax);
        try {
            return client.getObject(request, reader);
        } catch (SdkException e) {
            throw errors.translate("cannot get " + name, false, e);
        }
    }

    /** Reads the body into an array of its length, if the answer has a length. An answer in chunks has none. */
    private static Found read(GetObjectResponse response, AbortableInputStream body, int bytesMax) throws Exception {
        Long size = response.contentLength();
        if (size != null && size <= bytesMax) {
            byte[] bytes = new byte[size.intValue()];
            int length = body.readNBytes(bytes, 0, bytes.length);
            if (length < size) {
                throw new java.io.EOFException("the body ends after " + length + " of " + size + " bytes");
            }
            return new Found(Optional.of(bytes), response);
        }
        byte[] bytes = size == null ? body.readNBytes((int) Math.min(bytesMax + 1L, Integer.MAX_VALUE)) : null;
        if (bytes == null || bytes.length > bytesMax) {
            body.abort();
            return new Found(Optional.empty(), response);
        }
        return new Found(Optional.of(bytes), response);
    }

    /** Translates a failed list. Stores use various codes for a missing bucket; a list never misses an object. */
    private ObjectStoreException listFailure(String namePrefix, SdkException e) {
        ObjectStoreException failure = errors.translate("cannot list " + namePrefix, false, e);
        return failure.kind() == Kind.NOT_FOUND
                ? ObjectStoreException.refused(Refusal.BUCKET, failure.getMessage(), e)
                : failure;
    }

    /** Returns the version; empty without an ETag. Ceph needs the ETag in If-Match without quotes; Amazon accepts both. */
    static String versionOf(String eTag) {
        if (eTag == null) {
            return "";
        }
        boolean quoted = eTag.length() > 1 && eTag.startsWith("\"") && eTag.endsWith("\"");
        return quoted ? eTag.substring(1, eTag.length() - 1) : eTag;
    }
}
