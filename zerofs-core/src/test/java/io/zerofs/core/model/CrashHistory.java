// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.model.PossibleOrders.Match;
import io.zerofs.core.model.PossibleOrders.Operation;
import io.zerofs.core.model.RandomOperations.Step;
import io.zerofs.core.runtime.Machine;
import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.Creation;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.FsStatistics;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.VirtualFileSystem;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.Lock;
import java.util.function.Supplier;

/**
 * Judges a file system with several lives: its answers, and the tree that each crash leaves. Each client has a
 * directory of its own, whose answers are known exactly, and all share one more.
 *
 * <p>The rules: a recovered tree is as it was at one moment. Everything that ended before a barrier which was
 * acknowledged began is there. If an operation is there, so is every operation that ended before it began. An operation
 * without an answer may be there or not. Each operation is there as a whole.
 *
 * <p>{@link #start} comes first, on a volume without faults. Then each client calls {@link #step} or {@link #run} and
 * {@link #sync} on one thread at a time. {@link #recovered} follows each crash; threads of the earlier life may still
 * run then. The file system must have the {@link #clock}. Thread-safe. In a simulation, a thread of it makes the history.
 */
public final class CrashHistory {
    /** The description of a step. */
    public static final String ACKNOWLEDGED = "an acknowledged barrier";

    private record Hold(InodeId inode, FileHold.Kind kind) {}

    /** Runs an operation of a client, on any thread. */
    @FunctionalInterface
    public interface Runner {
        <T> T run(Supplier<T> operation);
    }

    /** The time from one opening to the next. */
    private static final class Life {
        final StableFiles files;
        /** Operations that the crash took away. They may end later, in a process that does not know of its end. */
        final Set<Operation> lost = new HashSet<>();
        /** The end of the first of them that changed something. No barrier that began later may be acknowledged. */
        long firstLost = Long.MAX_VALUE;

        Life(StableFiles files) {
            this.files = files;
        }
    }

    /** The operations of one client in one directory, and the files that it knows there. */
    private static final class Work {
        final PossibleOrders directory;
        final RandomOperations operations;
        final List<Hold> holds = new ArrayList<>();

        private final int holdOneIn;

        Work(PossibleOrders directory, long seed, Habits habits) {
            this.directory = directory;
            this.holdOneIn = habits.holdOneIn();
            this.operations = new RandomOperations(seed, directory.directory(), habits.chunks(), habits.kinds());
        }

        Step next(List<Work> all) {
            if (!operations.chance(holdOneIn)) {
                return operations.next();
            }
            if (holds.isEmpty() || operations.chance(2)) {
                Hold hold = new Hold(operations.inode(), operations.holdKind());
                return new Step("hold " + hold, files -> {
                    files.hold(hold.inode(), hold.kind());
                    return hold;
                });
            }
            Hold hold = holds.remove(0);
            // The removal queue decides how long a file without names answers, so no client asks for it.
            all.forEach(each -> each.operations.forget(hold.inode()));
            return new Step("release " + hold, files -> {
                ((HoldingFileSystem) files).release(hold.inode(), hold.kind());
                return "done";
            });
        }
    }

    /** One client. Its random numbers decide where it works, so that no other client changes its steps. */
    private record Client(SplittableRandom random, Work own, Work shared) {
        Work nextWork() {
            return random.nextInt(3) == 0 ? shared : own;
        }
    }

    /** Held while a recovered tree is judged, and not while an operation runs. */
    private final Lock lock = Machine.current().newLock();

    private final SplittableRandom random;
    private final int clientCount;
    private final Habits habits;
    private final OperationClock clock = new OperationClock();
    private final StableIds ids = new StableIds();
    private final List<PossibleOrders> directories = new ArrayList<>();
    private final List<Client> clients = new ArrayList<>();
    private PossibleOrders shared;
    private FsStatistics outside;
    private Life life;
    private long now;
    private long durableUntil;

    public CrashHistory(long seed, int clients) {
        this(seed, clients, Habits.PLAIN);
    }

    public CrashHistory(long seed, int clients, Habits habits) {
        this.habits = habits;
        random = new SplittableRandom(seed);
        clientCount = clients;
    }

    /** The clock for every opening of the file system. */
    public InstantSource clock() {
        return clock;
    }

