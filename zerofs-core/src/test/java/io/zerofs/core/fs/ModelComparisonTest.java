// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.fs;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.zerofs.core.model.ModelFileSystem;
import io.zerofs.core.model.RandomOperations;
import io.zerofs.core.model.TreeComparison;
import io.zerofs.core.random.Seeds;
import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.ManualClock;
import io.zerofs.core.volume.MemoryVolume;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Random histories on the file system and on the model have the same answers and the same tree. */
final class ModelComparisonTest {
    private static final int STEPS = 800;
    private static final int COMPARED_EVERY = 50;
    private static final Pattern ALLOCATED = Pattern.compile("allocatedBytes=\\d+");

    @Test
    void randomHistoriesAgreeWithTheModel() throws Exception {
        Seeds.run(3, ModelComparisonTest::compare);
    }

    @Test
    @Tag("slow")
    void manyRandomHistoriesAgreeWithTheModel() throws Exception {
        Seeds.run(100, ModelComparisonTest::compare);
    }

    @Test
    void afterACrashTheTreeIsThatOfTheLastBarrier() throws Exception {
        Seeds.run(2, seed -> crash(seed, true));
    }

    @Test
    void cutOffTailsThatAreNeverRemovedReadAsTheModel() throws Exception {
        Seeds.run(2, seed -> crash(seed, false));
    }

    private static void crash(long seed, boolean removing) throws Exception {
        FileSystemSettings settings = FileSystemSettings.DEFAULTS.withBackgroundBatchChunks(removing ? 2 : 1);
        new Comparison(new MemoryVolume(), settings, seed, true).runWithCrashes(removing);
    }

    private static void compare(long seed) throws Exception {
        MemoryVolume volume = new MemoryVolume();
        // Even seeds leave whole tails to the background, odd ones remove them at once.
        boolean background = (seed & 1) == 0;
        FileSystemSettings settings = FileSystemSettings.DEFAULTS
                .withBackgroundBatchChunks(background ? 1 : 256)
                .withCachedRecords((seed & 2) == 0 ? 8 : 1000);
        new Comparison(volume, settings, seed, background).run();
    }

    /** One history. */
    private static final class Comparison {
        private final ManualClock clock = new ManualClock();
        private final FileSystemSettings settings;
        private final boolean background;
        private ModelFileSystem model;
        private ModelFileSystem durable;
        private final RandomOperations operations;
        private final Deque<FileHold[]> holds = new ArrayDeque<>();
        private boolean removing = true;
        private MemoryVolume volume;
        private ZeroFileSystem files;

        Comparison(MemoryVolume volume, FileSystemSettings settings, long seed, boolean background) throws Exception {
            this.volume = volume;
            this.settings = settings;
            this.background = background;
            files = CheckedFileSystems.open(volume, settings, clock);
            model = new ModelFileSystem(volume.id(), volume.epoch(), clock);
            durable = model.copy();
            operations = new RandomOperations(seed, files.root(), 5);
        }

        void run() throws Exception {
            try {
                for (int i = 1; i <= STEPS; i++) {
                    if (operations.chance(2)) {
                        clock.tick();
                    }
                    step(i);
                    if (i % COMPARED_EVERY == 0) {
                        files.awaitRemovals();
                        TreeComparison.assertSame(model, files);
                        files.barrier().join();
                        assertEquals(List.of(), CheckedFileSystems.problems(volume));
                    }
                }
            } finally {
                files.close();
            }
        }

        /** Crashes now and then; the model forgets what the last barrier did not cover. */
        void runWithCrashes(boolean backgroundRuns) throws Exception {
            removing = backgroundRuns;
            try {
                for (int i = 1; i <= STEPS; i++) {
                    if (!removing) {
                        files.close(); // Ends the background work; operations continue.
                    }
                    clock.tick();
                    step(i);
                    if (operations.chance(40)) {
                        files.barrier().join();
                        durable = model.copy();
                    }
                    if (operations.chance(80)) {
                        crash();
                    }
                }
            } finally {
                files.close();
            }
        }

        private void crash() throws Exception {
            volume = volume.reopen();
            files.close();
            holds.clear();
            model = durable;
            model.restart(volume.epoch());
            durable = model.copy();
            files = CheckedFileSystems.open(volume, settings, clock);
            files.awaitRemovals();
            TreeComparison.assertSame(model, files);
            files.barrier().join();
            assertEquals(List.of(), CheckedFileSystems.problems(volume));
        }

        private void step(int number) throws Exception {
            if (removing && operations.chance(30)) {
                hold(operations.inode(), operations.holdKind());
            } else if (operations.chance(20) && !holds.isEmpty()) {
                FileHold[] both = holds.remove();
                both[0].close();
                both[1].close();
                files.awaitRemovals();
            } else {
                RandomOperations.Step step = operations.next();
                Object expected = step.outcome(model);
                Object actual = step.outcome(files);
                assertEquals(text(expected), text(actual), () -> "step " + number + ": " + step.description());
                operations.learn(expected);
            }
        }

        private void hold(InodeId id, FileHold.Kind kind) throws FsException {
            RandomOperations.Step hold = new RandomOperations.Step("hold " + id, fs -> fs.hold(id, kind));
            Object expected = hold.outcome(model);
            Object actual = hold.outcome(files);
            if (expected instanceof FileHold first && actual instanceof FileHold second) {
                holds.add(new FileHold[] {first, second});
            } else {
                assertEquals(expected, actual);
            }
        }

        /** Chunks that wait for their removal count as allocated until then. */
        private String text(Object outcome) {
            String text = String.valueOf(outcome);
            return background ? ALLOCATED.matcher(text).replaceAll("") : text;
        }
    }
}
