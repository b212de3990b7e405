// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.azure;

import io.zerofs.core.secret.Secret;
import io.zerofs.storage.object.ConnectionSettings;
import java.net.URI;
import java.util.Optional;

/**
 * Which container, and how to reach it.
 *
 * @param prefix of all names, without slashes at its ends; empty for the whole container
 * @param accountKey without it the SDK's default chain: environment, workload identity, managed identity, Azure CLI
 * @param endpoint of the account, if it is not {@code https://ACCOUNT.blob.core.windows.net}
 */
public record AzureSettings(
        String container,
        String prefix,
        String accountName,
        Optional<Secret> accountKey,
        Optional<URI> endpoint,
        ConnectionSettings connections) {}
