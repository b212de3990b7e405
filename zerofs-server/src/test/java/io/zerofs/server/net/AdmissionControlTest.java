// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class AdmissionControlTest {
    private static final int ROUNDS = 20_000;

    private static AdmissionControl admission(int requestsPerConnection, long bytes, double clientShare) {
        return new AdmissionControl(ServerSettings.DEFAULT
                .withRequestsPerConnectionMax(requestsPerConnection)
                .withBytesMax(bytes, bytes)
                .withClientShare(clientShare));
    }

    /** A second call would find a connection that waits again, and be the one that it needs later. */
    @Test
    void aRefusedConnectionIsResumedOnceByManyReleasesAtOnce() throws Exception {
        AdmissionControl admission = admission(2, 1_000, 1);
        AtomicInteger resumed = new AtomicInteger();
        AdmissionControl.ConnectionBudget budget = admission.budget(Client.alone(), resumed::incrementAndGet);
        CyclicBarrier start = new CyclicBarrier(2);
        Callable<Void> release = () -> {
            start.await();
            budget.release(1);
            return null;
        };
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            for (int round = 1; round <= ROUNDS; round++) {
                assertTrue(budget.tryAdmit(1));
                assertTrue(budget.tryAdmit(1));
                assertFalse(budget.tryAdmit(1));
                budget.awaitRoom();
                for (Future<Void> released : threads.invokeAll(Collections.nCopies(2, release))) {
                    released.get();
                }
                assertEquals(round, resumed.get());
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aRefusedConnectionIsNotResumedBeforeThereIsRoom() {
        int usual = 1 << 20;
        int bulk = 32 << 20;
        AdmissionControl admission = admission(2, 8 << 20, 1);
        AtomicInteger resumed = new AtomicInteger();
        AdmissionControl.ConnectionBudget holder = admission.budget(Client.alone(), () -> {});
        AdmissionControl.ConnectionBudget waiting = admission.budget(Client.alone(), resumed::incrementAndGet);
        AdmissionControl.ConnectionBudget other = admission.budget(Client.alone(), () -> {});
        assertTrue(holder.tryAdmit(bulk));
        assertFalse(waiting.tryAdmit(bulk));
        waiting.awaitRoom();
        assertTrue(other.tryAdmit(usual), "long messages do not keep usual ones out");
        other.release(usual);
        assertEquals(0, resumed.get());
        holder.release(bulk);
        assertEquals(1, resumed.get());
        assertTrue(waiting.tryAdmit(bulk));
        waiting.release(bulk);
        assertEquals(0, admission.bytesInFlight());
    }

    @Test
    void aSmallMessageContinuesOnceItIsTheOnlyOneOfItsConnection() {
        AdmissionControl admission = admission(2, 8 << 20, 1);
        while (admission.budget(Client.alone(), () -> {}).tryAdmit(1 << 20)) {
            // Others take all memory.
        }
        AtomicInteger resumed = new AtomicInteger();
        AdmissionControl.ConnectionBudget budget = admission.budget(Client.alone(), resumed::incrementAndGet);
        assertTrue(budget.tryAdmit(1));
        assertFalse(budget.tryAdmit(1));
        budget.awaitRoom();
        assertEquals(0, resumed.get());
        budget.release(1);
        assertEquals(1, resumed.get());
        assertTrue(budget.tryAdmit(1));
    }

    @Test
    void aConnectionThatGaveUpIsForgotten() {
        AdmissionControl admission = admission(1, 1_000, 1);
        AdmissionControl.ConnectionBudget budget = admission.budget(Client.alone(), () -> {
            throw new AssertionError("resumed");
        });
        AdmissionControl.ConnectionBudget holder = admission.budget(Client.alone(), () -> {});
        int length = AdmissionControl.SMALL_BYTES + 1;
        assertTrue(holder.tryAdmit(length));
        assertFalse(budget.tryAdmit(length));
        budget.awaitRoom();
        assertTrue(holder.isWanted());
        budget.cancel();
        assertFalse(holder.isWanted());
        holder.release(length);
    }

    /** Else a request that is sent by halves would keep them out for as long as a connection may stall. */
    @Test
    void aConnectionsBytesAreWantedByOthersOfAClientThatHasItsShare() {
        int usual = 1 << 20;
        AdmissionControl admission = admission(1, 8 << 20, 0.5);
        Client greedy = Client.alone();
        AdmissionControl.ConnectionBudget holder = admission.budget(greedy, () -> {});
        AdmissionControl.ConnectionBudget stranger = admission.budget(Client.alone(), () -> {});
        AdmissionControl.ConnectionBudget waiting = admission.budget(greedy, () -> {});
        assertTrue(holder.tryAdmit(usual));
        assertTrue(stranger.tryAdmit(usual));
        while (admission.budget(greedy, () -> {}).tryAdmit(usual)) {
            // The client takes its budget.
        }
        assertFalse(holder.isWanted(), "nobody waits");
        assertFalse(waiting.tryAdmit(usual));
        waiting.awaitRoom();
        assertFalse(admission.isFull());
        assertTrue(holder.isWanted());
        assertFalse(stranger.isWanted(), "that would help nobody");
    }
}
