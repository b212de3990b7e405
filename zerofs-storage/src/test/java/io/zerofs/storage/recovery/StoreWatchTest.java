// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.checkpoint.StoreWatch;
import io.zerofs.storage.checkpoint.TableFiles;
import io.zerofs.storage.checkpoint.TableUpload;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.object.Fault;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Changes of its objects that a running daemon notices, and requests that it avoids. */
class StoreWatchTest {
    private static final int LOOKS = 10;

    @AutoClose
    private final LifecycleFixture fixture = new LifecycleFixture();

    private Process process;
    private StoreWatch watch;

    @BeforeEach
    void open() throws Exception {
        process = fixture.process().open().write(0, "a").barrier();
        VolumeKeys keys = new VolumeKeys(process.store, LifecycleFixture.CHEAP_KDF, new SecureRandom());
        keys.unlockOrCreate(
                        LifecycleFixture.PASSWORD,
                        LifecycleFixture.SETTINGS,
                        new KnownPlaces(process.cacheDirectory),
                        () -> {})
                .close();
        watch = new StoreWatch(process.keeper.chain(), keys::restoreIfGone);
    }

    private void lookOften() throws Exception {
        for (int i = 0; i < LOOKS; i++) {
            watch.look();
        }
    }

    @Test
    void aLookIsOneRequest() throws Exception {
        long before = process.hooks.count();
        lookOften();
        assertEquals(before + LOOKS, process.hooks.count());
    }

    @Test
    void theVolumeObjectIsPutBack() throws Exception {
        byte[] volume = fixture.bytes(VolumeObject.NAME);
        fixture.bucket.delete(List.of(VolumeObject.NAME));

        lookOften();

        assertArrayEquals(volume, fixture.bytes(VolumeObject.NAME));
    }

    @Test
    void anotherObjectInPlaceOfTheVolumeIsLeftAlone() throws Exception {
        fixture.replace(VolumeObject.NAME, new byte[100]);

        lookOften();

        assertArrayEquals(new byte[100], fixture.bytes(VolumeObject.NAME));
    }

    @Test
    void aRunningDaemonLooksByItself() throws Exception {
        process.kill();
        Process watching = fixture.process();
        watching.settings =
                watching.settings.with(watching.settings.checkpoints().withWatchInterval(Duration.ofMillis(2)));
        watching.open();
        CountDownLatch putBack = new CountDownLatch(1);
        watching.hooks.beforeFirst("put " + VolumeObject.NAME, putBack::countDown);

        fixture.bucket.delete(List.of(VolumeObject.NAME));

        assertTrue(putBack.await(30, TimeUnit.SECONDS));
    }

    @Test
    void aNewestManifestThatIsGoneIsPublishedAgain() throws Exception {
        process.checkpoint();
        fixture.bucket.delete(fixture.names(Manifest.PREFIX));

        lookOften();

        assertEquals(1, fixture.names(Manifest.PREFIX).size());
        process.write(1, "b").barrier().kill();
        assertEquals(List.of("a", "b"), fixture.process().open().readAll(2));
    }

    @Test
    void nobodyWaitsForAManifestThatIsBeingPublished() throws Exception {
        long before = process.keeper.chain().head().version();
        Object[] seen = new Object[1];
        process.hooks.beforeFirst(
                "put " + Manifest.PREFIX,
                () -> seen[0] = CompletableFuture.supplyAsync(
                                () -> process.keeper.chain().head().version())
                        .get(10, TimeUnit.SECONDS));

        process.checkpoint();

        assertEquals(before, seen[0]);
    }

    @Test
    void aTableWhoseUploadGotNoAnswerIsGivenBackOnceItIsUnused() throws Exception {
        Path copy = process.cacheDirectory.resolve("copy");
        process.volume.checkpoint(copy);
        FaultyObjectStore silent = new FaultyObjectStore(fixture.bucket, 1);
        silent.setFaults(
                Fault.on(StoreOperation.PUT, TableReference.PREFIX, 1, new Fault.UnknownOutcome(Fault.Fate.APPLIED)));
        TableFiles files = new TableFiles(process.recovered.keys());
        TableUpload upload = new TableUpload(silent, files, 1, List.of(), new SecureRandom());
        assertThrows(ObjectStoreException.class, () -> upload.upload(copy));
        List<String> stored = fixture.names(TableReference.PREFIX);
        assertFalse(stored.isEmpty());

        assertEquals(List.of(), upload.upload(Files.createDirectory(copy.resolve("compacted"))));

        assertEquals(
                stored,
                upload.unusedBy(List.of()).stream()
                        .map(TableReference::objectName)
                        .toList());
    }
}
