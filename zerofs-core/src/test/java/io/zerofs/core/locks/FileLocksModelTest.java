// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.locks;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.vfs.InodeId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Compares the locks of one file with the rules of fcntl(2) for each byte, and bounds the time of many locks. */
class FileLocksModelTest {
    private static final int BYTES = 24;
    private static final int PROCESSES = 4;
    private static final InodeId FILE = new InodeId(7, 1);

    private final List<LockHandle> handles = new ArrayList<>();

    FileLocksModelTest() {
        for (int i = 0; i < 3; i++) {
            handles.add(new OpenHandle());
        }
    }

    private HeldLock lock(long first, long last, boolean exclusive, int process, int handle) {
        LockHolder holder = new LockHolder(null, process, new byte[] {'h'});
        return new HeldLock(new ByteRange(first, last), exclusive, holder, handles.get(handle));
    }

    /** A file that stays open; its identity counts. */
    private static final class OpenHandle implements LockHandle {
        @Override
        public boolean isClosed() {
            return false;
        }
    }

    /** The lock on each byte by process: 0 for none, else twice the handle and 1, and one more if exclusive. */
    private static final class Model {
        final int[][] held = new int[PROCESSES][BYTES];

        boolean conflicts(HeldLock wanted) {
            for (int process = 0; process < PROCESSES; process++) {
                for (long at = wanted.range().first(); at <= wanted.range().last(); at++) {
                    int there = held[process][(int) at];
                    if (process != wanted.holder().process() && there != 0 && (wanted.exclusive() || there % 2 == 0)) {
                        return true;
                    }
                }
            }
            return false;
        }

        void set(HeldLock lock, int value) {
            for (long at = lock.range().first(); at <= lock.range().last(); at++) {
                held[lock.holder().process()][(int) at] = value;
            }
        }

        int runs() {
            int runs = 0;
            for (int[] bytes : held) {
                for (int at = 0; at < BYTES; at++) {
                    runs += bytes[at] != 0 && (at == 0 || bytes[at] != bytes[at - 1]) ? 1 : 0;
                }
            }
            return runs;
        }
    }

    @Test
    void locksAreAsIfEachByteHadItsOwn() throws Exception {
        Seeds.run(seed -> {
            Random random = new Random(seed);
            FileLocks locks = new FileLocks((lock, change) -> {});
            Model model = new Model();
            for (int step = 0; step < 200_000; step++) {
                long first = random.nextInt(BYTES);
                long last = Math.min(BYTES - 1, first + random.nextInt(8));
                int handle = random.nextInt(handles.size());
                HeldLock wanted = lock(first, last, random.nextBoolean(), random.nextInt(PROCESSES), handle);
                String where = "step " + step;
                assertEquals(model.conflicts(wanted), locks.conflicting(wanted) != null, where);
                switch (random.nextInt(8)) {
                    case 0 -> {
                        locks.releaseAll(handles.get(handle));
                        for (int[] bytes : model.held) {
                            for (int at = 0; at < BYTES; at++) {
                                bytes[at] = (bytes[at] + 1) / 2 == handle + 1 ? 0 : bytes[at];
                            }
                        }
                    }
                    case 1, 2 -> {
                        locks.release(wanted);
                        model.set(wanted, 0);
                    }
                    default -> {
                        if (!model.conflicts(wanted)) {
                            locks.put(wanted);
                            model.set(wanted, 2 * handle + (wanted.exclusive() ? 2 : 1));
                        }
                    }
                }
                assertEquals(model.runs(), locks.heldCount(), where);
            }
        });
    }

    /**
     * A writer that waited for a larger range becomes a reader of its old range. This lets in another reader that came
     * earlier.
     */
    @Test
    void aGrantedLockLetsInWaitersForTheLockThatItReplaces() {
        FileLocks locks = new FileLocks((lock, change) -> {});
        locks.put(lock(0, 9, true, 0, 0));
        locks.put(lock(10, 19, true, 1, 1));
        LockWaiter reader = new LockWaiter(FILE, lock(0, 9, false, 2, 2), new CompletableFuture<>());
        LockWaiter becomesReader = new LockWaiter(FILE, lock(0, 19, false, 0, 0), new CompletableFuture<>());
        locks.addWaiter(reader);
        locks.addWaiter(becomesReader);

        locks.release(lock(10, 19, true, 1, 1));

        assertEquals(List.of(becomesReader, reader), locks.grant());
    }

