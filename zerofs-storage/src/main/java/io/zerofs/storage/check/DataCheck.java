// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.check;

import io.zerofs.core.runtime.Machine;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.commit.CommitReader;
import io.zerofs.storage.commit.Frame;
import io.zerofs.storage.commit.FrameKind;
import io.zerofs.storage.commit.FrameTable;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.retry.ReadRetry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;

/**
 * Reads every frame that a chunk names, in the order of objects, with several ranged requests at a time, and checks the
 * authentication of each page. The bytes in flight are bounded. The calling thread reports; one thread uses it once.
 */
public final class DataCheck {
    private static final int REQUEST_BYTES_MAX = 4 << 20;

    /** Maximum unused bytes between two frames that one request fetches too, to save a second request. */
    private static final int GAP_BYTES_MAX = 32 * 1024;

    private static final double NANOS = 1e9;

    private final Settings settings;
    private final CommitReader reader;
    private final ObjectStore store;
    private final Findings findings;
    private final Set<Long> skipped;
    private final Deque<CompletableFuture<Read>> inFlight = new ArrayDeque<>();
    private final Set<CommitId> missing = new HashSet<>();
    private Range range;
    private Progress progress;
    private long totalBytes;
    private long doneBytes;
    private long startedBytes;
    private long beginNanos;

    /**
     * Limits of the reading.
     *
     * @param requests runs tasks that wait for the store
     * @param requestsMax requests at a time, of 4 MiB each at most
     * @param bytesPerSecond highest rate; 0 for no limit
     */
    public record Settings(Executor requests, int requestsMax, long bytesPerSecond) {}

    /** Receives the progress. Must be quick. */
    @FunctionalInterface
    public interface Progress {
        void read(long bytes, long totalBytes);
    }

    private record Named(FrameTable table, Frame frame, FrameUse use) {}

    /** Frames of one object that are close to each other. */
    private record Range(CommitId id, long from, List<Named> frames) {
        long end() {
            Frame last = frames.get(frames.size() - 1).frame();
            return last.offset() + last.storedLength();
        }

        boolean fits(CommitId other, Frame frame) {
            return id.equals(other)
                    && frame.offset() - end() <= GAP_BYTES_MAX
                    && frame.offset() + frame.storedLength() - from <= REQUEST_BYTES_MAX;
        }
    }

    private record Damage(Named named, BitSet pages, String why) {}

    /** @param missing whether the store has no such object */
    private record Read(Range range, List<Damage> damage, boolean missing) {}

    /** @param skipped seqs of commits whose loss is known; the caller may change the set while nothing is read */
    DataCheck(Settings settings, CommitReader reader, ObjectStore store, Findings findings, Set<Long> skipped) {
        this.settings = settings;
        this.reader = reader;
        this.store = store;
        this.findings = findings;
        this.skipped = skipped;
    }

    /** Returns the visitor that reads the frames of each table. */
    IndexCheck.TableVisitor reading(long bytes, Progress receiver) {
        totalBytes = bytes;
        progress = receiver;
        beginNanos = Machine.current().nanoTime();
        return this::visit;
    }

    private void visit(FrameTable table, FrameUse[] uses) throws IOException {
        CommitId id = table.commit();
        if (skipped.contains(id.seq()) || missing.contains(id)) {
            return;
        }
        for (int i = 0; i < uses.length; i++) {
            Frame frame = table.frames().get(i);
            if (uses[i] == null || frame.storedLength() == 0) {
                continue;
            }
            if (range != null && !range.fits(id, frame)) {
                start();
            }
            if (range == null) {
                range = new Range(id, frame.offset(), new ArrayList<>());
            }
            range.frames().add(new Named(table, frame, uses[i]));
        }
    }

    /** Waits for all requests. Returns the commits that the store did not have. */
    Set<CommitId> end() throws IOException {
        try {
            if (range != null) {
                start();
            }
            while (!inFlight.isEmpty()) {
                take();
            }
            return missing;
        } finally {
            inFlight.forEach(read -> read.cancel(true));
        }
    }

    private void start() throws IOException {
        Range mine = range;
        range = null;
        if (inFlight.size() >= settings.requestsMax()) {
            take();
        }
        pace();
        startedBytes += mine.end() - mine.from();
        inFlight.add(CompletableFuture.supplyAsync(() -> read(mine), settings.requests()));
    }

