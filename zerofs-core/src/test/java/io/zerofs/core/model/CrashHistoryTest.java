// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.core.model.RandomOperations.Call;
import io.zerofs.core.model.RandomOperations.Step;
import io.zerofs.core.random.Seeds;
import io.zerofs.core.vfs.Creation;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.VirtualFileSystem;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The judge of crashes accepts each state that the rules allow, and refuses one that breaks any rule. */
final class CrashHistoryTest {
    private static final int NUMBERS = 1000;

    private CrashHistory history;
    private ModelFileSystem tree;

    /** A process dies inside an operation. */
    private static final class Killed extends RuntimeException {
        private static final long serialVersionUID = 1;
    }

    @BeforeEach
    void start() throws Exception {
        start(1);
    }

    private void start(long seed) throws Exception {
        history = new CrashHistory(seed, 3);
        tree = new ModelFileSystem(new UUID(0, 0), 1, history.clock());
        history.start(tree);
    }

    /** Makes inode numbers those of the next operation, so that another tree can have some of the operations only. */
    private long number() {
        long number = ((OperationClock) history.clock()).last() + 1;
        tree.setNextInode(NUMBERS + number);
        return number;
    }

    private Object run(int client, Step step) {
        number();
        return history.run(client, step);
    }

    /** Repeats an operation on another tree. */
    private void apply(ModelFileSystem other, long number, Step step) {
        ((OperationClock) history.clock()).set(number);
        other.setNextInode(NUMBERS + number);
        step.outcome(history.seen(other));
        ((OperationClock) history.clock()).set(null);
    }

    private Step create(int client, String name) {
        InodeId directory = history.directory(client);
        return new Step(
                "create " + name,
                files -> files.create(Credentials.ROOT, directory, FileName.of(name), NewNode.file(0644)));
    }

