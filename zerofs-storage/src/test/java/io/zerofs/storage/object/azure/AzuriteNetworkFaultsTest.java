// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.azure;

import io.zerofs.storage.object.NetworkFaultsContract;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.TestServer;
import java.net.URI;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

@EnabledIfEnvironmentVariable(
        named = "ZEROFS_TEST_AZURITE_PROXY",
        matches = ".+",
        disabledReason = "no proxy was started for the tests; ci/stores/test does")
class AzuriteNetworkFaultsTest extends NetworkFaultsContract {
    @Override
    protected URI proxy() {
        return TestServer.proxyAdmin("AZURITE");
    }

    @Override
    protected ObjectStore openAdapter() throws Exception {
        return AzureObjectStore.open(
                AzureContainers.emptyPlace(TestServer.named("AZURITE").behindProxy("AZURITE"), CONNECTIONS));
    }
}
