// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.fs;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.fs.FileSystemSettings;
import io.zerofs.core.model.CrashHistory;
import io.zerofs.core.model.RandomOperations.Step;
import io.zerofs.storage.fs.SmallOperation.Place;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.recovery.LifecycleFixture;
import io.zerofs.storage.recovery.LifecycleFixture.Process;
import java.util.ArrayList;
import java.util.List;

/**
 * Short sequences of operations side by side on one volume, each in a directory of its own: first all first operations,
 * then all second ones. A crash may leave the state after each change of the store as the last one. After each change one
 * opening shows the remains of all sequences.
 *
 * <p>The store changes only at an fsync, a checkpoint and an opening. So the cuts between the operations of a sequence
 * are all the states that a crash can leave.
 */
final class SmallCases implements AutoCloseable {
    /** Leaves the remains of every removal to the removal queue. */
    private static final FileSystemSettings SETTINGS = FileSystemSettings.DEFAULTS.withBackgroundBatchChunks(1);

    private final LifecycleFixture fixture = new LifecycleFixture();
    private final RecordedStore store = new RecordedStore();
    private final List<List<SmallOperation>> cases;
    private final List<Place> places = new ArrayList<>();
    private final CrashHistory history;
    private Process process;
    private StoredFileSystem stored;
    private int judged;

    /** @param cases sequences of at most {@code rounds} operations */
    SmallCases(List<List<SmallOperation>> cases) {
        this.cases = cases;
        history = new CrashHistory(1, cases.size());
    }

    /**
     * Runs the cases with an fsync after the last round. Then comes a round that a crash takes away, and one more in
     * the next life.
     *
     * @param syncs bit n: an fsync follows round n too
     * @param checkpoints whether a checkpoint follows each fsync, and crashes the next opening
     */
    void run(int syncs, boolean checkpoints) throws Exception {
        open();
        history.start(stored.files);
        for (int i = 0; i < cases.size(); i++) {
            places.add(place(i));
        }
        assertTrue(history.sync());
        judged = store.states();
        int rounds = cases.stream().mapToInt(List::size).max().orElse(0);
        for (int round = 0; round < rounds; round++) {
            round(round);
            if (round == rounds - 1 || (syncs >> round & 1) != 0) {
                sync(checkpoints);
            }
        }
        round(0);
        crash(checkpoints);
        round(0);
        sync(false);
        stored.files.awaitRemovals();
        history.compare();
    }

    private Place place(int number) {
        Object file = null;
        for (Step step : SmallOperation.setup(history.directory(number))) {
            file = history.run(number, step);
        }
        Place place = new Place(history.directory(number), SmallOperation.idOf(file));
        SmallOperation.content(place).forEach(step -> history.run(number, step));
        return place;
    }

    private void round(int round) {
        for (int i = 0; i < cases.size(); i++) {
            if (round < cases.get(i).size()) {
                history.run(i, cases.get(i).get(round).in(places.get(i)));
            }
        }
    }

    private void open() throws Exception {
        process = fixture.process(fixture.newDirectory(), store).open();
        stored = StoredFileSystem.open(process.volume, SETTINGS, history.clock());
    }

    private void sync(boolean checkpoint) throws Exception {
        assertTrue(history.sync());
        judge();
        if (checkpoint) {
            process.checkpoint();
            judge();
        }
    }

    /** Judges each state of the store since the last call. All of them have the same files. */
    private void judge() throws Exception {
        for (; judged < store.states(); judged++) {
            judge(store.state(judged + 1));
        }
    }

    private void judge(ObjectStore state) throws Exception {
        Process other = fixture.process(fixture.newDirectory(), state).open();
        try (StoredFileSystem files = StoredFileSystem.open(other.volume, SETTINGS, history.clock())) {
            files.files.awaitRemovals();
            history.judge(files.files);
        } finally {
            other.kill();
        }
    }

    /**
     * The process dies, and the next one continues.
     *
     * @param again whether to judge also each state in which the next one could die while it opens
     */
    private void crash(boolean again) throws Exception {
        stored.crash();
        process.kill();
        judged = store.states();
        open();
        if (again) {
            judge();
        }
        stored.files.awaitRemovals();
        history.recovered(stored.files);
        judged = store.states();
    }

    @Override
    public void close() throws Exception {
        try {
            if (stored != null) {
                stored.close();
            }
        } finally {
            fixture.close();
        }
    }
}
