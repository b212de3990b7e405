// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.object.CannedServer;
import io.zerofs.storage.object.CannedServer.Answer;
import io.zerofs.storage.object.ConnectionSettings;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.net.URI;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.regions.Region;

class BucketRegionTest {
    private static Region ask(URI endpoint) throws ObjectStoreException {
        return BucketRegion.ask("my-bucket", ConnectionSettings.DEFAULTS, Optional.of(endpoint));
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 301, 400, 403, 404})
    void everyAnswerOfTheBucketHasItsRegion(int status) throws Exception {
        try (CannedServer server = new CannedServer()) {
            server.answer(new Answer(status, Map.of("x-amz-bucket-region", "eu-west-7"), ""));
            assertEquals(Region.of("eu-west-7"), ask(server.endpoint()));
            assertEquals("HEAD", server.received().get(0).method());
            assertEquals("", server.received().get(0).header("Authorization"), "nobody's credentials are needed");
            server.answer(new Answer(status, Map.of(), ""));
            assertEquals(Region.US_EAST_1, ask(server.endpoint()));
        }
    }

    @Test
    void aMissingAnswerDecidesNothing() throws Exception {
        URI nowhere;
        try (CannedServer server = new CannedServer()) {
            nowhere = server.endpoint();
        }
        ObjectStoreException e = assertThrows(ObjectStoreException.class, () -> ask(nowhere));
        assertEquals(Kind.UNAVAILABLE, e.kind());
        assertTrue(e.getMessage().contains("default_region"), e.getMessage());
    }
}