    @Test
    void waitersAreGrantedInTheOrderOfTheirArrivalAsSoonAsTheyAreFree() throws Exception {
        Seeds.run(seed -> {
            Random random = new Random(seed);
            FileLocks locks = new FileLocks((lock, change) -> {});
            FileLocks naive = new FileLocks((lock, change) -> {});
            List<LockWaiter> waiting = new ArrayList<>();
            for (int step = 0; step < 50_000; step++) {
                String where = "step " + step;
                long first = random.nextInt(BYTES);
                long last = Math.min(BYTES - 1, first + random.nextInt(8));
                int handle = random.nextInt(handles.size());
                HeldLock wanted = lock(first, last, random.nextBoolean(), random.nextInt(PROCESSES), handle);
                int action = random.nextInt(16);
                if (action == 0) {
                    locks.releaseAll(handles.get(handle));
                    naive.releaseAll(handles.get(handle));
                } else if (action == 1) {
                    List<LockWaiter> expected = waiting.stream()
                            .filter(waiter -> waiter.wanted().handle() == handles.get(handle))
                            .toList();
                    assertEquals(expected, locks.removeWaiters(handles.get(handle)), where);
                    waiting.removeAll(expected);
                } else if (action == 2 && !waiting.isEmpty()) {
                    assertTrue(locks.removeWaiter(waiting.remove(random.nextInt(waiting.size()))), where);
                } else if (action < 8) {
                    locks.release(wanted);
                    naive.release(wanted);
                } else if (naive.conflicting(wanted) == null) {
                    locks.put(wanted);
                    naive.put(wanted);
                } else if (waiting.size() < 20) {
                    LockWaiter waiter = new LockWaiter(FILE, wanted, new CompletableFuture<>());
                    locks.addWaiter(waiter);
                    waiting.add(waiter);
                }
                assertEquals(grantOneByOne(naive, waiting), locks.grant(), where);
                assertEquals(naive.heldCount(), locks.heldCount(), where);
                assertEquals(locks.heldCount() == 0 && waiting.isEmpty(), locks.isEmpty(), where);
            }
        });
    }

    /** Grants the first waiter that conflicts with no lock, again and again. */
    private static List<LockWaiter> grantOneByOne(FileLocks locks, List<LockWaiter> waiting) {
        List<LockWaiter> granted = new ArrayList<>();
        for (int at = 0; at < waiting.size(); at++) {
            if (locks.conflicting(waiting.get(at).wanted()) == null) {
                locks.put(waiting.get(at).wanted());
                granted.add(waiting.remove(at));
                at = -1;
            }
        }
        return granted;
    }

    /**
     * Each of a thousand writers becomes a reader when the writer before it has become one. A thousand more waiters
     * wait for all these locks. The last writer of the chain came first.
     */
    @Test
    void aChainOfWaitersIsGrantedInStepsInProportionToItsLength() {
        int links = 1_000;
        FileLocks locks = new FileLocks((lock, change) -> {});
        HeldLock start = lock(0, 0, true, 0, 0);
        locks.put(start);
        for (int i = 1; i <= links; i++) {
            locks.put(lock(i, i, true, i, 0));
        }
        for (int i = 0; i < links; i++) {
            HeldLock all = lock(0, links, true, links + 1 + i, 1);
            locks.addWaiter(new LockWaiter(FILE, all, new CompletableFuture<>()));
        }
        for (int i = links; i > 0; i--) {
            locks.addWaiter(new LockWaiter(FILE, lock(i - 1, i, false, i, 0), new CompletableFuture<>()));
        }
        locks.release(start);
        assertEquals(links, locks.grant().size());
        assertTrue(locks.waitersChecked() < 40L * links, () -> locks.waitersChecked() + " steps");
    }

    @Test
    void manyLocksAndWaitersDoNotSlowOthers() {
        int many = 60_000;
        long end = 1L << 50;
        FileLocks locks = new FileLocks((lock, change) -> {});
        for (int i = 0; i < many; i++) {
            locks.put(lock(2L * i, 2L * i, true, 0, 0));
        }
        locks.put(lock(end, end, true, 0, 0));
        for (int i = 0; i < 4_000; i++) {
            HeldLock wanted = lock(end, end, true, 1 + i, 1);
            locks.addWaiter(new LockWaiter(FILE, wanted, new CompletableFuture<>()));
        }
        // Looked at one by one, each of these would take seconds.
        assertTimeoutPreemptively(Duration.ofSeconds(60), () -> {
            for (int i = 0; i < 20_000; i++) {
                HeldLock mine = lock(2L * many, 2L * many + 9, true, 0, 2);
                assertEquals(null, locks.conflicting(mine));
                assertEquals(null, locks.conflicting(lock(0, end, true, 0, 2)));
                locks.put(mine);
                locks.release(mine);
                assertEquals(List.of(), locks.grant());
            }
        });
        locks.release(lock(end, end, true, 0, 0));
        assertEquals(1, locks.grant().size());
        locks.releaseAll(handles.get(0));
        assertEquals(1, locks.heldCount());
    }
}
