// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import io.zerofs.storage.object.BodyDigest;
import io.zerofs.storage.object.Capability;
import io.zerofs.storage.object.KeyPrefix;
import io.zerofs.storage.object.ObjectStore.IfAbsent;
import io.zerofs.storage.object.ObjectStore.IfVersion;
import io.zerofs.storage.object.ObjectStore.PutCondition;
import io.zerofs.storage.object.ObjectStore.PutOutcome;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.ObjectStoreException.Refusal;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.core.sync.RequestBody;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.HeadObjectResponse;
import software.amazon.awssdk.services.s3.model.PutObjectRequest;
import software.amazon.awssdk.services.s3.model.PutObjectResponse;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * PUTs, and the proof that the store has the object. Each PUT has the MD5 of its body, because buckets with a default
 * retention require it. An answer of success counts if its ETag is this MD5, which only a store with the body can know.
 * Some stores encrypt before they hash; then this class reads the object's attributes. Thread-safe.
 */
final class S3Puts {
    private static final Logger log = LoggerFactory.getLogger(S3Puts.class);

    private static final String BODY_TYPE = "application/octet-stream";

    /** Number of ETags in a row that are no MD5 but belong to the object, after which such an ETag is enough proof. */
    static final int OPAQUE_SHOWN = 3;

    private final S3Client client;
    private final S3Settings settings;
    private final KeyPrefix prefix;
    private final S3Errors errors;
    private final Capability conditions = new Capability();
    private final AtomicInteger opaqueInARow = new AtomicInteger();

    S3Puts(S3Client client, S3Settings settings, S3Errors errors) {
        this.client = client;
        this.settings = settings;
        this.prefix = new KeyPrefix(settings.prefix());
        this.errors = errors;
    }

    /** Finds the version of an object, or throws NOT_FOUND. */
    interface Look {
        String version(String name) throws ObjectStoreException;
    }

    PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition, Look look) throws ObjectStoreException {
        if (condition instanceof IfVersion expected && expected.version().isEmpty()) {
            throw errors.failure(
                    Kind.REFUSED, "cannot replace " + name, "the store does not report its version (ETag)");
        }
        if (conditions.isUsed()) {
            try {
                return send(name, bytes, Optional.of(condition));
            } catch (ObjectStoreException e) {
                if (!settings.onlyWriter() || e.refusal() != Refusal.CONDITIONS) {
                    throw e;
                }
                if (conditions.refused()) {
                    log.warn(
                            "{} has no conditional writes: make sure that two daemons never run, because they would destroy the"
                                    + " volume",
                            errors.place());
                }
            }
        }
        return holds(name, condition, look) ? send(name, bytes, Optional.empty()) : PutOutcome.REFUSED;
    }

    /** Checks the condition in place of a store without conditional writes. */
    private static boolean holds(String name, PutCondition condition, Look look) throws ObjectStoreException {
        try {
            return look.version(name).equals(condition instanceof IfVersion expected ? expected.version() : null);
        } catch (ObjectStoreException e) {
            if (e.kind() == Kind.NOT_FOUND) {
                return condition instanceof IfAbsent;
            }
            throw e;
        }
    }

    private PutOutcome send(String name, List<ByteBuffer> bytes, Optional<PutCondition> condition)
            throws ObjectStoreException {
        BodyDigest digest = BodyDigest.of(bytes);
        PutObjectRequest.Builder request = PutObjectRequest.builder()
                .bucket(settings.bucket())
                .key(prefix.keyOf(name))
                .contentMD5(digest.base64());
        boolean replaces = condition.isPresent() && condition.get() instanceof IfVersion;
        if (replaces) {
            request.ifMatch(((IfVersion) condition.get()).version());
        } else if (condition.isPresent()) {
            request.ifNoneMatch("*");
        }
        RequestBody body = RequestBody.fromContentProvider(() -> new BufferedBody(bytes), digest.length(), BODY_TYPE);
        String what = "cannot put " + name;
        PutObjectResponse response;
        try {
            response = client.putObject(request.build(), body);
        } catch (S3Exception e) {
            // If the object is missing, S3 answers If-Match with 404 NoSuchKey, other stores with 412.
            boolean gone = e.statusCode() == S3Errors.NOT_FOUND
                    && replaces
                    && !S3Errors.codeOf(e).equals("NoSuchBucket");
            if (S3Errors.isOfTheStore(e) && (e.statusCode() == S3Errors.PRECONDITION_FAILED || gone)) {
                return PutOutcome.REFUSED;
            }
            throw errors.translate(what, true, e);
        } catch (SdkException e) {
            throw errors.translate(what, true, e);
        }
        if (!isProven(name, digest, response)) {
            throw errors.odd(what, true, "the answer does not show that it was stored", response.sdkHttpResponse());
        }
        return PutOutcome.STORED;
    }

    private boolean isProven(String name, BodyDigest digest, PutObjectResponse response) {
        String eTag = S3ObjectStore.versionOf(response.eTag());
        if (digest.hex().equalsIgnoreCase(eTag)) {
            opaqueInARow.set(0);
            return true;
        }
        // A weak ETag (RFC 9110 §8.8.1) or a body: web servers compute ETags of their pages.
        boolean stranger = S3Answers.isPage(response.sdkHttpResponse())
                || S3Answers.hasBody(response.sdkHttpResponse())
                || eTag.startsWith("W/");
        if (!stranger && !eTag.isEmpty() && opaqueInARow.get() >= OPAQUE_SHOWN) {
            return true;
        }
        return isThere(name, digest, stranger ? "" : eTag);
    }

    /** Returns whether the object has the body's length, and the body's MD5 or the acknowledged ETag. */
    private boolean isThere(String name, BodyDigest digest, String acknowledged) {
        HeadObjectResponse found;
        try {
            found = client.headObject(
                    request -> request.bucket(settings.bucket()).key(prefix.keyOf(name)));
        } catch (SdkException e) {
            log.debug("{}: cannot check whether {} was stored: {}", errors.place(), name, e.toString());
            return false;
        }
        String eTag = S3ObjectStore.versionOf(found.eTag());
        boolean isMd5 = digest.hex().equalsIgnoreCase(eTag);
        boolean isOpaque = !isMd5 && !eTag.isEmpty() && eTag.equals(acknowledged);
        boolean isThere = Long.valueOf(digest.length()).equals(found.contentLength()) && (isMd5 || isOpaque);
        if (isThere && isOpaque && opaqueInARow.incrementAndGet() == OPAQUE_SHOWN) {
            log.info(
                    "{}: the store's ETags are no MD5 of the bodies, and are accepted without a check", errors.place());
        }
        return isThere;
    }
}
