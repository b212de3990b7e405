// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.azure;

import io.zerofs.core.secret.Secret;
import io.zerofs.storage.object.ConnectionSettings;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.TestServer;
import java.util.Optional;
import java.util.UUID;

/** Containers at a server for tests, and settings to reach them. */
final class AzureContainers {
    static final String CONTAINER = "zerofs-contract";

    private AzureContainers() {}

    /** A place of its own in an existing container. */
    static AzureSettings emptyPlace(TestServer server, ConnectionSettings connections) throws ObjectStoreException {
        AzureSettings settings = settings(server, CONTAINER, "test/" + UUID.randomUUID(), connections);
        AzureClients.create(settings).createIfNotExists();
        return settings;
    }

    static AzureSettings settings(TestServer server, String container, String prefix, ConnectionSettings connections) {
        return new AzureSettings(
                container,
                prefix,
                server.key(),
                Optional.of(Secret.of(server.secret())),
                Optional.of(server.endpoint()),
                connections);
    }
}
