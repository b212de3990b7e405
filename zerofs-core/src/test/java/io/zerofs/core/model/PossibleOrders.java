// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.model;

import io.zerofs.core.model.RandomOperations.Effect;
import io.zerofs.core.model.RandomOperations.Step;
import io.zerofs.core.vfs.FsError;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.VirtualFileSystem;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The operations below one directory since a certain state, and every order of them that their answers and their times
 * allow. A file system must have happened in one of the orders, and a crash must leave a beginning of it.
 *
 * <p>Orders that lead to the same state are one. There are as many orders as concurrent operations have outcomes. One
 * client has one order; more than four clients that always meet would be slow. One thread.
 */
final class PossibleOrders {
    private static final Pattern ALLOCATED = Pattern.compile("allocatedBytes=[0-9]+");
    private static final int REPORTED = 40;
    private static final int REPORTED_DIFFERENCES = 5;

    /** One operation of a client, with the moments of its call and of its answer. */
    static final class Operation {
        final long number;
        final Step step;
        final long began;
        private final int client;
        private final int index;
        long ended = Long.MAX_VALUE;
        private boolean met;
        private Object outcome = "no answer";

        private Operation(long number, int client, Step step, long began, int index) {
            this.number = number;
            this.client = client;
            this.step = step;
            this.began = began;
            this.index = index;
        }

        /** Returns whether the volume had no room for the operation: then it has no effect. */
        boolean isRefused() {
            return outcome == FsError.NO_SPACE;
        }

        /** Returns whether the operation has changed something. The answer IO leaves this open. */
        boolean hasChanged(Object answer) {
            return step.effect() == Effect.CHANGE && !(answer instanceof FsError);
        }

        boolean hasChanged() {
            return ended != Long.MAX_VALUE && hasChanged(outcome);
        }

        @Override
        public String toString() {
            return "#" + number + " client " + client + " [" + began + ", "
                    + (ended == Long.MAX_VALUE ? "" : ended) + "] " + step.description() + ": "
                    + beginningOf(outcome.toString(), 60);
        }
    }

    /** A beginning of an order. */
    private static final class Beginning {
        final BitSet included;
        final ModelFileSystem state;
        /** The answers to operations that the file system has not answered yet. */
        final Map<Operation, String> answers;

        final List<Beginning> before = new ArrayList<>();
        final Map<Object, Beginning> next = new HashMap<>();

        Beginning(BitSet included, ModelFileSystem state, Map<Operation, String> answers) {
            this.included = included;
            this.state = state;
            this.answers = answers;
        }
    }

    private record Key(BitSet included, long state, Map<Operation, String> answers) {}

    /**
     * A beginning whose state is that of a recovered tree.
     *
     * @param lastBegin the latest begin of an operation in it, 0 if it has none
     * @param firstEnd the earliest end of an operation that it lacks
     */
    record Match(Object beginning, long lastBegin, long firstEnd) {
        @Override
        public String toString() {
            return "begun until " + lastBegin + ", ended from " + firstEnd;
        }
    }

    private final InodeId directory;
    private final OperationClock clock;
    private final List<Operation> operations = new ArrayList<>();
    private final Set<Operation> pending = new LinkedHashSet<>();
    private final Map<Key, Beginning> known = new HashMap<>();
    private Set<Beginning> ends;

    PossibleOrders(InodeId directory, ModelFileSystem state, OperationClock clock) {
        this.directory = directory;
        this.clock = clock;
        restart(state);
    }

    private void restart(ModelFileSystem state) {
        operations.clear();
        pending.clear();
        known.clear();
        ends = Set.of(new Beginning(new BitSet(), state, Map.of()));
    }

    InodeId directory() {
        return directory;
    }

    Operation begin(long number, int client, Step step, long now) {
        Operation operation = new Operation(number, client, step, now, operations.size());
        operation.met = !pending.isEmpty();
        pending.forEach(other -> other.met = true);
        operations.add(operation);
        pending.add(operation);
        return operation;
    }

    /**
     * Notes an answer and forgets the orders that contradict it. The answer IO says nothing about the effect. A scan
     * that met a change has an answer that no moment needs to have.
     */
    void end(Operation operation, Object outcome) {
        operation.outcome = outcome;
        pending.remove(operation);
        boolean anyAnswer = outcome == FsError.IO
                || operation.isRefused()
                || operation.step.effect() == Effect.SCAN && operation.met;
        String answer = anyAnswer ? null : text(outcome);
        Set<Beginning> possible = new LinkedHashSet<>();
        Set<String> others = new LinkedHashSet<>();
        for (Beginning end : ends) {
            if (!end.included.get(operation.index)) {
                advance(end, operation, answer, possible, others);
            } else if (anyAnswer ? !operation.isRefused() : answer.equals(end.answers.get(operation))) {
                possible.add(end);
            } else {
                others.add(end.answers.get(operation));
            }
        }
        if (possible.isEmpty()) {
            throw new AssertionError(
                    "wrong answer " + answer + "\n  to " + operation + "\n  expected one of " + others + report());
        }
        ends = possible;
    }

    /** Adds every order in which the operation comes next, after any of those that are in flight. */
    private void advance(
            Beginning from, Operation operation, String answer, Set<Beginning> possible, Set<String> others) {
        if (answer == null) {
            possible.add(without(from, operation));
        }
        if (answer != null || operation.step.effect() == Effect.CHANGE && !operation.isRefused()) {
            Beginning next = with(from, operation);
            String expected = next.answers.get(operation);
            if (answer == null || answer.equals(expected)) {
                possible.add(next);
            } else {
                others.add(expected);
            }
        }
        for (Operation other : pending) {
            if (!from.included.get(other.index)) {
                advance(with(from, other), operation, answer, possible, others);
            }
        }
    }

