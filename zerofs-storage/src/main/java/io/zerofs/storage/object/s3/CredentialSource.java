// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentialsProvider;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.utils.SdkAutoCloseable;

/**
 * A source of credentials outside the configuration. The SDK asks it before each request. Some of the SDK's sources fail
 * with exceptions that are not the SDK's; here all failures are {@link Failure}s. Thread-safe.
 */
final class CredentialSource implements AwsCredentialsProvider, SdkAutoCloseable {
    private final AwsCredentialsProvider source;
    private volatile boolean delivered;

    /** @param source closed together with this, if it can be */
    CredentialSource(AwsCredentialsProvider source) {
        this.source = source;
    }

    /** There are no credentials now. */
    static final class Failure extends SdkClientException {
        private final boolean passing;

        private Failure(boolean passing, RuntimeException cause) {
            super(SdkClientException.builder().message(cause.getMessage()).cause(cause));
            this.passing = passing;
        }

        /** Returns whether the source had credentials before: then it fails now and may recover soon. */
        boolean isPassing() {
            return passing;
        }
    }

    @Override
    public AwsCredentials resolveCredentials() {
        try {
            AwsCredentials credentials = source.resolveCredentials();
            delivered = true;
            return credentials;
        } catch (RuntimeException e) {
            throw new Failure(delivered, e);
        }
    }

    @Override
    public void close() {
        if (source instanceof SdkAutoCloseable closeable) {
            closeable.close();
        }
    }
}
