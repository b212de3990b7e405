// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.secret.Secret;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.object.Fault;
import io.zerofs.storage.object.Fault.Fate;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import io.zerofs.storage.seal.KeySlot;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PasswordTest {
    private static final Secret NEW = Secret.of("new password");

    @AutoClose
    private final LifecycleFixture fixture = new LifecycleFixture();

    @BeforeEach
    void open() throws Exception {
        fixture.process().open().write(0, "a").shutDown();
    }

    @Test
    void theNewPasswordOpensAndTheOldOneDoesNot() throws Exception {
        keys(fixture.bucket).changePassword(LifecycleFixture.PASSWORD, NEW);

        assertEquals("a", fixture.process().open(NEW).read(0));
        assertFalse(opens(LifecycleFixture.PASSWORD));
    }

    @Test
    void aWrongOldPasswordChangesNothing() throws Exception {
        byte[] before = fixture.bytes(VolumeObject.NAME);
        VolumeKeys keys = keys(fixture.bucket);

        OpenException e = assertThrows(OpenException.class, () -> keys.changePassword(Secret.of("guess"), NEW));

        assertEquals(OpenException.Kind.WRONG_PASSWORD, e.kind());
        assertEquals(List.of(before.length), List.of(fixture.bytes(VolumeObject.NAME).length));
        assertTrue(opens(LifecycleFixture.PASSWORD));
    }

    @Test
    void aCrashAtAnyStepLeavesOneOfBothPasswords() throws Exception {
        byte[] before = fixture.bytes(VolumeObject.NAME);
        for (int request = 1; request <= 10; request++) {
            for (boolean applied : new boolean[] {false, true}) {
                fixture.replace(VolumeObject.NAME, before);
                FaultyObjectStore store = new FaultyObjectStore(fixture.bucket, 1);
                store.crashAtRequest(request, applied);
                try {
                    keys(store).changePassword(LifecycleFixture.PASSWORD, NEW);
                } catch (OpenException e) {
                    assertEquals(OpenException.Kind.STORE_UNREACHABLE, e.kind());
                }
                assertTrue(opens(LifecycleFixture.PASSWORD) != opens(NEW), "request " + request);
                if (!store.isCrashed()) {
                    assertTrue(request > 2);
                    return;
                }
            }
        }
        throw new AssertionError("it makes more requests than expected");
    }

    @Test
    void anAnswerThatIsLostDoesNotMatter() throws Exception {
        for (Fate fate : Fate.values()) {
            byte[] before = fixture.bytes(VolumeObject.NAME);
            FaultyObjectStore store = new FaultyObjectStore(fixture.bucket, fate.ordinal());
            store.setFaults(Fault.on(StoreOperation.PUT, "", 0.5, new Fault.UnknownOutcome(fate)));
            try {
                keys(store).changePassword(LifecycleFixture.PASSWORD, NEW);
                assertTrue(opens(NEW), fate.name());
            } catch (OpenException e) {
                assertEquals(OpenException.Kind.STORE_UNREACHABLE, e.kind());
            }
            store.landDelayed();
            assertTrue(opens(LifecycleFixture.PASSWORD) != opens(NEW), fate.name());
            fixture.replace(VolumeObject.NAME, before);
        }
    }

    @Test
    void twoChangesAtOnceLeaveOneOfTheNewPasswords() throws Exception {
        Secret other = Secret.of("other password");
        HookedStore slow = new HookedStore(fixture.bucket);
        slow.beforeFirst("put ", () -> keys(fixture.bucket).changePassword(LifecycleFixture.PASSWORD, other));
        VolumeKeys keys = keys(slow);

        assertThrows(OpenException.class, () -> keys.changePassword(LifecycleFixture.PASSWORD, NEW));

        assertTrue(opens(other));
        assertFalse(opens(NEW));
    }

    @Test
    void formattingThatIsCutShortAtAnyStepIsFinishedByTheNextOpen() throws Exception {
        for (int request = 1; request <= 40; request++) {
            for (boolean applied : new boolean[] {false, true}) {
                try (LifecycleFixture own = new LifecycleFixture()) {
                    Process first = own.process();
                    first.store.crashAtRequest(request, applied);
                    assertDiesQuietly(first);
                    own.process().open().write(0, "a").shutDown();
                    assertEquals("a", own.process().open().read(0), "request " + request);
                    if (!first.store.isCrashed()) {
                        assertTrue(request > 10);
                        return;
                    }
                }
            }
        }
        throw new AssertionError("it makes more requests than expected");
    }

    @Test
    void slotsThatCostTooMuchAreNamedBeforeTheyAreTried() throws Exception {
        plant(1, 1 << 20, 16);
        assertNamesASlot("key slot 1 of 1");
        plant(63, 200 << 10, 1);
        assertNamesASlot("key slot 21 of 63");
        plant(1, 64 << 10, 3);
        VolumeObject ordinary = VolumeObject.decode(ByteBuffer.wrap(fixture.bytes(VolumeObject.NAME)));
        ordinary.requireAffordable(128 << 20);
        CorruptObjectException e =
                assertThrows(CorruptObjectException.class, () -> ordinary.requireAffordable((128 << 20) - 1));
        assertTrue(e.getMessage().contains("Java heap"), e.getMessage());
    }

    /** Slots as somebody with write access to the store could make them. */
    private void plant(int count, int memoryKib, int iterations) throws Exception {
        ByteBuffer slot = ByteBuffer.allocate(KeySlot.BYTES);
        slot.putInt(0, 1)
                .put(4, (byte) 1)
                .putInt(8, memoryKib)
                .putInt(12, iterations)
                .putInt(16, 1);
        ByteBuffer bytes = ByteBuffer.allocate(24 + count * KeySlot.BYTES + 32);
        bytes.put(fixture.bytes(VolumeObject.NAME), 0, 24).putShort(6, (short) count);
        for (int i = 0; i < count; i++) {
            bytes.put(slot.rewind());
        }
        bytes.put(MessageDigest.getInstance("SHA-256").digest(Arrays.copyOf(bytes.array(), bytes.position())));
        fixture.replace(VolumeObject.NAME, bytes.array());
    }

    private void assertNamesASlot(String text) {
        OpenException e =
                assertThrows(OpenException.class, () -> fixture.process().open());
        assertEquals(OpenException.Kind.DAMAGED_OBJECT, e.kind());
        assertTrue(e.getMessage().contains(text), e.getMessage());
        VolumeKeys keys = keys(fixture.bucket);
        assertThrows(OpenException.class, () -> keys.changePassword(LifecycleFixture.PASSWORD, NEW));
    }

    private static void assertDiesQuietly(Process process) {
        try {
            process.open();
        } catch (OpenException e) {
            assertEquals(OpenException.Kind.STORE_UNREACHABLE, e.kind(), e.toString());
        }
    }

    private boolean opens(Secret password) throws Exception {
        try {
            return VolumeObject.decode(fixture.bucket
                                    .get(VolumeObject.NAME, 1 << 16)
                                    .bytes())
                            .unlock(password)
                    != null;
        } catch (OpenException e) {
            throw new AssertionError(e);
        }
    }

    private static VolumeKeys keys(ObjectStore store) {
        return new VolumeKeys(store, LifecycleFixture.CHEAP_KDF, new SecureRandom());
    }
}
