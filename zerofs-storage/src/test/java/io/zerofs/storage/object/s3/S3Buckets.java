// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import io.zerofs.core.secret.Secret;
import io.zerofs.storage.object.ConnectionSettings;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.TestServer;
import io.zerofs.storage.object.Traffic;
import java.util.Optional;
import java.util.UUID;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.model.BucketAlreadyExistsException;
import software.amazon.awssdk.services.s3.model.BucketAlreadyOwnedByYouException;

/** Buckets at a server for tests, and settings to reach them. */
final class S3Buckets {
    static final String BUCKET = "zerofs-contract";

    private S3Buckets() {}

    /** A place of its own in an existing bucket. */
    static S3Settings emptyPlace(TestServer server) throws ObjectStoreException {
        S3Settings settings = settings(server, BUCKET, "test/" + UUID.randomUUID());
        try (S3Client client = S3Clients.create(settings, Traffic.NONE)) {
            client.createBucket(request -> request.bucket(BUCKET));
        } catch (BucketAlreadyOwnedByYouException | BucketAlreadyExistsException e) {
            // by an earlier test
        }
        return settings;
    }

    static S3Settings settings(TestServer server, String bucket, String prefix) {
        return settings(server, bucket, prefix, ConnectionSettings.DEFAULTS);
    }

    static S3Settings settings(TestServer server, String bucket, String prefix, ConnectionSettings connections) {
        return new S3Settings(
                bucket,
                prefix,
                Optional.of(new S3Settings.Keys(server.key(), Secret.of(server.secret()), Optional.empty())),
                Optional.of(server.endpoint()),
                Optional.empty(),
                false,
                false,
                connections);
    }
}
