// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.azure;

import com.azure.core.http.HttpClient;
import com.azure.core.http.jdk.httpclient.JdkHttpClientBuilder;
import com.azure.identity.DefaultAzureCredentialBuilder;
import com.azure.storage.blob.BlobContainerClient;
import com.azure.storage.blob.BlobContainerClientBuilder;
import com.azure.storage.common.StorageSharedKeyCredential;
import com.azure.storage.common.policy.RequestRetryOptions;
import com.azure.storage.common.policy.RetryPolicyType;
import io.zerofs.storage.object.ConnectionSettings;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.ObjectStoreException.Refusal;
import java.net.URI;
import java.time.Duration;
import java.util.Base64;

/** Builds the client of a container: one attempt per request, explicit timeouts, HTTP/1.1. */
final class AzureClients {
    private static final Duration NO_DELAY = Duration.ofMillis(1);

    private AzureClients() {}

    static BlobContainerClient create(AzureSettings settings) throws ObjectStoreException {
        ConnectionSettings connections = settings.connections();
        // Traffic ends silent attempts, because the client's own deadline includes the time of the body.
        // Azure does not speak HTTP/2, and offering it costs a header in each request to a plain http endpoint.
        HttpClient http = new JdkHttpClientBuilder(
                        java.net.http.HttpClient.newBuilder().version(java.net.http.HttpClient.Version.HTTP_1_1))
                .connectionTimeout(connections.connectTimeout())
                .responseTimeout(Duration.ZERO)
                .readTimeout(Duration.ZERO)
                .writeTimeout(Duration.ZERO)
                .build();
        BlobContainerClientBuilder builder = new BlobContainerClientBuilder()
                .addPolicy(new OptionalLength())
                .httpClient(http)
                .endpoint(settings.endpoint()
                        .map(URI::toString)
                        .orElse("https://" + settings.accountName() + ".blob.core.windows.net"))
                .containerName(settings.container())
                .retryOptions(
                        new RequestRetryOptions(RetryPolicyType.FIXED, 1, (Duration) null, NO_DELAY, NO_DELAY, null));
        if (settings.accountKey().isPresent()) {
            builder.credential(new StorageSharedKeyCredential(settings.accountName(), keyOf(settings)));
        } else {
            builder.credential(
                    new DefaultAzureCredentialBuilder().httpClient(http).build());
        }
        try {
            return builder.buildClient();
        } catch (IllegalArgumentException e) {
            throw new ObjectStoreException(Kind.REFUSED, "the [azure] settings are not usable: " + e.getMessage(), e);
        }
    }

    private static String keyOf(AzureSettings settings) throws ObjectStoreException {
        String key = settings.accountKey().orElseThrow().reveal();
        try {
            Base64.getDecoder().decode(key);
            return key;
        } catch (IllegalArgumentException e) {
            // Without the cause, because its text quotes a character of the key.
            throw ObjectStoreException.refused(
                    Refusal.CREDENTIALS,
                    "storage_account_key in [azure] is not in Base64, as keys of accounts are",
                    null);
        }
    }
}
