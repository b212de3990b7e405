// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.ObjectStoreException.Refusal;
import java.net.URI;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3Client;

class CredentialSourceTest {
    private boolean works;

    /** A request that never leaves this machine, by a client whose credentials come from a program. */
    private ObjectStoreException failure(CredentialSource source) {
        try (S3Client client = S3Client.builder()
                .credentialsProvider(source)
                .region(Region.US_EAST_1)
                .endpointOverride(URI.create("http://nowhere.invalid"))
                .forcePathStyle(true)
                .build()) {
            SdkException e = assertThrows(
                    SdkException.class,
                    () -> client.getObject(request -> request.bucket("b").key("k")));
            return new S3Errors("s3://b", "b").translate("cannot get k", false, e);
        }
    }

    private CredentialSource program() {
        return new CredentialSource(() -> {
            if (!works) {
                // As the SDK's source for credential_process fails, once it has delivered.
                throw new IllegalStateException("no credentials", new IllegalStateException("exit value 1\n"));
            }
            return AwsBasicCredentials.create("id", "secret");
        });
    }

    @Test
    void credentialsThatNeverCameAreRefused() {
        ObjectStoreException e = failure(program());
        assertEquals(Kind.REFUSED, e.kind());
        assertEquals(Refusal.CREDENTIALS, e.refusal());
        assertTrue(e.getMessage().contains("there are no credentials"), e.getMessage());
    }

    @Test
    void credentialsThatCannotBeRenewedAreWaitedFor() {
        CredentialSource source = program();
        works = true;
        source.resolveCredentials();
        works = false;
        ObjectStoreException e = failure(source);
        assertEquals(Kind.UNAVAILABLE, e.kind());
        assertTrue(e.getMessage().endsWith("the credentials cannot be renewed: exit value 1"), e.getMessage());
    }
}
