// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import io.zerofs.core.secret.Secret;
import io.zerofs.storage.object.ConnectionSettings;
import java.net.URI;
import java.util.Optional;

/**
 * Which bucket, and how to reach it.
 *
 * @param prefix of all names, without slashes at its ends; empty for the whole bucket
 * @param keys without them the SDK's default chain: environment, web identity, profile, container, instance
 * @param endpoint of a store other than Amazon's
 * @param region without it what {@link BucketRegion} finds, and with an endpoint {@value #REGION_OF_ENDPOINTS}
 * @param virtualHostedStyle the bucket in the host name also at an endpoint; Amazon itself is always asked that way
 * @param onlyWriter nobody else writes: where the store does not know conditions, the client looks before it puts
 */
public record S3Settings(
        String bucket,
        String prefix,
        Optional<Keys> keys,
        Optional<URI> endpoint,
        Optional<String> region,
        boolean virtualHostedStyle,
        boolean onlyWriter,
        ConnectionSettings connections) {
    /** Stores that have no regions sign with this one. */
    static final String REGION_OF_ENDPOINTS = "us-east-1";

    /** An access key with its secret, and the token that temporary ones have. */
    public record Keys(String accessKeyId, Secret secretAccessKey, Optional<Secret> sessionToken) {}
}
