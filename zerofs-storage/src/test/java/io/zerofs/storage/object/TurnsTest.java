// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.random.Seeds;
import io.zerofs.core.runtime.Machine;
import io.zerofs.core.world.World;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Each interleaving of threads that take turns, wait for them and are interrupted. */
final class TurnsTest {
    private static final long SECOND_NANOS = 1_000_000_000;

    @Test
    void threadsTakeTurnsInTheOrderInWhichTheyAsk() throws Exception {
        Seeds.run(seed -> World.punctual(seed).run(() -> {
            Turns turns = new Turns(1);
            List<Integer> served = new ArrayList<>();
            List<Machine.Task> tasks = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                int number = i;
                tasks.add(Machine.current().start("taker", () -> take(turns, number, served, 10 * SECOND_NANOS)));
                Machine.current().sleep(SECOND_NANOS);
            }
            for (Machine.Task task : tasks) {
                task.join(100 * SECOND_NANOS);
            }
            assertEquals(List.of(0, 1, 2, 3, 4), served);
        }));
    }

    @Test
    void anInterruptedThreadKeepsNoTurn() throws Exception {
        Seeds.run(
                50,
                seed -> new World(seed).run(() -> {
                    SplittableRandom random = new SplittableRandom(seed);
                    Turns turns = new Turns(2);
                    List<Integer> served = new ArrayList<>();
                    List<Machine.Task> tasks = new ArrayList<>();
                    for (int i = 0; i < 6; i++) {
                        tasks.add(Machine.current().start("taker", () -> take(turns, 0, served, SECOND_NANOS)));
                    }
                    for (int i = 0; i < 3; i++) {
                        Machine.current().sleep(random.nextLong(2 * SECOND_NANOS));
                        tasks.get(random.nextInt(tasks.size())).interrupt();
                    }
                    for (Machine.Task task : tasks) {
                        assertTrue(task.join(100 * SECOND_NANOS));
                    }
                    turns.take();
                    turns.take();
                }));
    }

    private static void take(Turns turns, int number, List<Integer> served, long nanos) {
        try {
            turns.take();
        } catch (InterruptedException e) {
            return;
        }
        try {
            served.add(number);
            Machine.current().sleep(nanos);
        } catch (InterruptedException e) {
            // The turn goes back all the same.
        } finally {
            turns.giveBack();
        }
    }
}
