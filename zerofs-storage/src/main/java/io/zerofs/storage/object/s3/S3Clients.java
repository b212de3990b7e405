// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import io.zerofs.storage.object.ConnectionSettings;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Refusal;
import io.zerofs.storage.object.Traffic;
import java.time.Duration;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.awscore.retry.AwsRetryStrategy;
import software.amazon.awssdk.core.checksums.RequestChecksumCalculation;
import software.amazon.awssdk.core.checksums.ResponseChecksumValidation;
import software.amazon.awssdk.http.apache5.Apache5HttpClient;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.LegacyMd5Plugin;
import software.amazon.awssdk.services.s3.S3Client;
import software.amazon.awssdk.services.s3.S3ClientBuilder;

/** Builds a client that works with all S3-compatible stores. */
final class S3Clients {
    /** Idle time after which we close a connection, before the store does: Amazon closes after about 20 seconds. */
    private static final Duration IDLE_MAX = Duration.ofSeconds(15);

    /** Disables the SDK's time-outs: {@link Traffic} ends silent attempts, because it knows all other attempts. */
    private static final Duration NEVER = Duration.ofDays(1);

    private S3Clients() {}

    /**
     * Builds the client. It sends plain bodies, without {@code aws-chunked} and the trailing checksums that many stores
     * refuse. Deletes have an MD5, which all stores know. TLS or the signature protects the body in transit, and our
     * objects authenticate themselves. {@link io.zerofs.storage.object.RetryingObjectStore} repeats requests.
     */
    static S3Client create(S3Settings settings, Traffic traffic) throws ObjectStoreException {
        ConnectionSettings connections = settings.connections();
        S3ClientBuilder builder = S3Client.builder()
                .httpClient(new WatchedHttpClient(
                        Apache5HttpClient.builder()
                                .maxConnections(connections.requestsMax())
                                .connectionTimeout(connections.connectTimeout())
                                .connectionMaxIdleTime(IDLE_MAX)
                                .socketTimeout(NEVER)
                                .expectContinueEnabled(false)
                                .tcpKeepAlive(true)
                                .build(),
                        traffic))
                .region(regionOf(settings))
                .credentialsProvider(credentialsOf(settings))
                .requestChecksumCalculation(RequestChecksumCalculation.WHEN_REQUIRED)
                .responseChecksumValidation(ResponseChecksumValidation.WHEN_REQUIRED)
                .addPlugin(LegacyMd5Plugin.create())
                .serviceConfiguration(service -> service.chunkedEncodingEnabled(false))
                .overrideConfiguration(override -> override.retryStrategy(AwsRetryStrategy.doNotRetry()));
        settings.endpoint()
                .ifPresent(
                        endpoint -> builder.endpointOverride(endpoint).forcePathStyle(!settings.virtualHostedStyle()));
        try {
            return builder.build();
        } catch (RuntimeException e) {
            throw ObjectStoreException.refused(
                    Refusal.OTHER,
                    "no client for " + settings.bucket()
                            + " can be made of [aws], the environment and the profile files of the AWS tools: "
                            + e.getMessage(),
                    e);
        }
    }

    private static AwsCredentialsProvider credentialsOf(S3Settings settings) {
        if (settings.keys().isEmpty()) {
            return new CredentialSource(DefaultCredentialsProvider.builder().build());
        }
        S3Settings.Keys keys = settings.keys().get();
        String secret = keys.secretAccessKey().reveal();
        return StaticCredentialsProvider.create(
                keys.sessionToken().isPresent()
                        ? AwsSessionCredentials.create(
                                keys.accessKeyId(),
                                secret,
                                keys.sessionToken().get().reveal())
                        : AwsBasicCredentials.create(keys.accessKeyId(), secret));
    }

    private static Region regionOf(S3Settings settings) throws ObjectStoreException {
        if (settings.region().isPresent()) {
            return Region.of(settings.region().get());
        }
        if (settings.endpoint().isPresent()) {
            return Region.of(S3Settings.REGION_OF_ENDPOINTS);
        }
        return BucketRegion.find(settings);
    }
}
