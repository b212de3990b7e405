// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.core.secret.Secret;
import java.net.URI;
import java.util.Optional;

/** How to speak to Azure Blob Storage. */
public record AzureConfig(
        @Setting("Name of the storage account.") String storageAccountName,

        @Setting("Key of the account; without it the environment's default credentials are used.")
        Optional<Secret> storageAccountKey,

        @Setting("Endpoint, if it is not the public one of the account.")
        Optional<URI> endpoint) {}
