// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.object.Fault.Fate;
import io.zerofs.storage.object.Fault.UnknownOutcome;
import io.zerofs.storage.object.ObjectStore.PutOutcome;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.memory.MemoryObjectStore;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Without faults it keeps the contract; with them it does what {@link Fault} says. */
class FaultyObjectStoreTest extends ObjectStoreContract {
    private final MemoryObjectStore inner = new MemoryObjectStore();
    private final FaultyObjectStore faulty = new FaultyObjectStore(inner, 42);

    @Override
    protected ObjectStore openEmpty() {
        return faulty;
    }

    @Test
    void aLostAnswerLeavesTheOutcomeOfThePutOpen() throws Exception {
        putWithFate("applied", Fate.APPLIED);
        putWithFate("dropped", Fate.NOT_APPLIED);
        putWithFate("late", Fate.APPLIED_LATER);
        faulty.setFaults();
        assertEquals(List.of("applied"), list("", "", 9));
        assertEquals(1, faulty.delayedPuts());
        faulty.landDelayed();
        assertEquals(List.of("applied", "late"), list("", "", 9));
        assertEquals(PutOutcome.STORED, put("dropped", "x"));
    }

    @Test
    void aDelayedPutLandsAfterLaterRequestsAndAfterACrash() throws Exception {
        putWithFate("late", Fate.APPLIED_LATER);
        FaultyObjectStore next = faulty.restarted();
        assertFails(Kind.NOT_FOUND, () -> inner.get("late", 9));
        for (int i = 0; i < 25; i++) {
            next.list("", "", 9);
        }
        assertEquals("late", text(inner.get("late", 9)));
    }

    @Test
    void aDelayedPutLosesToTheOneThatOvertookIt() throws Exception {
        putWithFate("name", Fate.APPLIED_LATER);
        faulty.setFaults();
        assertEquals(PutOutcome.STORED, put("name", "overtook"));
        faulty.landDelayed();
        assertEquals("overtook", get("name"));
    }

    @Test
    void nothingReachesTheStoreAfterACrash() throws Exception {
        faulty.crashAtRequest(3, false);
        put("1", "x");
        put("2", "x");
        assertFails(Kind.UNAVAILABLE, () -> put("3", "x"));
        assertFails(Kind.UNAVAILABLE, () -> put("4", "x"));
        assertTrue(faulty.isCrashed());
        FaultyObjectStore next = faulty.restarted();
        assertEquals(2, next.list("", "", 9).size());
        assertFails(Kind.UNAVAILABLE, () -> put("5", "x"));
    }

    @Test
    void theRequestOfACrashMayStillBeApplied() throws Exception {
        faulty.crashAtRequest(1, true);
        assertFails(Kind.UNAVAILABLE, () -> put("1", "x"));
        assertEquals(1, faulty.restarted().list("", "", 9).size());
    }

    @Test
    void bodiesAreCutAndCorrupted() throws Exception {
        put("object", "0123456789");
        faulty.setFaults(Fault.on(StoreOperation.GET, "", 1, new Fault.CutBody()));
        assertEquals("01234", get("object"));
        faulty.setFaults(Fault.onAll(1, new Fault.CorruptBody()));
        assertNotEquals("0123456789", get("object"));
        assertNotEquals("345", text(faulty.getRange("object", 3, 3)));
        faulty.setFaults(Fault.on(StoreOperation.GET_RANGE, "", 1, new Fault.CutBody()));
        assertFails(Kind.TRUNCATED, () -> faulty.getRange("object", 3, 3));
        faulty.setFaults(Fault.on(StoreOperation.GET, "obj", 1, new Fault.MissingObject()));
        assertFails(Kind.NOT_FOUND, () -> get("object"));
    }

    @Test
    void theSameSeedDrawsTheSameFaults() {
        assertEquals(outcomes(1), outcomes(1));
        assertNotEquals(outcomes(1), outcomes(2));
    }

    /** A table's name contains a digest, which differs between two runs of one seed. */
    @Test
    void tablesHaveTheSameFaultsUnderOtherNames() {
        assertEquals(outcomes(1, "sst/a"), outcomes(1, "sst/b"));
        assertNotEquals(outcomes(1, "a"), outcomes(1, "b"));
    }

    @Test
    void requestsAreListedAndCounted() throws Exception {
        put("a", "123");
        get("a");
        faulty.setOutage(true);
        assertFails(Kind.UNAVAILABLE, () -> put("b", "4567"));
        assertEquals(7, faulty.bytes(StoreOperation.PUT));
        assertEquals(2, faulty.counts().get(StoreOperation.PUT));
        assertEquals("b", faulty.requests().get(2).name());
        assertEquals(3, faulty.requestNumber());
    }

    private void putWithFate(String name, Fate fate) {
        faulty.setFaults(Fault.on(StoreOperation.PUT, "", 1, new UnknownOutcome(fate)));
        assertFails(Kind.UNKNOWN_OUTCOME, () -> put(name, name));
    }

    private static List<Boolean> outcomes(long seed) {
        return outcomes(seed, "");
    }

    private static List<Boolean> outcomes(long seed, String prefix) {
        FaultyObjectStore store = new FaultyObjectStore(new MemoryObjectStore(), seed);
        store.setFaults(Fault.onAll(0.3, new Fault.Unavailable()));
        List<Boolean> outcomes = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            try {
                store.list(prefix, "", i);
                outcomes.add(true);
            } catch (ObjectStoreException e) {
                outcomes.add(false);
            }
        }
        return outcomes;
    }
}