    private Beginning with(Beginning from, Operation operation) {
        return from.next.computeIfAbsent(operation, key -> {
            ModelFileSystem state = from.state.copy();
            Long outer = clock.set(operation.number);
            state.setNextInode(operation.number);
            Object outcome = operation.step.outcome(state);
            clock.set(outer);
            return successor(from, operation, outcome instanceof FsError ? from.state : state, text(outcome));
        });
    }

    /** The operation happened without an effect, as its answer allows. */
    private Beginning without(Beginning from, Operation operation) {
        return from.next.computeIfAbsent(
                List.of(operation), key -> successor(from, operation, from.state, "without effect"));
    }

    private Beginning successor(Beginning from, Operation operation, ModelFileSystem state, String answer) {
        BitSet included = (BitSet) from.included.clone();
        included.set(operation.index);
        Map<Operation, String> answers = new HashMap<>(from.answers);
        answers.keySet().retainAll(pending);
        answers.put(operation, answer);
        Beginning next = new Beginning(included, state, answers);
        if (operation.met) {
            // Without a concurrent operation there is no other way to this state.
            next = known.computeIfAbsent(
                    new Key(included, state.fingerprint(), answers), key -> new Beginning(included, state, answers));
        }
        next.before.add(from);
        return next;
    }

    private static String beginningOf(String text, int charactersMax) {
        return text.substring(0, Math.min(text.length(), charactersMax));
    }

    private static String text(Object outcome) {
        return ALLOCATED.matcher(String.valueOf(outcome)).replaceAll("allocated");
    }

    /** Forgets the beginnings that lack an operation which ended before this moment. */
    void keep(long durableUntil) {
        BitSet durable = new BitSet();
        operations.stream().filter(each -> each.ended < durableUntil).forEach(each -> durable.set(each.index));
        if (durable.cardinality() == operations.size() && ends.size() == 1) {
            restart(ends.iterator().next().state);
            return;
        }
        Set<Beginning> kept = all(ends);
        kept.forEach(each -> each.before.removeIf(earlier -> !contains(earlier.included, durable)));
        known.values().retainAll(all(ends));
    }

    private static boolean contains(BitSet all, BitSet some) {
        BitSet missing = (BitSet) some.clone();
        missing.andNot(all);
        return missing.isEmpty();
    }

    /** Returns the beginnings of these, from the longest. */
    private static Set<Beginning> all(Set<Beginning> ends) {
        Set<Beginning> found = new LinkedHashSet<>(ends);
        List<Beginning> open = new ArrayList<>(ends);
        for (int i = 0; i < open.size(); i++) {
            for (Beginning earlier : open.get(i).before) {
                if (found.add(earlier)) {
                    open.add(earlier);
                }
            }
        }
        return found;
    }

    /** Returns the beginnings that are as this tree and have every operation that ended before a moment. */
    List<Match> matches(VirtualFileSystem tree, long durableUntil) throws FsException {
        Set<Beginning> whole = new LinkedHashSet<>();
        ends.forEach(end -> inFlight(end, whole));
        List<Match> matches = new ArrayList<>();
        List<String> differences = new ArrayList<>();
        for (Beginning each : all(whole)) {
            long firstEnd = firstEnd(each);
            if (firstEnd >= durableUntil) {
                String difference = difference(each, tree);
                if (difference == null) {
                    matches.add(new Match(each, lastBegin(each), firstEnd));
                } else if (differences.size() < REPORTED_DIFFERENCES) {
                    differences.add("\n  with " + each.included.cardinality() + " of " + operations.size()
                            + " operations: " + beginningOf(difference, 600));
                }
            }
        }
        if (matches.isEmpty()) {
            throw new AssertionError("the tree is none that the history allows; what ended before " + durableUntil
                    + " must be there" + String.join("", differences) + report());
        }
        return matches;
    }

    private void inFlight(Beginning from, Set<Beginning> whole) {
        whole.add(from);
        for (Operation other : pending) {
            if (!from.included.get(other.index)) {
                inFlight(with(from, other), whole);
            }
        }
    }

    private String difference(Beginning beginning, VirtualFileSystem tree) throws FsException {
        try {
            TreeComparison.assertSameBelow(directory, beginning.state, tree);
            return null;
        } catch (AssertionError e) {
            return e.getMessage();
        }
    }

    private long lastBegin(Beginning beginning) {
        return operations.stream()
                .filter(each -> beginning.included.get(each.index))
                .mapToLong(each -> each.began)
                .max()
                .orElse(0);
    }

    private long firstEnd(Beginning beginning) {
        return operations.stream()
                .filter(each -> !beginning.included.get(each.index))
                .mapToLong(each -> each.ended)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    /** Returns the operations that are not in a match. */
    List<Operation> missing(Match match) {
        BitSet included = ((Beginning) match.beginning()).included;
        return operations.stream().filter(each -> !included.get(each.index)).toList();
    }

    /** Goes on from a match. */
    void goOnFrom(Match match) {
        restart(afterCrash(match));
    }

    /** Returns the state of a match. Nobody holds anything any more. */
    static ModelFileSystem afterCrash(Match match) {
        ModelFileSystem state = ((Beginning) match.beginning()).state.copy();
        state.restart(StableIds.id(0).generation());
        return state;
    }

    private String report() {
        StringBuilder text = new StringBuilder("\n  last operations:");
        operations
                .subList(Math.max(0, operations.size() - REPORTED), operations.size())
                .forEach(each -> text.append("\n    ").append(each));
        return text.append('\n').toString();
    }
}
