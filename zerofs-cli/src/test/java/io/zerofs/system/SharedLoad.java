// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import io.zerofs.core.model.SharedHistory;
import io.zerofs.core.model.SharedHistory.Call;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * Clients of all protocols that read and write blocks of one file, and make, rename, remove and find files of the same
 * names. It lasts until the daemon ends. A seed has all steps of each client.
 */
final class SharedLoad {
    /** The server of each protocol of one daemon. */
    record Ports(int nfs, int ninep, int nbd) {}

    /** The groups of the files that two names have, or 0. */
    private record Names(int one, int other) {
        static final Names NONE = new Names(0, 0);

        int get(boolean first) {
            return first ? one : other;
        }

        Names with(boolean first, int group) {
            return first ? new Names(group, other) : new Names(one, group);
        }
    }

    private static final int NAMES = 2;
    private static final int HOT_BLOCKS = 12;
    private static final int BLOCK_SPACING = 32 << 10;
    private static final int[] BLOCK_BYTES = {8, 4096, BLOCK_SPACING};
    private static final int CLIENTS_PER_PROTOCOL = 2;
    private static final long FILE_BYTES = 1L << 30;
    private static final long STUCK_SECONDS = 300;

    /** Nanoseconds after half of a client's calls, so that the load leaves the processor to a daemon that opens. */
    private static final long PAUSE_NANOS = 4_000_000;

    /** Values and groups are unique in all loads. */
    private static final AtomicInteger VALUES = new AtomicInteger();

    private final SharedHistory history;
    private final int objects;
    private final List<Thread> clients = new ArrayList<>();
    private final List<Throwable> failures = new ArrayList<>(); // guarded by itself
    private final CountDownLatch goal;

    private SharedLoad(List<Object> states, int goal) {
        history = new SharedHistory(states);
        objects = states.size();
        this.goal = new CountDownLatch(goal);
    }

    /** Makes the files of an empty volume, and returns the states of all objects. */
    static List<Object> prepare(Ports ports) throws IOException {
        SharedClient.OfNfs.prepare(ports.nfs, FILE_BYTES);
        List<Object> states = new ArrayList<>();
        for (int i = 0; i < NAMES; i++) {
            states.add(Names.NONE);
        }
        return grown(states, HOT_BLOCKS);
    }

    /** Returns the states with some more blocks, which are empty. */
    static List<Object> grown(List<Object> states, int blocks) {
        List<Object> more = new ArrayList<>(states);
        for (int i = 0; i < blocks; i++) {
            more.add(0L);
        }
        return more;
    }

