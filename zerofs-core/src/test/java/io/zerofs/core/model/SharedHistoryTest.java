// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.model;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.model.SharedHistory.Call;
import io.zerofs.core.random.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The judge of shared objects accepts each history that the rules allow, and refuses one that breaks any rule. */
final class SharedHistoryTest {
    private final SharedHistory history = new SharedHistory(List.of(0, 0));

    private Call written(int object, int value) {
        Call call = history.write(object, value);
        history.answered(call);
        return call;
    }

    private void read(int object, int value) {
        history.read(object, history.now(), value);
    }

    private void assertRefused(String reason, Object... found) {
        AssertionError refusal = assertThrows(AssertionError.class, () -> history.judge(List.of(found)));
        assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
    }

    @Test
    void anyBeginningIsAccepted() {
        for (int kept = 0; kept < 3; kept++) {
            SharedHistory one = new SharedHistory(List.of(0));
            one.answered(one.write(0, 1));
            one.answered(one.write(0, 2));
            one.judge(List.of(kept));
        }
    }

    @Test
    void aLostWriteOfABarrierIsRefused() {
        written(0, 1);
        history.durable(history.now());
        written(0, 2);
        assertRefused("no order leaves 0", 0, 0);
    }

    @Test
    void aWriteThatTheBarrierMissedMayBeLost() {
        long began = history.now();
        written(0, 1);
        history.durable(began);
        history.judge(List.of(0, 0));
    }

    @Test
    void aDurableWriteMayBeReplacedByOneWithoutAnswer() {
        written(0, 1);
        history.durable(history.now());
        history.write(0, 2);
        history.judge(List.of(2, 0));
        history.judge(List.of(1, 0));
        assertRefused("no order leaves 0", 0, 0);
    }

    @Test
    void aValueThatNobodyWroteIsRefused() {
        written(0, 1);
        assertRefused("no order leaves 7", 7, 0);
    }

    @Test
    void anOldValueIsNotReadAfterANewOneWasWritten() {
        written(0, 1);
        written(0, 2);
        read(0, 1);
        assertRefused("no order explains", 2, 0);
    }

    @Test
    void anOldValueIsNotReadAfterANewOneWasRead() {
        written(0, 1);
        Call concurrent = history.write(0, 2);
        read(0, 2);
        read(0, 1);
        history.answered(concurrent);
        assertRefused("no order explains", 2, 0);
    }

    @Test
    void aReadSeesAConcurrentWriteOrNot() {
        Call concurrent = history.write(0, 1);
        read(0, 0);
        read(0, 1);
        history.answered(concurrent);
        history.judge(List.of(1, 0));
    }

    @Test
    void aReadValueBeforeABarrierIsDurable() {
        history.write(0, 1);
        read(0, 1);
        history.durable(history.now());
        assertRefused("no order leaves 0", 0, 0);
    }

    @Test
    void aCrashLeavesNoStateFromBetweenTwoOrders() {
        Call one = history.write(0, 1);
        Call two = history.write(0, 2);
        history.answered(one);
        history.answered(two);
        read(0, 2);
        history.durable(history.now());
        assertRefused("no order leaves 1", 1, 0);
    }

    @Test
    void aLaterValueOfAnotherObjectNeedsTheEarlierOne() {
        written(0, 1);
        written(1, 2);
        assertRefused("object 0 misses", 0, 2);
    }

    @Test
    void concurrentValuesOfTwoObjectsAreThereInAnyCombination() {
        for (int kept = 0; kept < 4; kept++) {
            SharedHistory one = new SharedHistory(List.of(0, 0));
            Call first = one.write(0, 1);
            Call second = one.write(1, 2);
            one.answered(first);
            one.answered(second);
            one.judge(List.of(kept & 1, kept & 2));
        }
    }

    @Test
    void anAnswerMayReplaceTheExpectedEffect() {
        for (boolean existed : new boolean[] {false, true}) {
            SharedHistory one = new SharedHistory(List.of(existed ? "old" : ""));
            Call creation = one.change(0, "create", state -> state.equals("") ? "new" : state);
            one.answered(creation, state -> state.equals("") ? null : state);
            if (existed) {
                one.judge(List.of("old"));
            } else {
                assertThrows(AssertionError.class, () -> one.judge(List.of("")));
            }
        }
    }

    /** Each call takes effect between its request and its answer. A wrong value in any read is refused. */
    @Test
    void randomHistoriesOfARealRegisterAreAcceptedAndWrongReadsAreNot() throws Exception {
        Seeds.run(50, seed -> {
            for (int wrong = 0; wrong < 2; wrong++) {
                SplittableRandom random = new SplittableRandom(seed);
                SharedHistory real = new SharedHistory(List.of(0));
                List<Runnable> flying = new ArrayList<>();
                int[] value = {0};
                int[] kept = {0};
                for (int i = 1; i <= 200; i++) {
                    if (flying.size() == 4) {
                        flying.remove(random.nextInt(4)).run();
                    }
                    long began = real.now();
                    int number = i;
                    boolean broken = wrong == 1 && i == 150;
                    if (!broken && random.nextInt(8) == 0) {
                        kept[0] = value[0];
                        flying.add(() -> real.durable(began));
                    } else if (random.nextBoolean() && !broken) {
                        Call call = real.write(0, number);
                        value[0] = number;
                        flying.add(() -> real.answered(call));
                    } else {
                        int seen = broken ? 1000 : value[0];
                        flying.add(() -> real.read(0, began, seen));
                    }
                }
                flying.forEach(Runnable::run);
                if (wrong == 0) {
                    real.judge(List.of(random.nextBoolean() ? value[0] : kept[0]));
                } else {
                    assertThrows(AssertionError.class, () -> real.judge(List.of(value[0])));
                }
            }
        });
    }
}
