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

class RequestGateTest {
    private static final int ROUNDS = 20_000;

    /** A second call would find a connection that waits again, and be the one that it needs later. */
    @Test
    void whoWasRefusedIsResumedOnceHoweverManyReleaseAtOnce() throws Exception {
        RequestGate gate = new RequestGate(new ServerSettings(1, 1, 1, 2, 1_000, 1_000, 1, 1, 0).withClientShare(1));
        AtomicInteger resumed = new AtomicInteger();
        RequestGate.Share share = gate.share(Client.alone(), resumed::incrementAndGet);
        CyclicBarrier start = new CyclicBarrier(2);
        Callable<Void> release = () -> {
            start.await();
            share.release(1);
            return null;
        };
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            for (int round = 1; round <= ROUNDS; round++) {
                assertTrue(share.tryAdmit(1));
                assertTrue(share.tryAdmit(1));
                assertFalse(share.tryAdmit(1));
                share.awaitRoom();
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
    void whoWasRefusedIsNotResumedBeforeThereIsRoom() {
        int usual = 1 << 20;
        int bulk = 32 << 20;
        RequestGate gate =
                new RequestGate(new ServerSettings(1, 1, 3, 2, 8 << 20, 8 << 20, 1, 1, 0).withClientShare(1));
        AtomicInteger resumed = new AtomicInteger();
        RequestGate.Share holder = gate.share(Client.alone(), () -> {});
        RequestGate.Share waiting = gate.share(Client.alone(), resumed::incrementAndGet);
        RequestGate.Share other = gate.share(Client.alone(), () -> {});
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
        assertEquals(0, gate.bytesInFlight());
    }

    @Test
    void aSmallMessageGoesOnOnceItsConnectionHasNothingElseInFlightHoweverMuchOthersHold() {
        RequestGate gate =
                new RequestGate(new ServerSettings(1, 1, 3, 2, 8 << 20, 8 << 20, 1, 1, 0).withClientShare(1));
        while (gate.share(Client.alone(), () -> {}).tryAdmit(1 << 20)) {
            // Others take all that there is.
        }
        AtomicInteger resumed = new AtomicInteger();
        RequestGate.Share share = gate.share(Client.alone(), resumed::incrementAndGet);
        assertTrue(share.tryAdmit(1));
        assertFalse(share.tryAdmit(1));
        share.awaitRoom();
        assertEquals(0, resumed.get());
        share.release(1);
        assertEquals(1, resumed.get());
        assertTrue(share.tryAdmit(1));
    }

    @Test
    void whoGaveUpIsForgotten() {
        RequestGate gate = new RequestGate(new ServerSettings(1, 1, 2, 1, 1_000, 1_000, 1, 1, 0).withClientShare(1));
        RequestGate.Share share = gate.share(Client.alone(), () -> {
            throw new AssertionError("resumed");
        });
        RequestGate.Share holder = gate.share(Client.alone(), () -> {});
        int length = RequestGate.SMALL_BYTES + 1;
        assertTrue(holder.tryAdmit(length));
        assertFalse(share.tryAdmit(length));
        share.awaitRoom();
        assertTrue(holder.isWanted());
        share.giveUp();
        assertFalse(holder.isWanted());
        holder.release(length);
    }

    /** Else a request that is sent by halves would keep them out for as long as a connection may stall. */
    @Test
    void whatAConnectionHoldsIsWantedByOthersOfItsClientThatHasItsShare() {
        int usual = 1 << 20;
        RequestGate gate =
                new RequestGate(new ServerSettings(1, 1, 9, 1, 8 << 20, 8 << 20, 1, 1, 0).withClientShare(0.5));
        Client greedy = Client.alone();
        RequestGate.Share holder = gate.share(greedy, () -> {});
        RequestGate.Share stranger = gate.share(Client.alone(), () -> {});
        RequestGate.Share waiting = gate.share(greedy, () -> {});
        assertTrue(holder.tryAdmit(usual));
        assertTrue(stranger.tryAdmit(usual));
        while (gate.share(greedy, () -> {}).tryAdmit(usual)) {
            // The client takes its share.
        }
        assertFalse(holder.isWanted(), "nobody waits");
        assertFalse(waiting.tryAdmit(usual));
        waiting.awaitRoom();
        assertFalse(gate.isFull());
        assertTrue(holder.isWanted());
        assertFalse(stranger.isWanted(), "that would help nobody");
    }
}
