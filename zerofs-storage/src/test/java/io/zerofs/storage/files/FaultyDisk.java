// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.files;

import io.zerofs.storage.files.DiskFault.Call;
import io.zerofs.storage.files.DiskFault.Kind;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;

/**
 * One process's view of a disk on a bad day. File calls in a real directory are counted and fail, and a power cut forgets
 * what no sync covered. RocksDB takes a path's text and bypasses it; {@link DiskContent} says what then happens to its
 * files. A process dies once; the next one uses {@link #restarted} or {@link #powerCut}. Thread-safe.
 */
public final class FaultyDisk {
    /** The effect of a call on the real disk. */
    interface Action<T> {
        T run() throws IOException;
    }

    private final DiskContent content;
    private final FaultyFileSystem files = new FaultyFileSystem(this);
    private final List<Call> calls = new ArrayList<>();
    private final List<String> story;
    private DiskFault fault = DiskFault.NONE;
    private long cutAt = Long.MAX_VALUE;
    private boolean cutAfter;
    private boolean off;
    private int open;
    private SplittableRandom shortTransfers;
    private Long listingSeed;
    private volatile Runnable beforeCall = () -> {};

    /** A disk with the present content of a real directory, all of it durable. */
    public FaultyDisk(Path root, DiskContent.Syncs syncs) throws IOException {
        this(DiskContent.of(root.toRealPath(), syncs));
    }

    private FaultyDisk(DiskContent content) {
        this.content = content;
        this.story = new ArrayList<>();
    }

    private FaultyDisk(FaultyDisk former, String end) {
        this.content = former.content;
        this.story = former.story;
        story.add(end);
    }

    /** The root directory. Paths made from it call this disk. */
    public Path path() {
        return new FaultyPath(files, content.root());
    }

    public synchronized void setFault(DiskFault newFault) {
        fault = newFault;
    }

    /** Reads and writes move fewer bytes than they could. */
    public synchronized void setShortTransfers(long seed) {
        shortTransfers = new SplittableRandom(seed);
    }

    /** Directories are listed in an order of this seed. Without it they are sorted. */
    public synchronized void setListingOrder(long seed) {
        listingSeed = seed;
    }

    /** Runs before each call, outside of all monitors. */
    public void setBeforeCall(Runnable before) {
        beforeCall = before;
    }

    /** The process dies with this call, before or after its effect. Every later call fails and does nothing. */
    public synchronized void dieAt(long call, boolean afterwards) {
        cutAt = call;
        cutAfter = afterwards;
    }

    public synchronized void die() {
        off = true;
    }

    public synchronized boolean isDead() {
        return off;
    }

    public synchronized long callCount() {
        return calls.size();
    }

    /** All calls in their order, failed ones too. */
    public synchronized List<Call> calls() {
        return List.copyOf(calls);
    }

    /** The number of calls of each kind. */
    public synchronized Map<Kind, Integer> counts() {
        Map<Kind, Integer> counts = new EnumMap<>(Kind.class);
        calls.forEach(call -> counts.merge(call.kind(), 1, Integer::sum));
        return counts;
    }

    /** The disk as the next process sees it. The system went on, so nothing is lost or durable by that. */
    public synchronized FaultyDisk restarted() {
        off = true;
        return new FaultyDisk(this, "killed");
    }

    /** The disk after a power cut: the seed decides what it lost of all that was not synced. */
    public synchronized FaultyDisk powerCut(long seed) throws IOException {
        off = true;
        content.cut(new SplittableRandom(seed));
        return new FaultyDisk(this, "power cut");
    }

    /** The disk after a power cut that lost everything that was not synced. */
    public synchronized FaultyDisk powerCutLosingAll() throws IOException {
        off = true;
        content.cutLosingAll();
        return new FaultyDisk(this, "power cut");
    }

    /** All changes and syncs of this process and those before it, for people. */
    public synchronized String story() {
        return String.join("\n", story);
    }

    /** Counts files that were opened, negative for those that were closed. */
    synchronized void opened(int more) {
        open += more;
    }

    /** Returns the number of open files. */
    public synchronized int openFiles() {
        return open;
    }

    DiskContent content() {
        return content;
    }

    <T> T call(Kind kind, Path file, Action<T> action) throws IOException {
        return call(kind, file, action, () -> {});
    }

    /** @param half the effect of a failing call */
    <T> T call(Kind kind, Path file, Action<T> action, Half half) throws IOException {
        beforeCall.run();
        return callNow(kind, file, action, half);
    }

    private synchronized <T> T callNow(Kind kind, Path file, Action<T> action, Half half) throws IOException {
        admit(kind, file, half);
        boolean last = calls.size() >= cutAt;
        if (last) {
            off = true;
            if (!cutAfter) {
                throw powerOff();
            }
        }
        T result = action.run();
        if (last) {
            throw powerOff();
        }
        return result;
    }

    interface Half {
        void run() throws IOException;
    }

    /** Counts a call that must not hold the monitor, because it may wait. */
    synchronized void admit(Kind kind, Path file, Half half) throws IOException {
        if (off) {
            throw powerOff();
        }
        Call call = new Call(calls.size() + 1L, kind, file);
        calls.add(call);
        IOException failure = fault.of(call);
        if (kind.changes || kind == Kind.FORCE || kind == Kind.FORCE_DIRECTORY) {
            String name = file.startsWith(content.root())
                    ? content.root().relativize(file).toString()
                    : file.toString();
            story.add(call.number() + " " + kind + " " + name + (failure == null ? "" : ": " + failure.getMessage()));
        }
        if (failure != null) {
            half.run();
            throw failure;
        }
    }

    private static IOException powerOff() {
        return new IOException("the process is dead");
    }

    /** The bytes that a transfer moves of those asked for. */
    synchronized int transferOf(int bytes) {
        return shortTransfers == null || bytes < 2 ? bytes : 1 + shortTransfers.nextInt(bytes);
    }

    synchronized <T extends Comparable<? super T>> void order(List<T> entries) {
        Collections.sort(entries);
        if (listingSeed != null) {
            Collections.shuffle(entries, new Random(listingSeed));
        }
    }

    /** Runs a transfer; an interrupted one closes the inner channel, and so the outer one. */
    static <T> T closing(AutoCloseable outer, Action<T> transfer) throws IOException {
        try {
            return transfer.run();
        } catch (ClosedChannelException e) {
            try {
                outer.close();
            } catch (Exception suppressed) {
                e.addSuppressed(suppressed);
            }
            throw e;
        }
    }
}
