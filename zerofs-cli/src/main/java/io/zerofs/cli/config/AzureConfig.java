// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.core.secret.Secret;
import java.net.URI;
import java.util.Optional;

/** Credentials and endpoint of Azure Blob Storage. */
public record AzureConfig(
        @Setting("Name of the storage account.") String storageAccountName,

        @Setting("Key of the account; without it the daemon uses the environment's default credentials.")
        Optional<Secret> storageAccountKey,

        @Setting("Endpoint; default: the public endpoint of the account.")
        Optional<URI> endpoint) {}
