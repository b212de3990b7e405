// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import io.zerofs.storage.object.Capability;
import io.zerofs.storage.object.KeyPrefix;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.ParallelDeletes;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.DeleteObjectsResponse;
import software.amazon.awssdk.services.s3.model.ObjectIdentifier;
import software.amazon.awssdk.services.s3.model.S3Error;
import software.amazon.awssdk.services.s3.model.S3Exception;

/** Deletes in batches, or one by one if the store has no batch requests. Thread-safe. */
final class S3Deletes implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(S3Deletes.class);

    /** Maximum number of names that S3 accepts in one request. */
    private static final int BATCH_MAX = 1_000;

    /** Status codes of a store without batch deletes. */
    private static final Set<Integer> NO_BATCHES = Set.of(S3Errors.BAD_REQUEST, 405, 411, S3Errors.NOT_IMPLEMENTED);

    private final S3Client client;
    private final String bucket;
    private final KeyPrefix prefix;
    private final S3Errors errors;
    private final ParallelDeletes singly = new ParallelDeletes("s3-delete", this::deleteOne);
    private final S3Answers answers;
    private final Capability batches = new Capability();

    S3Deletes(S3Client client, String bucket, KeyPrefix prefix, S3Errors errors, S3Answers answers) {
        this.client = client;
        this.bucket = bucket;
        this.prefix = prefix;
        this.errors = errors;
        this.answers = answers;
    }

    Map<String, ObjectStoreException> delete(Collection<String> names) throws ObjectStoreException {
        Map<String, String> keys = new HashMap<>();
        names.forEach(name -> keys.put(prefix.keyOf(name), name));
        if (keys.size() <= 1 || !batches.isUsed()) {
            return singly.delete(names);
        }
        Map<String, ObjectStoreException> failed = new HashMap<>();
        List<String> all = new ArrayList<>(keys.keySet());
        for (int from = 0; from < all.size(); from += BATCH_MAX) {
            List<String> batch = all.subList(from, Math.min(all.size(), from + BATCH_MAX));
            try {
                failed.putAll(deleteBatch(batch, keys));
            } catch (S3Exception e) {
                ObjectStoreException failure = errors.translate("cannot delete " + batch.size() + " objects", false, e);
                if (!NO_BATCHES.contains(e.statusCode()) || failure.kind() != Kind.REFUSED) {
                    throw failure;
                }
                if (batches.refused()) {
                    log.info("the bucket {} takes no batch deletes, deleting one by one: {}", bucket, e.getMessage());
                }
                failed.putAll(singly.delete(
                        all.subList(from, all.size()).stream().map(keys::get).toList()));
                return failed;
            } catch (SdkException e) {
                throw errors.translate("cannot delete " + batch.size() + " objects", false, e);
            }
        }
        return failed;
    }

    /** Deletes a batch. The answer names each deleted object; the missing ones are deleted with single requests. */
    private Map<String, ObjectStoreException> deleteBatch(List<String> batch, Map<String, String> keys) {
        List<ObjectIdentifier> identifiers = batch.stream()
                .map(key -> ObjectIdentifier.builder().key(key).build())
                .toList();
        DeleteObjectsResponse response =
                client.deleteObjects(request -> request.bucket(bucket).delete(delete -> delete.objects(identifiers)));
        Set<String> unanswered = new LinkedHashSet<>(batch);
        response.deleted().forEach(deleted -> unanswered.remove(deleted.key()));
        Map<String, ObjectStoreException> failed = new HashMap<>();
        for (S3Error error : response.errors()) {
            if (unanswered.remove(error.key()) && !"NoSuchKey".equals(error.code())) {
                String name = keys.get(error.key());
                failed.put(name, failureOf(name, error));
            }
        }
        failed.putAll(singly.delete(unanswered.stream().map(keys::get).toList()));
        return failed;
    }

    /** Translates the error of one object in a batch. It has a code but no status: only AccessDenied is final. */
    private ObjectStoreException failureOf(String name, S3Error error) {
        int status = "AccessDenied".equals(error.code()) ? S3Errors.FORBIDDEN : S3Errors.SERVICE_UNAVAILABLE;
        AwsErrorDetails details = AwsErrorDetails.builder()
                .errorCode(error.code())
                .errorMessage(error.message())
                .build();
        S3Exception e = (S3Exception) S3Exception.builder()
                .statusCode(status)
                .awsErrorDetails(details)
                .build();
        return errors.translate("cannot delete " + name, false, e);
    }

    private void deleteOne(String name) throws ObjectStoreException {
        try {
            answers.requireDeleted(
                    "cannot delete " + name,
                    client.deleteObject(request -> request.bucket(bucket).key(prefix.keyOf(name))));
        } catch (SdkException e) {
            ObjectStoreException failure = errors.translate("cannot delete " + name, false, e);
            if (failure.kind() != Kind.NOT_FOUND) {
                throw failure;
            }
        }
    }

    @Override
    public void close() {
        singly.close();
    }
}