    /** Waits until the rate permits the next request. */
    private void pace() throws IOException {
        if (settings.bytesPerSecond() > 0) {
            long due = beginNanos + (long) (startedBytes * NANOS / settings.bytesPerSecond());
            try {
                Machine.current().sleep(due - Machine.current().nanoTime());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
    }

    /** Reports the result of the oldest request. */
    private void take() throws IOException {
        Read read = await(inFlight.remove());
        if (read.missing()) {
            missing.add(read.range().id());
        }
        for (Damage damage : read.damage()) {
            damage.named().use().lose(damage.named().frame(), damage.pages()::get, findings, damage.why());
        }
        for (Named named : read.range().frames()) {
            doneBytes += named.frame().storedLength();
        }
        progress.read(doneBytes, totalBytes);
    }

    private static Read await(CompletableFuture<Read> read) throws IOException {
        try {
            return Machine.current().await(read);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ObjectStoreException failure) {
                throw new StoreFailure(failure);
            }
            throw new IllegalStateException("a frame could not be read", e.getCause());
        }
    }

    private Read read(Range mine) {
        try {
            ByteBuffer bytes = fetch(mine);
            List<Damage> damage = new ArrayList<>();
            for (Named named : mine.frames()) {
                if (!bytes.hasRemaining() || !isIntact(named, bytes, mine.from())) {
                    examine(named, damage);
                }
            }
            return new Read(mine, damage, false);
        } catch (ObjectStoreException e) {
            if (e.kind() == ObjectStoreException.Kind.NOT_FOUND) {
                return new Read(mine, List.of(), true);
            }
            throw new CompletionException(e);
        }
    }

    /** Returns the bytes of a range; empty if the object ends earlier. */
    private ByteBuffer fetch(Range mine) throws ObjectStoreException {
        try {
            int length = (int) (mine.end() - mine.from());
            return store.getRange(mine.id().objectName(), mine.from(), length).bytes();
        } catch (ObjectStoreException e) {
            if (e.kind() == ObjectStoreException.Kind.TRUNCATED) {
                return ByteBuffer.allocate(0);
            }
            throw e;
        }
    }

    private boolean isIntact(Named named, ByteBuffer bytes, long from) {
        try {
            Frame frame = named.frame();
            ByteBuffer map = ByteBuffer.allocate(frame.mapLength());
            for (int page = 0; page < frame.pageCount(); page++) {
                int start = bytes.position() + (int) (frame.pageOffset(page) - from);
                ByteBuffer stored = bytes.slice(start, frame.pageStoredLength(page));
                put(reader.openPage(named.table(), frame.slot(), page, stored), map);
            }
            requireMap(named, map.flip());
            return true;
        } catch (CorruptObjectException e) {
            return false;
        }
    }

    private static void put(ByteBuffer plain, ByteBuffer map) {
        map.put(plain.slice(0, Math.min(plain.remaining(), map.remaining())));
    }

    private void requireMap(Named named, ByteBuffer map) throws CorruptObjectException {
        if (named.frame().kind() == FrameKind.DELTA) {
            reader.openMap(named.table(), named.frame().slot(), map);
        }
    }

    /** Reads each page of a frame again by itself, because the damage may have been in transit. */
    private void examine(Named named, List<Damage> damage) throws ObjectStoreException {
        Frame frame = named.frame();
        BitSet pages = new BitSet();
        String why = null;
        ByteBuffer map = ByteBuffer.allocate(frame.mapLength());
        for (int i = 0; i < frame.pageCount(); i++) {
            int page = i;
            try {
                put(ReadRetry.at(() -> reader.readPage(named.table(), frame.slot(), page)), map);
            } catch (CorruptObjectException e) {
                pages.set(page);
                why = e.getMessage();
            }
        }
        try {
            if (pages.isEmpty()) {
                requireMap(named, map.flip());
            }
        } catch (CorruptObjectException e) {
            pages.set(0, frame.pageCount());
            why = e.getMessage();
        }
        if (!pages.isEmpty()) {
            damage.add(new Damage(named, pages, why));
        }
    }
}
