// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import io.zerofs.core.secret.Secret;
import io.zerofs.storage.object.ConnectionSettings;
import java.net.URI;
import java.util.Optional;

/**
 * The bucket and the settings of its connection.
 *
 * @param prefix of all names, without slashes at its ends; empty for the whole bucket
 * @param keys without them the SDK's default chain: environment, web identity, profile, container, instance
 * @param endpoint of a store other than Amazon's
 * @param region without it the region that {@link BucketRegion} finds; with an endpoint {@value #REGION_OF_ENDPOINTS}
 * @param virtualHostedStyle whether the bucket is in the host name also at an endpoint; at Amazon it always is
 * @param onlyWriter no other daemon writes: if the store has no conditions, the client checks the name before each PUT
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
    /** Region in the signature of stores without regions. */
    static final String REGION_OF_ENDPOINTS = "us-east-1";

    /** An access key with its secret, and the token of temporary credentials. */
    public record Keys(String accessKeyId, Secret secretAccessKey, Optional<Secret> sessionToken) {}
}
