// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import io.zerofs.storage.object.KeyPrefix;
import io.zerofs.storage.object.ObjectName;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.ObjectStoreException.Refusal;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.core.sync.ResponseTransformer;
import software.amazon.awssdk.http.AbortableInputStream;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.GetObjectRequest;
import software.amazon.awssdk.services.s3.model.GetObjectResponse;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Request;
import software.amazon.awssdk.services.s3.model.ListObjectsV2Response;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.S3Exception;
import software.amazon.awssdk.services.s3.model.S3Object;

/**
 * Objects in a bucket, below a prefix. Every call is one attempt. ETags are the versions: equal bytes have equal ones,
 * which is as good, since a replacement by the same bytes replaces nothing.
 */
public final class S3ObjectStore implements ObjectStore {
    private static final Logger log = LoggerFactory.getLogger(S3ObjectStore.class);

    private static final String BODY_TYPE = "application/octet-stream";

    /** What S3 puts on a page at most. */
    private static final int PAGE_MAX = 1_000;

    private final S3Client client;
    private final String bucket;
    private final KeyPrefix prefix;
    private final String place;
    private final S3Errors errors;
    private final S3Deletes deletes;
    private final boolean onlyWriter;
    private volatile boolean conditional = true;

    private S3ObjectStore(S3Client client, S3Settings settings) {
        this.client = client;
        this.bucket = settings.bucket();
        this.prefix = new KeyPrefix(settings.prefix());
        this.place = "s3://" + bucket + (settings.prefix().isEmpty() ? "" : "/" + settings.prefix())
                + settings.endpoint().map(endpoint -> " (" + endpoint + ")").orElse("");
        this.errors = new S3Errors(place, bucket);
        this.onlyWriter = settings.onlyWriter();
        this.deletes = new S3Deletes(client, bucket, prefix, errors);
    }

    /** Prepares a client; the store is not asked anything yet. */
    public static S3ObjectStore open(S3Settings settings) throws ObjectStoreException {
        return new S3ObjectStore(S3Clients.create(settings), settings);
    }

