// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import io.zerofs.storage.object.Causes;
import io.zerofs.storage.object.ConnectionSettings;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.net.URI;
import java.util.Optional;
import software.amazon.awssdk.auth.credentials.AnonymousCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.regions.providers.AwsProfileRegionProvider;
import software.amazon.awssdk.regions.providers.AwsRegionProvider;
import software.amazon.awssdk.regions.providers.AwsRegionProviderChain;
import software.amazon.awssdk.regions.providers.InstanceProfileRegionProvider;
import software.amazon.awssdk.regions.providers.SystemSettingsRegionProvider;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;
import software.amazon.awssdk.services.s3.model.S3Exception;

/**
 * Finds the region of a bucket if the configuration has none. Environment and profile come first, as for the AWS tools.
 * Then the class asks the bucket: each answer of Amazon has the region, even a refusal. The instance's region comes last.
 */
final class BucketRegion {
    private static final String HEADER = "x-amz-bucket-region";

    private BucketRegion() {}

    static Region find(S3Settings settings) throws ObjectStoreException {
        Optional<Region> set =
                from(new AwsRegionProviderChain(new SystemSettingsRegionProvider(), new AwsProfileRegionProvider()));
        if (set.isPresent()) {
            return set.get();
        }
        try {
            return ask(settings.bucket(), settings.connections(), Optional.empty());
        } catch (ObjectStoreException e) {
            return from(new InstanceProfileRegionProvider()).orElseThrow(() -> e);
        }
    }

    private static Optional<Region> from(AwsRegionProvider provider) {
        try {
            return Optional.ofNullable(provider.getRegion());
        } catch (SdkClientException e) {
            return Optional.empty();
        }
    }

    /**
     * Asks without credentials. A store that does not report a region has none.
     *
     * @param endpoint in place of Amazon's, or of what the environment says
     */
    static Region ask(String bucket, ConnectionSettings connections, Optional<URI> endpoint)
            throws ObjectStoreException {
        S3ClientBuilder builder = S3Client.builder()
                .httpClientBuilder(Apache5HttpClient.builder()
                        .connectionTimeout(connections.connectTimeout())
                        .socketTimeout(connections.silenceMax()))
                .region(Region.US_EAST_1)
                .credentialsProvider(AnonymousCredentialsProvider.create())
                .overrideConfiguration(override ->
                        override.retryStrategy(AwsRetryStrategy.doNotRetry()).apiCallTimeout(connections.silenceMax()));
        endpoint.ifPresent(uri -> builder.endpointOverride(uri).forcePathStyle(true));
        try (S3Client client = builder.build()) {
            String region = client.headBucket(request -> request.bucket(bucket)).bucketRegion();
            return region == null ? Region.US_EAST_1 : Region.of(region);
        } catch (S3Exception e) {
            return S3Errors.headerOf(e, HEADER).map(Region::of).orElse(Region.US_EAST_1);
        } catch (SdkException e) {
            throw new ObjectStoreException(
                    Kind.UNAVAILABLE,
                    "the bucket " + bucket
                            + " cannot be asked for its region, set default_region in [aws]: "
                            + Causes.root(e).getMessage(),
                    e);
        }
    }
}