    /** Makes the directories of an empty file system, and waits for the store. */
    public void start(VirtualFileSystem files) throws FsException, InterruptedException {
        life = new Life(seen(files));
        long bytes = 0;
        long inodes = 0;
        for (int i = 0; i <= clientCount; i++) {
            ModelFileSystem model = newDirectory(files, i);
            bytes += model.statistics().bytesUsed();
            inodes += model.statistics().inodesUsed();
        }
        FsStatistics whole = files.statistics();
        outside = new FsStatistics(
                whole.bytesMax(), whole.bytesUsed() - bytes, whole.inodesMax(), whole.inodesUsed() - inodes);
        shared = directories.get(clientCount);
        for (PossibleOrders each : directories.subList(0, clientCount)) {
            Work own = new Work(each, random.nextLong(), habits);
            clients.add(new Client(random.split(), own, new Work(shared, random.nextLong(), habits)));
        }
        sync();
    }

    /** Makes a directory in one whose attributes stay the same, so that {@code ..} has a certain answer. */
    private ModelFileSystem newDirectory(VirtualFileSystem files, int number) throws FsException {
        long above = clock.next();
        clock.set(above);
        Attributes outer = files.create(
                        Credentials.ROOT, files.root(), FileName.of("client-" + number), NewNode.directory(0755))
                .node();
        ModelFileSystem model =
                new ModelFileSystem(new UUID(0, 0), StableIds.id(0).generation(), clock, above);
        long inside = clock.next();
        clock.set(inside);
        model.setNextInode(inside);
        NewNode directory = NewNode.directory(0777);
        ids.stable(outer);
        life.files.create(Credentials.ROOT, model.root(), FileName.of("own"), directory);
        model.create(Credentials.ROOT, model.root(), FileName.of("own"), directory);
        clock.set(null);
        directories.add(new PossibleOrders(StableIds.id(inside), model, clock));
        return model;
    }

    /** Returns a file system as the operations see it. */
    StableFiles seen(VirtualFileSystem files) {
        return new StableFiles(files, ids);
    }

    /** Returns the moment before which everything that ended is durable. */
    long durableUntil() {
        lock.lock();
        try {
            return durableUntil;
        } finally {
            lock.unlock();
        }
    }

    /** Returns a client's own directory, for {@link #run}. */
    public InodeId directory(int client) {
        return directories.get(client).directory();
    }

    /** Takes a random step of a client: mostly one operation, sometimes a barrier. Returns a description. */
    public String step(int client) throws InterruptedException {
        return step(client, Supplier::get);
    }

    /** Takes a random step of a client, whose calls of the file system a runner runs. Returns a description. */
    public String step(int client, Runner runner) throws InterruptedException {
        Client mine = clients.get(client);
        if (mine.random.nextInt(habits.barrierOneIn()) == 0) {
            return sync(runner) ? ACKNOWLEDGED : "a barrier that failed";
        }
        Work work = mine.nextWork();
        List<Work> all = allOf(mine, work);
        Step[] step = {null};
        Life[] began = {null};
        Supplier<Step> next = () -> {
            began[0] = life;
            step[0] = work.next(all);
            return step[0];
        };
        Object outcome = run(client, work.directory, next, runner);
        lock.lock();
        try {
            // A hold that a replaced daemon has given ends with it.
            if (outcome instanceof Hold hold && began[0] == life) {
                work.holds.add(hold);
            }
            work.operations.learn(outcome);
            if (outcome instanceof Creation) {
                all.stream().filter(each -> each != work).forEach(each -> each.operations.learn(outcome));
            }
        } finally {
            lock.unlock();
        }
        return step[0].description() + (outcome instanceof FsError error ? ": " + error : "");
    }

    /** Leaves out the step that a client would take next. */
    public void skip(int client) {
        Client mine = clients.get(client);
        if (mine.random.nextInt(habits.barrierOneIn()) > 0) {
            Work work = mine.nextWork();
            lock.lock();
            try {
                work.next(allOf(mine, work));
            } finally {
                lock.unlock();
            }
        }
    }

    private List<Work> allOf(Client client, Work work) {
        return work == client.own
                ? List.of(work)
                : clients.stream().map(Client::shared).toList();
    }

    /** Lets a client do something in its own directory. Returns the outcome. */
    public Object run(int client, Step step) {
        return run(client, directories.get(client), () -> step, Supplier::get);
    }

