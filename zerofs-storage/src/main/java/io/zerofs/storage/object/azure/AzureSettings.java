// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.azure;

import io.zerofs.core.secret.Secret;
import io.zerofs.storage.object.ConnectionSettings;
import java.net.URI;
import java.util.Optional;

/**
 * The container and the settings of its connection.
 *
 * @param prefix of all names, without slashes at its ends; empty for the whole container
 * @param accountKey without it the SDK's default chain: environment, workload identity, managed identity, Azure CLI
 * @param endpoint of the account; default {@code https://ACCOUNT.blob.core.windows.net}
 */
public record AzureSettings(
        String container,
        String prefix,
        String accountName,
        Optional<Secret> accountKey,
        Optional<URI> endpoint,
        ConnectionSettings connections) {}
