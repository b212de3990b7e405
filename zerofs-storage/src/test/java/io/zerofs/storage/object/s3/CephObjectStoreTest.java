// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.s3;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.object.ConditionalWriteProbe;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreContract;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.TestServer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;

/** The S3 of Ceph, which is as strict as Amazon's: signatures are checked and conditions are atomic. */
@EnabledIfEnvironmentVariable(
        named = "ZEROFS_TEST_CEPH_ENDPOINT",
        matches = ".+",
        disabledReason = "no Ceph was started for the tests; ci/stores/test does")
class CephObjectStoreTest extends ObjectStoreContract {
    @Override
    protected ObjectStore openEmpty() throws Exception {
        return S3ObjectStore.open(S3Buckets.emptyPlace(TestServer.named("CEPH")));
    }

    @Test
    void conditionsAreHonoured() throws Exception {
        assertEquals(ConditionalWriteProbe.Verdict.HONOURED, ConditionalWriteProbe.probe(store, new Random()));
    }

    @Test
    void aWrongSecretKeyIsRefusedWithASentence() throws Exception {
        TestServer server = TestServer.named("CEPH");
        refused(new TestServer(server.endpoint(), server.key(), "wrong"), S3Buckets.BUCKET, "secret_access_key");
    }

    @Test
    void anUnknownAccessKeyIsRefusedWithASentence() throws Exception {
        TestServer server = TestServer.named("CEPH");
        refused(new TestServer(server.endpoint(), "nobody", server.secret()), S3Buckets.BUCKET, "access_key_id");
    }

    @Test
    void aMissingBucketIsRefusedWithASentence() throws Exception {
        refused(TestServer.named("CEPH"), "no-such-bucket", "the bucket no-such-bucket does not exist");
    }

    private static void refused(TestServer server, String bucket, String sentence) throws Exception {
        try (S3ObjectStore store = S3ObjectStore.open(S3Buckets.settings(server, bucket, "x"))) {
            for (Request<?> request : java.util.List.<Request<?>>of(
                    () -> store.list("", "", 9),
                    () -> store.get("a", 9),
                    () -> store.put("a", java.util.List.of(bytes("x")), IF_ABSENT))) {
                String message = assertFails(Kind.REFUSED, request).getMessage();
                assertTrue(message.contains(sentence), message);
            }
        }
    }
}
