// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import io.zerofs.storage.object.NetworkFaultsContract;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.TestServer;
import java.net.URI;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

@EnabledIfEnvironmentVariable(
        named = "ZEROFS_TEST_CEPH_PROXY",
        matches = ".+",
        disabledReason = "no proxy was started for the tests; ci/stores/test does")
class CephNetworkFaultsTest extends NetworkFaultsContract {
    @Override
    protected URI proxy() {
        return TestServer.proxyAdmin("CEPH");
    }

    @Override
    protected ObjectStore openAdapter() throws Exception {
        S3Settings place = S3Buckets.emptyPlace(TestServer.named("CEPH"));
        return S3ObjectStore.open(S3Buckets.settings(
                TestServer.named("CEPH").behindProxy("CEPH"), place.bucket(), place.prefix(), CONNECTIONS));
    }
}