    /** Starts the clients of a daemon on objects in these states. */
    static SharedLoad start(Ports ports, List<Object> states, long seed, int goal) throws Exception {
        SharedLoad load = new SharedLoad(states, goal);
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < CLIENTS_PER_PROTOCOL; i++) {
            load.add(new SharedClient.OfNfs(ports.nfs), random.split());
            load.add(new SharedClient.OfNineP(ports.ninep), random.split());
            load.add(new SharedClient.OfNbd(ports.nbd), random.split());
        }
        load.clients.forEach(Thread::start);
        return load;
    }

    private void add(SharedClient client, SplittableRandom random) {
        clients.add(new Thread(() -> run(client, random), client.getClass().getSimpleName()));
    }

    private void run(SharedClient client, SplittableRandom random) {
        try (client) {
            while (true) {
                step(client, random);
                goal.countDown();
                if (random.nextBoolean()) {
                    LockSupport.parkNanos(PAUSE_NANOS);
                }
            }
        } catch (IOException | InterruptedException | RuntimeException | AssertionError e) {
            synchronized (failures) {
                failures.add(e);
            }
            while (goal.getCount() > 0) {
                goal.countDown();
            }
        }
    }

    /** Waits until the clients have made their calls. Fails if one of them got an error. */
    void awaitGoal() throws InterruptedException {
        if (!goal.await(STUCK_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("the clients are stuck");
        }
        synchronized (failures) {
            if (!failures.isEmpty()) {
                throw new AssertionError("a client failed while the daemon served", failures.get(0));
            }
        }
    }

    /** Waits for the end of the clients, after that of their daemon, and judges their calls with the states left. */
    void judge(List<Object> found) throws InterruptedException {
        for (Thread client : clients) {
            client.join(TimeUnit.SECONDS.toMillis(STUCK_SECONDS));
            if (client.isAlive()) {
                throw new AssertionError(client.getName() + " waits for a daemon that has ended");
            }
        }
        synchronized (failures) {
            failures.stream()
                    .filter(failure -> !(failure instanceof IOException))
                    .forEach(failure -> {
                        throw new AssertionError(failure);
                    });
        }
        history.judge(found);
    }

    int objects() {
        return objects;
    }

    int calls() {
        return history.calls();
    }

    private void step(SharedClient client, SplittableRandom random) throws IOException, InterruptedException {
        int dice = random.nextInt(100);
        if (dice < 8) {
            long began = history.now();
            try {
                client.barrier();
                history.durable(began);
            } catch (IOException e) {
                // A slow machine may make it fail. If the daemon is gone, the next call ends the client.
            }
        } else if (dice < 40 && client instanceof SharedClient.OfNames names) {
            stepOfNames(names, random.nextInt(NAMES), random.nextBoolean(), random.nextInt(4));
        } else {
            int cold = random.nextInt(objects - NAMES);
            int block = NAMES + (random.nextInt(4) == 0 ? cold : random.nextInt(HOT_BLOCKS));
            if (random.nextBoolean()) {
                long value = VALUES.incrementAndGet();
                Call call = history.write(block, value);
                client.write(offset(block), content(block, value));
                history.answered(call);
            } else {
                long began = history.now();
                history.read(block, began, value(client, block));
            }
        }
    }

    private static long offset(int block) {
        return (long) (block - NAMES) * BLOCK_SPACING;
    }

    private static byte[] content(int block, long value) {
        ByteBuffer bytes = ByteBuffer.allocate(BLOCK_BYTES[block % BLOCK_BYTES.length]);
        bytes.putLong(value);
        for (SplittableRandom random = new SplittableRandom(value); bytes.hasRemaining(); ) {
            bytes.putLong(value == 0 ? 0 : random.nextLong());
        }
        return bytes.array();
    }

    /** Reads a block, which must be whole. */
    private static long value(SharedClient client, int block) throws IOException, InterruptedException {
        byte[] found = client.read(offset(block), BLOCK_BYTES[block % BLOCK_BYTES.length]);
        long value = ByteBuffer.wrap(found).getLong();
        int differs = Arrays.mismatch(found, content(block, value));
        if (differs >= 0) {
            throw new AssertionError(
                    "block " + block + " begins as value " + value + " and differs from byte " + differs);
        }
        return value;
    }

    private static String name(int pair, boolean first) {
        return (first ? "one" : "other") + pair;
    }

    private void stepOfNames(SharedClient.OfNames client, int pair, boolean first, int kind)
            throws IOException, InterruptedException {
        String name = name(pair, first);
        if (kind == 0) {
            int group = VALUES.incrementAndGet();
            change(
                    pair,
                    "create " + name + " " + group,
                    state -> of(state, first) == 0,
                    state -> with(state, first, group),
                    () -> client.create(name, group));
        } else if (kind == 1) {
            change(
                    pair,
                    "remove " + name,
                    state -> of(state, first) != 0,
                    state -> with(state, first, 0),
                    () -> client.remove(name));
        } else if (kind == 2) {
            change(
                    pair,
                    "rename " + name,
                    state -> of(state, first) != 0,
                    state -> renamed(state, first),
                    () -> client.rename(name, name(pair, !first)));
        } else {
            long began = history.now();
            Optional<Integer> group = client.find(name);
            group.ifPresent(found -> history.observed(
                    pair, began, "find " + name + " " + found, state -> of(state, first) == found ? state : null));
        }
    }

    /** A change of names, which succeeds in some states. */
    private interface Change {
        boolean succeeds() throws IOException, InterruptedException;
    }

    private void change(int pair, String text, Predicate<Object> possible, UnaryOperator<Object> after, Change change)
            throws IOException, InterruptedException {
        Call call = history.change(pair, text, state -> possible.test(state) ? after.apply(state) : state);
        boolean succeeded = change.succeeds();
        history.answered(
                call, state -> possible.test(state) != succeeded ? null : succeeded ? after.apply(state) : state);
    }

    private static int of(Object names, boolean first) {
        return ((Names) names).get(first);
    }

    private static Names with(Object names, boolean first, int group) {
        return ((Names) names).with(first, group);
    }

    private static Names renamed(Object names, boolean first) {
        return with(with(names, !first, of(names, first)), first, 0);
    }

    /** Reads the state of every object through a daemon that no client changes. */
    static List<Object> find(Ports ports, int objects) throws IOException, InterruptedException {
        List<Object> found = new ArrayList<>();
        try (SharedClient.OfNfs nfs = new SharedClient.OfNfs(ports.nfs);
                SharedClient.OfNineP ninep = new SharedClient.OfNineP(ports.ninep);
                SharedClient.OfNbd nbd = new SharedClient.OfNbd(ports.nbd)) {
            List<SharedClient> all = List.of(nfs, ninep, nbd);
            for (int i = 0; i < objects; i++) {
                found.add(
                        i < NAMES
                                ? new Names(
                                        nfs.find(name(i, true)).orElseThrow(),
                                        ninep.find(name(i, false)).orElseThrow())
                                : value(all.get(i % all.size()), i));
            }
        }
        return found;
    }
}
