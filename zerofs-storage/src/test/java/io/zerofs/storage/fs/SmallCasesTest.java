// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.fs;

import io.zerofs.core.model.ModelFileSystem;
import io.zerofs.core.random.Seeds;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.ManualClock;
import io.zerofs.storage.fs.SmallOperation.Place;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Runs every sequence of up to three small operations with an effect, with an fsync after any of them. The process
 * crashes at any request to the store. An answer that the model does not know, or a state that the rules do not allow, fails.
 */
final class SmallCasesTest {
    private static final int AT_ONCE = 400;
    private static final int SAMPLE = 200;
    /** Sequences of three begin with the same operation in each part; {@code -Dzerofs.part=N} runs one alone. */
    private static final String PART = "zerofs.part";

    static IntStream parts() {
        Integer part = Integer.getInteger(PART);
        return part == null ? IntStream.range(0, SmallOperation.ALL.size()) : IntStream.of(part);
    }

    @Test
    void oneOrTwoOperations() throws Exception {
        List<List<SmallOperation>> cases = new ArrayList<>();
        for (SmallOperation first : SmallOperation.ALL) {
            addIfEffective(cases, List.of(first));
            for (SmallOperation second : SmallOperation.ALL) {
                addIfEffective(cases, List.of(first, second));
            }
        }
        run(cases, 2);
    }

    @Test
    void someSequencesOfThree() throws Exception {
        Seeds.run(seed -> {
            SplittableRandom random = new SplittableRandom(seed);
            List<List<SmallOperation>> cases = new ArrayList<>();
            while (cases.size() < SAMPLE) {
                addIfEffective(cases, List.of(any(random), any(random), any(random)));
            }
            run(cases, 3);
        });
    }

    private static SmallOperation any(SplittableRandom random) {
        return SmallOperation.ALL.get(random.nextInt(SmallOperation.ALL.size()));
    }

    @ParameterizedTest
    @MethodSource("parts")
    @Tag("slow")
    void allSequencesOfThree(int part) throws Exception {
        List<List<SmallOperation>> cases = new ArrayList<>();
        for (SmallOperation second : SmallOperation.ALL) {
            for (SmallOperation third : SmallOperation.ALL) {
                addIfEffective(cases, List.of(SmallOperation.ALL.get(part), second, third));
            }
        }
        run(cases, 3);
    }

    /** Runs the cases with every choice of an fsync between two rounds. */
    private static void run(List<List<SmallOperation>> cases, int rounds) throws Exception {
        for (int from = 0; from < cases.size(); from += AT_ONCE) {
            List<List<SmallOperation>> some = cases.subList(from, Math.min(from + AT_ONCE, cases.size()));
            int all = 1 << rounds - 1;
            for (int syncs = 0; syncs < all; syncs++) {
                try (SmallCases lives = new SmallCases(some)) {
                    lives.run(syncs, syncs == all - 1);
                }
            }
        }
    }

    /** An operation that fails leaves what the shorter sequence leaves. */
    private static void addIfEffective(List<List<SmallOperation>> cases, List<SmallOperation> operations)
            throws Exception {
        ModelFileSystem model = new ModelFileSystem(new UUID(0, 0), 1, new ManualClock());
        Object file = null;
        for (var step : SmallOperation.setup(model.root())) {
            file = step.outcome(model);
        }
        Place place = new Place(model.root(), SmallOperation.idOf(file));
        SmallOperation.content(place).forEach(step -> step.outcome(model));
        for (SmallOperation operation : operations) {
            if (operation.in(place).outcome(model) instanceof FsError) {
                return;
            }
        }
        cases.add(operations);
    }
}
