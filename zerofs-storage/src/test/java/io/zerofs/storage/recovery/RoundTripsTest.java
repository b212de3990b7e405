// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.object.ForwardingObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/** An opening waits for few requests one after the other: each costs a round trip. */
class RoundTripsTest {
    @AutoClose
    private final LifecycleFixture fixture = new LifecycleFixture();

    private static boolean await(CountDownLatch other) {
        try {
            return other.await(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void theManifestsAreListedWhileTheVolumeObjectIsRead() throws Exception {
        fixture.process().open().write(0, "a").barrier().shutDown();
        CountDownLatch listed = new CountDownLatch(1);
        AtomicBoolean together = new AtomicBoolean();
        ObjectStore store = new ForwardingObjectStore(fixture.bucket) {
            @Override
            public List<ObjectInfo> list(String prefix, String after, int max) throws ObjectStoreException {
                if (prefix.equals(Manifest.PREFIX)) {
                    listed.countDown();
                }
                return super.list(prefix, after, max);
            }

            @Override
            public StoredObject get(String name, int bytesMax) throws ObjectStoreException {
                if (name.equals(VolumeObject.NAME)) {
                    together.set(await(listed));
                }
                return super.get(name, bytesMax);
            }
        };

        assertEquals("a", fixture.process(fixture.newDirectory(), store).open().read(0));

        assertTrue(together.get());
    }

    @Test
    void theStoreIsAskedToRefuseTheClaimWhileTheManifestsAreListed() throws Exception {
        fixture.process().open().write(0, "a").barrier().shutDown();
        CountDownLatch again = new CountDownLatch(2);
        AtomicBoolean asked = new AtomicBoolean();
        AtomicBoolean together = new AtomicBoolean();
        ObjectStore store = new ForwardingObjectStore(fixture.bucket) {
            @Override
            public PutOutcome put(String name, List<ByteBuffer> bytes, PutCondition condition)
                    throws ObjectStoreException {
                PutOutcome outcome = super.put(name, bytes, condition);
                if (name.startsWith(Manifest.PREFIX)) {
                    again.countDown();
                }
                return outcome;
            }

            @Override
            public List<ObjectInfo> list(String prefix, String after, int max) throws ObjectStoreException {
                if (prefix.equals(Manifest.PREFIX) && again.getCount() < 2 && asked.compareAndSet(false, true)) {
                    together.set(await(again));
                }
                return super.list(prefix, after, max);
            }
        };

        assertEquals("a", fixture.process(fixture.newDirectory(), store).open().read(0));

        assertTrue(together.get());
    }

    @Test
    void anEarlyListThatFailedIsRepeated() throws Exception {
        fixture.process().open().write(0, "a").barrier().shutDown();
        AtomicInteger lists = new AtomicInteger();
        ObjectStore store = new ForwardingObjectStore(fixture.bucket) {
            @Override
            public List<ObjectInfo> list(String prefix, String after, int max) throws ObjectStoreException {
                if (prefix.equals(Manifest.PREFIX) && lists.incrementAndGet() == 1) {
                    throw new ObjectStoreException(ObjectStoreException.Kind.UNAVAILABLE, "once", null);
                }
                return super.list(prefix, after, max);
            }
        };

        assertEquals("a", fixture.process(fixture.newDirectory(), store).open().read(0));
    }

    /** While the key is derived, another daemon may publish manifests and delete the one that was read. */
    @Test
    void manifestsThatWereReplacedSinceTheEarlyListAreNotMissed() throws Exception {
        LifecycleFixture.Process other = fixture.process().open().write(0, "a").barrier();
        AtomicBoolean replaced = new AtomicBoolean();
        ObjectStore store = new ForwardingObjectStore(fixture.bucket) {
            @Override
            public StoredObject get(String name, int bytesMax) throws ObjectStoreException {
                StoredObject found = super.get(name, bytesMax);
                if (name.startsWith(Manifest.PREFIX) && replaced.compareAndSet(false, true)) {
                    try {
                        other.checkpoint();
                        other.write(1, "b").barrier().checkpoint();
                        List<String> names = fixture.names(Manifest.PREFIX);
                        fixture.bucket.delete(names.subList(0, names.size() - 1));
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                }
                return found;
            }
        };

        assertEquals(
                List.of("a", "b"),
                fixture.process(fixture.newDirectory(), store).open().readAll(2));

        assertTrue(replaced.get());
    }
}