    @Override
    public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition) throws ObjectStoreException {
        if (conditional) {
            try {
                return send(name, bytes, Optional.of(condition));
            } catch (ObjectStoreException e) {
                if (!onlyWriter || e.refusal() != Refusal.CONDITIONS) {
                    throw e;
                }
                log.warn(
                        "{} has no conditional writes: from now on nothing but the operator's care prevents that two"
                                + " daemons destroy the volume",
                        place);
                conditional = false;
            }
        }
        return holds(name, condition) ? send(name, bytes, Optional.empty()) : PutOutcome.REFUSED;
    }

    /** What the store would find out by itself if it knew conditions. */
    private boolean holds(String name, PutCondition condition) throws ObjectStoreException {
        try {
            GetObjectResponse there = find(name, request(name).build(), 0).response();
            return condition instanceof IfVersion expected && expected.version().equals(versionOf(there.eTag()));
        } catch (ObjectStoreException e) {
            if (e.kind() == Kind.NOT_FOUND) {
                return condition instanceof IfAbsent;
            }
            throw e;
        }
    }

    private PutOutcome send(String name, List<ByteBuffer> bytes, Optional<PutCondition> condition)
            throws ObjectStoreException {
        PutObjectRequest.Builder request =
                PutObjectRequest.builder().bucket(bucket).key(prefix.keyOf(name));
        boolean replaces = condition.isPresent() && condition.get() instanceof IfVersion;
        if (replaces) {
            request.ifMatch(((IfVersion) condition.get()).version());
        } else if (condition.isPresent()) {
            request.ifNoneMatch("*");
        }
        long size = bytes.stream().mapToLong(ByteBuffer::remaining).sum();
        RequestBody body = RequestBody.fromContentProvider(() -> new BufferedBody(bytes), size, BODY_TYPE);
        try {
            client.putObject(request.build(), body);
            return PutOutcome.STORED;
        } catch (S3Exception e) {
            // Without the object S3 answers to If-Match with 404 NoSuchKey, others with 412.
            boolean gone = e.statusCode() == S3Errors.NOT_FOUND
                    && replaces
                    && !S3Errors.codeOf(e).equals("NoSuchBucket");
            if (e.statusCode() == S3Errors.PRECONDITION_FAILED || gone) {
                return PutOutcome.REFUSED;
            }
            throw errors.translate("cannot put " + name, true, e);
        } catch (SdkException e) {
            throw errors.translate("cannot put " + name, true, e);
        }
    }

    /** What a get found: the body, or its size when that was reason not to read it. */
    private record Found(byte[] body, long size, GetObjectResponse response) {}

    @Override
    public StoredObject get(String name, int bytesMax) throws ObjectStoreException {
        Found found = find(name, request(name).build(), bytesMax);
        if (found.body() == null) {
            throw new ObjectStoreException(
                    Kind.TOO_LARGE,
                    name + " at " + place + " has " + found.size() + " bytes, at most " + bytesMax + " are accepted",
                    null);
        }
        return new StoredObject(
                ByteBuffer.wrap(found.body()), versionOf(found.response().eTag()));
    }

    @Override
    public StoredObject getRange(String name, long offset, int length) throws ObjectStoreException {
        String range = "bytes=" + offset + "-" + (offset + length - 1);
        Found found = find(name, request(name).range(range).build(), length);
        boolean ranged = found.response().contentRange() != null;
        if (ranged && found.body() != null && found.body().length == length) {
            return new StoredObject(
                    ByteBuffer.wrap(found.body()), versionOf(found.response().eTag()));
        }
        if (ranged && found.size() < length) {
            throw new ObjectStoreException(
                    Kind.TRUNCATED,
                    name + " at " + place + " has " + found.size() + " of " + length + " bytes at " + offset,
                    null);
        }
        throw new ObjectStoreException(
                Kind.REFUSED,
                "cannot get " + name + " at " + place + ": the store does not answer with the range",
                null);
    }

    @Override
    public List<ObjectInfo> list(String namePrefix, String after, int max) throws ObjectStoreException {
        String keyPrefix = prefix.keyPrefixOf(namePrefix);
        List<ObjectInfo> page = new ArrayList<>();
        String lastKey = after.isEmpty() ? "" : prefix.value() + after;
        while (page.size() < max) {
            int wanted = Math.min(PAGE_MAX, max - page.size());
            ListObjectsV2Request.Builder request = ListObjectsV2Request.builder()
                    .bucket(bucket)
                    .prefix(keyPrefix)
                    .maxKeys(wanted);
            if (!lastKey.isEmpty()) {
                request.startAfter(lastKey);
            }
            ListObjectsV2Response response;
            try {
                response = client.listObjectsV2(request.build());
            } catch (SdkException e) {
                throw listFailure(namePrefix, e);
            }
            for (S3Object object : response.contents()) {
                lastKey = object.key();
                String name = prefix.nameOf(lastKey);
                if (ObjectName.isName(name)) {
                    page.add(new ObjectInfo(name, object.size()));
                }
            }
            if (!Boolean.TRUE.equals(response.isTruncated())
                    || response.contents().isEmpty()) {
                break;
            }
        }
        return page;
    }

    @Override
    public Map<String, ObjectStoreException> delete(Collection<String> names) throws ObjectStoreException {
        return deletes.delete(names);
    }

    @Override
    public String describe() {
        return place;
    }

    @Override
    public void close() {
        deletes.close();
        client.close();
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

    private static Found read(GetObjectResponse response, AbortableInputStream body, int bytesMax) throws Exception {
        long size = response.contentLength();
        if (size > bytesMax) {
            body.abort();
            return new Found(null, size, response);
        }
        byte[] bytes = new byte[(int) size];
        int read = body.readNBytes(bytes, 0, bytes.length);
        if (read < size) {
            throw new java.io.EOFException("the body ends after " + read + " of " + size + " bytes");
        }
        return new Found(bytes, size, response);
    }

    /** A list of a bucket that does not exist has other codes at other stores, but a list never misses an object. */
    private ObjectStoreException listFailure(String namePrefix, SdkException e) {
        ObjectStoreException failure = errors.translate("cannot list " + namePrefix, false, e);
        return failure.kind() == Kind.NOT_FOUND
                ? ObjectStoreException.refused(Refusal.BUCKET, failure.getMessage(), e)
                : failure;
    }

    /** Ceph compares If-Match with the ETag without its quotes; Amazon accepts both. */
    private static String versionOf(String eTag) {
        return eTag.startsWith("\"") && eTag.endsWith("\"") ? eTag.substring(1, eTag.length() - 1) : eTag;
    }
}
