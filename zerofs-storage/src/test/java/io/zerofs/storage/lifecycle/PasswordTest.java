// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.lifecycle;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.lifecycle.LifecycleFixture.Process;
import io.zerofs.storage.object.Fault;
import io.zerofs.storage.object.Fault.Fate;
import io.zerofs.storage.object.FaultyObjectStore;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.StoreOperation;
import io.zerofs.storage.seal.Secret;
import java.security.SecureRandom;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PasswordTest {
    private static final Secret NEW = Secret.of("new password");

    private LifecycleFixture fixture;

    @BeforeEach
    void open() throws Exception {
        fixture = new LifecycleFixture();
        fixture.process().open().write(0, "a").shutDown();
    }

    @AfterEach
    void close() throws Exception {
        fixture.close();
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