    private Object run(int client, PossibleOrders directory, Supplier<Step> steps, Runner runner) {
        Life mine;
        Operation operation;
        lock.lock();
        try {
            mine = life;
            operation = directory.begin(clock.next(), client, steps.get(), ++now);
        } finally {
            lock.unlock();
        }
        Object outcome = runner.run(() -> {
            Long outer = clock.set(operation.number);
            try {
                return operation.step.outcome(mine.files);
            } finally {
                clock.set(outer);
            }
        });
        lock.lock();
        try {
            operation.ended = ++now;
            if (mine == life) {
                directory.end(operation, outcome);
            } else if (mine.lost.contains(operation) && operation.hasChanged(outcome)) {
                mine.firstLost = Math.min(mine.firstLost, now);
            }
        } finally {
            lock.unlock();
        }
        return outcome;
    }

    /** Waits for a barrier. Returns whether the file system acknowledged it. */
    public boolean sync() throws InterruptedException {
        return sync(Supplier::get);
    }

    private boolean sync(Runner runner) throws InterruptedException {
        Life mine;
        long began;
        lock.lock();
        try {
            mine = life;
            began = ++now;
        } finally {
            lock.unlock();
        }
        try {
            Machine.current().await(runner.run(mine.files::barrier));
        } catch (ExecutionException e) {
            return false;
        }
        lock.lock();
        try {
            if (mine != life) {
                assertTrue(began < mine.firstLost, "a barrier was acknowledged after the crash had taken changes away");
            } else if (began > durableUntil) {
                durableUntil = began;
                directories.forEach(each -> each.keep(began));
            }
        } finally {
            lock.unlock();
        }
        return true;
    }

    /**
     * Judges the tree that a crash left, and continues from it. The removal queue must be idle, and no operation of the
     * new life may have begun.
     */
    public void recovered(VirtualFileSystem files) throws FsException {
        lock.lock();
        try {
            List<Match> cut = cut(files);
            for (int i = 0; i < cut.size(); i++) {
                for (Operation missing : directories.get(i).missing(cut.get(i))) {
                    life.lost.add(missing);
                    if (missing.hasChanged()) {
                        life.firstLost = Math.min(life.firstLost, missing.ended);
                    }
                }
                directories.get(i).goOnFrom(cut.get(i));
            }
            clients.forEach(each -> each.own.holds.clear());
            clients.forEach(each -> each.shared.holds.clear());
            life = new Life(seen(files));
            durableUntil = ++now;
        } finally {
            lock.unlock();
        }
    }

    /** Judges a tree that a crash could leave now, in another copy of the store. This life continues. */
    public void judge(VirtualFileSystem files) throws FsException {
        lock.lock();
        try {
            cut(files);
        } finally {
            lock.unlock();
        }
    }

    /** Compares the tree of this life with the history. No operation and no removal runs meanwhile. */
    public void compare() throws FsException {
        lock.lock();
        try {
            for (PossibleOrders each : directories) {
                each.matches(life.files, now + 1);
            }
        } finally {
            lock.unlock();
        }
    }

    private List<Match> cut(VirtualFileSystem files) throws FsException {
        VirtualFileSystem tree = seen(files);
        List<List<Match>> matches = new ArrayList<>();
        for (PossibleOrders each : directories) {
            matches.add(each.matches(tree, durableUntil));
        }
        List<Match> cut = cut(matches);
        long bytes = outside.bytesUsed();
        long inodes = outside.inodesUsed();
        for (Match each : cut) {
            FsStatistics part = PossibleOrders.afterCrash(each).statistics();
            bytes += part.bytesUsed();
            inodes += part.inodesUsed();
        }
        assertEquals(new FsStatistics(outside.bytesMax(), bytes, outside.inodesMax(), inodes), tree.statistics());
        return cut;
    }

    /**
     * Returns a match of each directory, all of one moment: no operation is missing that ended before another began. Of
     * several moments the last, because an operation that changed nothing is not lost.
     */
    private List<Match> cut(List<List<Match>> matches) {
        TreeSet<Long> moments = new TreeSet<>(Set.of(durableUntil));
        matches.forEach(each -> each.forEach(match -> moments.add(match.lastBegin())));
        for (long moment : moments.descendingSet()) {
            List<Match> cut = new ArrayList<>();
            for (List<Match> each : matches) {
                each.stream()
                        .filter(match -> match.lastBegin() <= moment && match.firstEnd() > moment)
                        .max(Comparator.comparingLong(Match::lastBegin))
                        .ifPresent(cut::add);
            }
            if (cut.size() == matches.size()) {
                return cut;
            }
        }
        throw new AssertionError("each directory is as it was at some moment, but not all at the same: " + matches);
    }
}
