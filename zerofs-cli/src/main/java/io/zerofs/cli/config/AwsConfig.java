// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.core.secret.Secret;
import java.net.URI;
import java.util.Optional;

/** Credentials and endpoint of S3. Without keys the daemon uses the AWS SDK's default credential chain. */
public record AwsConfig(
        @Setting("Access key; without it the daemon uses the AWS SDK's default credential chain.")
        Optional<String> accessKeyId,

        @Setting("Secret key that belongs to the access key.")
        Optional<Secret> secretAccessKey,

        @Setting("Session token of temporary credentials.") Optional<Secret> sessionToken,

        @Setting("Endpoint of an S3-compatible store, `https://host[:port]`.")
        Optional<URI> endpoint,

        @Setting(
                value =
                        "Region of the bucket; default: `AWS_REGION`, the profile, or the region that the bucket reports.",
                also = "region")
        Optional<String> defaultRegion,

        @Setting(value = "Allow an `http://` endpoint.", byDefault = "false")
        boolean allowHttp,

        @Setting(value = "Put the bucket into the host name instead of the path.", byDefault = "false")
        boolean virtualHostedStyleRequest) {

    public AwsConfig {
        if (accessKeyId.isPresent() != secretAccessKey.isPresent()) {
            throw new IllegalArgumentException("access_key_id and secret_access_key belong together");
        }
        if (sessionToken.isPresent() && accessKeyId.isEmpty()) {
            throw new IllegalArgumentException("session_token needs access_key_id and secret_access_key");
        }
        if (endpoint.isPresent() && endpoint.get().getScheme().equals("http") && !allowHttp) {
            throw new IllegalArgumentException("endpoint is plain http; set allow_http = true if that is meant");
        }
    }
}
