// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.model;

import io.zerofs.core.model.SharedHistory.Call;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * The possible orders of the calls of one object. It follows the requests and answers in time, with every state that the
 * object can have. A call takes effect when an answer needs it: its own, or one that comes after it in the order.
 */
final class Linearization {
    /** Clients that overlap double the number of states; more than these mean a load that cannot be judged. */
    private static final int POSSIBLE_MAX = 1 << 20;

    /**
     * A state that the object can have.
     *
     * @param done calls in flight that have taken effect
     * @param crashed whether an earlier state is the one that the crash left
     */
    private record Possible(Object state, Set<Call> done, boolean crashed) {}

    private record Event(long moment, Call call) {}

    private final List<Event> events = new ArrayList<>();
    private final Set<Call> open = new HashSet<>();
    private final Object first;
    private final Set<Call> required = new HashSet<>();
    private Object left;

    private Linearization(Object first, List<Call> calls) {
        this.first = first;
        for (Call call : calls) {
            events.add(new Event(call.began, call));
            if (call.isAnswered()) {
                events.add(new Event(call.ended, call));
            }
        }
        events.sort(Comparator.comparingLong(Event::moment));
    }

    static Linearization of(Object first, List<Call> calls) {
        return new Linearization(first, calls);
    }

    boolean explainsAnswers() {
        return !follow().isEmpty();
    }

    /** Returns whether a crash can leave the state, if everything that ended before the moment is durable. */
    boolean leaves(Object state, long durableUntil) {
        left = state;
        events.stream()
                .map(Event::call)
                .filter(call -> call.ended < durableUntil)
                .forEach(required::add);
        return follow().stream().anyMatch(Possible::crashed);
    }

    private Set<Possible> follow() {
        Set<Possible> possible = new HashSet<>();
        possible.add(new Possible(first, Set.of(), false));
        for (Event event : events) {
            Call call = event.call;
            if (open.add(call)) {
                continue;
            }
            Set<Possible> next = new HashSet<>();
            for (Possible each : reachable(possible)) {
                if (each.done.contains(call)) {
                    next.add(new Possible(each.state, without(each.done, call), each.crashed));
                }
            }
            open.remove(call);
            required.remove(call);
            possible = next;
        }
        return reachable(possible);
    }

    /** Adds the states after any of the calls in flight, in any order. */
    private Set<Possible> reachable(Set<Possible> from) {
        Set<Possible> all = new HashSet<>(from);
        Deque<Possible> waiting = new ArrayDeque<>(from);
        for (Possible each; (each = waiting.poll()) != null; ) {
            List<Possible> after = new ArrayList<>();
            if (!each.crashed && Objects.equals(left, each.state) && each.done.containsAll(required)) {
                after.add(new Possible(each.state, each.done, true));
            }
            for (Call call : open) {
                Object state = each.done.contains(call) ? null : call.on(each.state);
                if (state != null) {
                    after.add(new Possible(state, with(each.done, call), each.crashed));
                }
            }
            after.stream().filter(all::add).forEach(waiting::add);
            if (all.size() > POSSIBLE_MAX) {
                throw new IllegalStateException("too many calls overlap to judge them");
            }
        }
        return all;
    }

    private static Set<Call> with(Set<Call> calls, Call one) {
        Set<Call> more = new HashSet<>(calls);
        more.add(one);
        return more;
    }

    private static Set<Call> without(Set<Call> calls, Call one) {
        Set<Call> less = new HashSet<>(calls);
        less.remove(one);
        return less;
    }
}
