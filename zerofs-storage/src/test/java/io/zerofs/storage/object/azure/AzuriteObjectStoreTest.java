// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.azure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.object.ConditionalWriteProbe;
import io.zerofs.storage.object.ConnectionSettings;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreContract;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.TestServer;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** Azure's own emulator. */
@EnabledIfEnvironmentVariable(
        named = "ZEROFS_TEST_AZURITE_ENDPOINT",
        matches = ".+",
        disabledReason = "no Azurite was started for the tests; ci/stores/test does")
class AzuriteObjectStoreTest extends ObjectStoreContract {
    @Override
    protected ObjectStore openEmpty() throws Exception {
        return AzureObjectStore.open(
                AzureContainers.emptyPlace(TestServer.named("AZURITE"), ConnectionSettings.DEFAULTS));
    }

    @Test
    void conditionsAreHonoured() throws Exception {
        assertEquals(ConditionalWriteProbe.Verdict.HONOURED, ConditionalWriteProbe.probe(store, new Random()));
    }

    @Test
    void aWrongKeyIsRefusedWithASentence() throws Exception {
        TestServer server = TestServer.named("AZURITE");
        String wrong = Base64.getEncoder().encodeToString(new byte[64]);
        refused(
                new TestServer(server.endpoint(), server.key(), wrong),
                AzureContainers.CONTAINER,
                "storage_account_key");
    }

    @Test
    void aMissingContainerIsRefusedWithASentence() throws Exception {
        refused(TestServer.named("AZURITE"), "no-such-container", "the container no-such-container does not exist");
    }

    private static void refused(TestServer server, String container, String sentence) throws Exception {
        try (AzureObjectStore store =
                AzureObjectStore.open(AzureContainers.settings(server, container, "x", ConnectionSettings.DEFAULTS))) {
            for (Request<?> request : List.<Request<?>>of(
                    () -> store.list("", "", 9),
                    () -> store.get("a", 9),
                    () -> store.put("a", List.of(bytes("x")), IF_ABSENT))) {
                String message = assertFails(Kind.REFUSED, request).getMessage();
                assertTrue(message.contains(sentence), message);
            }
        }
    }
}