    private static Step write(InodeId file, String text) {
        return new Step(
                "write " + text,
                files -> files.write(
                        Credentials.ROOT,
                        file,
                        DataAccess.CHECKED_NOW,
                        0,
                        ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8))));
    }

    private Step rename(int client, String from, String to) {
        InodeId directory = history.directory(client);
        return new Step(
                "rename " + from,
                files -> files.rename(Credentials.ROOT, directory, FileName.of(from), directory, FileName.of(to)));
    }

    private static Step dying(Call call) {
        return new Step("dying", files -> {
            Object outcome = call.on(files);
            if (files instanceof StableFiles) {
                throw new Killed();
            }
            return outcome;
        });
    }

    private static InodeId idOf(Object creation) {
        return ((Creation) creation).node().id();
    }

    private void assertRefused(ModelFileSystem recovered, String reason) {
        AssertionError refusal = assertThrows(AssertionError.class, () -> history.recovered(recovered));
        assertTrue(refusal.getMessage().contains(reason), refusal.getMessage());
    }

    @Test
    void everyStateSinceTheLastBarrierIsAcceptedAndNoEarlierOne() throws Exception {
        Seeds.run(5, seed -> {
            for (int kept = 0; kept <= 40; kept += 4) {
                start(seed);
                List<ModelFileSystem> states = new ArrayList<>(List.of(tree.copy()));
                int durable = 0;
                for (int i = 1; i <= 40; i++) {
                    long before = history.durableUntil();
                    number();
                    history.step(i % 3);
                    states.add(tree.copy());
                    durable = history.durableUntil() > before ? i : durable;
                }
                states.forEach(each -> each.restart(1));
                ModelFileSystem recovered = states.get(kept);
                if (kept >= durable
                        || recovered.fingerprint() == states.get(durable).fingerprint()) {
                    history.recovered(recovered);
                } else {
                    assertRefused(recovered, "the tree is none");
                }
            }
        });
    }

    @Test
    void severalLivesFollowEachOther() throws Exception {
        Seeds.run(5, seed -> {
            start(seed);
            for (int life = 0; life < 4; life++) {
                for (int i = 0; i < 40; i++) {
                    number();
                    history.step(i % 3);
                }
                ModelFileSystem kept = tree.copy();
                kept.restart(1);
                for (int i = 0; i < 5; i++) {
                    number();
                    history.run(i % 3, create(i % 3, "lost-" + life + i));
                }
                history.recovered(kept);
                tree = kept;
            }
        });
    }

    @Test
    void anAcknowledgedOperationIsNotLost() throws Exception {
        ModelFileSystem before = tree.copy();
        run(0, create(0, "kept"));
        assertTrue(history.sync());
        assertRefused(before, "must be there");
    }

    @Test
    void anOperationThatTheBarrierMissedMayBeLost() throws Exception {
        run(0, create(0, "kept"));
        assertTrue(history.sync());
        ModelFileSystem before = tree.copy();
        run(0, create(0, "lost"));
        history.recovered(before);
    }

    @Test
    void noOperationOfOneClientIsSkipped() {
        ModelFileSystem gap = tree.copy();
        run(0, create(0, "first"));
        long second = number();
        Step step = create(0, "second");
        run(0, step);
        apply(gap, second, step);
        assertRefused(gap, "the tree is none");
    }

    @Test
    void noOperationOfAnotherClientIsSkipped() {
        ModelFileSystem gap = tree.copy();
        run(0, create(0, "first"));
        long second = number();
        Step step = create(1, "second");
        run(1, step);
        apply(gap, second, step);
        assertRefused(gap, "not all at the same");
    }

    @Test
    void concurrentOperationsOfTwoClientsMayBeThereInAnyCombination() throws Exception {
        for (int kept = 0; kept < 4; kept++) {
            start(kept);
            ModelFileSystem recovered = tree.copy();
            Step inner = create(1, "inner");
            Step outer = create(0, "outer");
            long outerNumber = number();
            history.run(0, new Step("outer", files -> {
                if (files instanceof StableFiles) {
                    run(1, inner);
                    tree.setNextInode(NUMBERS + outerNumber);
                }
                return outer.call().on(files);
            }));
            if ((kept & 1) != 0) {
                apply(recovered, outerNumber, outer);
            }
            if ((kept & 2) != 0) {
                apply(recovered, outerNumber + 1, inner);
            }
            history.recovered(recovered);
        }
    }

    @Test
    void operationsOfOneFileAreNotReordered() throws Exception {
        InodeId file = idOf(run(0, create(0, "file")));
        assertTrue(history.sync());
        ModelFileSystem reordered = tree.copy();
        long number = number();
        run(0, write(file, "abc"));
        run(0, write(file, "defg"));
        apply(reordered, number + 1, write(file, "defg"));
        apply(reordered, number, write(file, "abc"));
        assertRefused(reordered, "the tree is none");
    }

    @Test
    void aWrongByteIsFound() {
        InodeId file = idOf(run(0, create(0, "file")));
        ModelFileSystem wrong = tree.copy();
        long number = number();
        run(0, write(file, "abc"));
        apply(wrong, number, write(file, "abd"));
        assertRefused(wrong, "array contents differ");
    }

    @Test
    void halfAnOperationIsFound() {
        InodeId file = idOf(run(0, create(0, "old")));
        ModelFileSystem half = tree.copy();
        long number = number();
        run(0, rename(0, "old", "new"));
        InodeId directory = history.directory(0);
        apply(
                half,
                number,
                new Step("half a rename", files -> files.link(Credentials.ROOT, file, directory, FileName.of("new"))));
        assertRefused(half, "the tree is none");
    }

    @Test
    void anOperationInFlightIsThereOrNot() throws Exception {
        for (boolean done : new boolean[] {true, false}) {
            start(1);
            run(0, create(0, "before"));
            ModelFileSystem before = tree.copy();
            assertThrows(Killed.class, () -> run(0, dying(create(0, "in flight").call())));
            history.recovered(done ? tree : before);
            tree = done ? tree : before;
            run(0, create(0, done ? "more" : "in flight"));
        }
    }

    @Test
    void halfAnOperationInFlightIsFound() {
        InodeId file = idOf(run(0, create(0, "file")));
        ModelFileSystem half = tree.copy();
        long number = number();
        assertThrows(Killed.class, () -> run(0, dying(write(file, "abcdef").call())));
        apply(half, number, write(file, "abc"));
        assertRefused(half, "the tree is none");
    }

    @Test
    void theFirstOfTwoInFlightIsNotRequiredByTheOther() throws Exception {
        ModelFileSystem recovered = tree.copy();
        long number = number();
        assertThrows(Killed.class, () -> run(0, dying(create(0, "a").call())));
        assertThrows(Killed.class, () -> run(1, dying(create(1, "b").call())));
        apply(recovered, number + 1, create(1, "b"));
        history.recovered(recovered);
    }

    @Test
    void aWrongAnswerIsFound() {
        run(0, create(0, "file"));
        AssertionError wrong = assertThrows(
                AssertionError.class,
                () -> run(0, new Step("create file", files -> {
                    if (files instanceof StableFiles) {
                        return "anything else";
                    }
                    return create(0, "file").call().on(files);
                })));
        assertTrue(wrong.getMessage().contains("expected one of [EXISTS]"), wrong.getMessage());
    }

    @Test
    void aFailedOperationIsThereOrNot() throws Exception {
        for (boolean done : new boolean[] {true, false}) {
            start(1);
            run(0, new Step("create", files -> {
                boolean real = files instanceof StableFiles;
                Object outcome = done || !real ? create(0, "file").call().on(files) : null;
                if (real) {
                    throw FsError.IO.exception();
                }
                return outcome;
            }));
            history.recovered(tree);
            assertEquals(done ? FsError.EXISTS : "created", outcomeOf(run(0, create(0, "file"))));
        }
    }

    private static Object outcomeOf(Object outcome) {
        return outcome instanceof Creation ? "created" : outcome;
    }

    @Test
    void aTreeThatChangesWithoutAnOperationIsFound() throws Exception {
        InodeId file = idOf(run(0, create(0, "file")));
        history.compare();
        apply(tree, number(), write(file, "abc"));
        AssertionError wrong = assertThrows(AssertionError.class, history::compare);
        assertTrue(wrong.getMessage().contains("the tree is none"), wrong.getMessage());
    }

    @Test
    void aReplacedProcessAcknowledgesNothingThatIsLost() throws Exception {
        AtomicReference<ModelFileSystem> successor = new AtomicReference<>();
        InvocationHandler replacedInTheBarrier = (proxy, method, arguments) -> {
            if (method.getName().equals("barrier") && successor.get() != null) {
                history.recovered(successor.getAndSet(null));
            }
            try {
                return method.invoke(tree, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        };
        history = new CrashHistory(1, 1);
        tree = new ModelFileSystem(new UUID(0, 0), 1, history.clock());
        history.start((VirtualFileSystem) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {VirtualFileSystem.class}, replacedInTheBarrier));
        successor.set(tree.copy());
        run(0, create(0, "lost"));
        AssertionError wrong = assertThrows(AssertionError.class, history::sync);
        assertTrue(wrong.getMessage().contains("acknowledged"), wrong.getMessage());
    }
}
