// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Judges what concurrent clients of shared objects saw until a crash or a takeover, from outside: a client adds each call
 * and its answer.
 *
 * <p>The rules: for each object one order of the calls explains all answers, and keeps the order of calls that did not
 * overlap. A crash leaves a beginning of that order. Everything that ended before an acknowledged barrier began is in it.
 * A call without an answer may be there or not. If a written value is there, so is every value that was written before.
 *
 * <p>States are values with equals. Thread-safe, but {@link #judge} runs alone.
 */
public final class SharedHistory {
    private static final int REPORTED = 60;

    /** Returns the state after a call, or null if its answer does not fit the state. */
    @FunctionalInterface
    public interface Effect {
        Object on(Object state);
    }

    /** A call of one client, from its request to its answer. */
    public static final class Call {
        final int object;
        final String text;
        /** The unique value that the call writes, or null. */
        final Object written;

        final long began;
        volatile long ended = Long.MAX_VALUE;
        private volatile Effect effect;

        Call(int object, String text, Object written, long began, Effect effect) {
            this.object = object;
            this.text = text;
            this.written = written;
            this.began = began;
            this.effect = effect;
        }

        Object on(Object state) {
            return effect.on(state);
        }

        boolean isAnswered() {
            return ended != Long.MAX_VALUE;
        }

        @Override
        public String toString() {
            return "[" + began + ", " + (isAnswered() ? ended : "") + "] " + text;
        }
    }

    private final AtomicLong moments = new AtomicLong();
    private final AtomicLong durableUntil = new AtomicLong();
    private final List<Object> states;
    private final Queue<Call> calls = new ConcurrentLinkedQueue<>();

    /** Begins with these states of the objects. */
    public SharedHistory(List<?> states) {
        this.states = List.copyOf(states);
    }

    /** Returns the number of calls. */
    public int calls() {
        return calls.size();
    }

    /** Returns a moment later than every earlier one: the begin of a barrier, or of a call that changes nothing. */
    public long now() {
        return moments.incrementAndGet();
    }

    /** Begins a write of a value that no other call writes to the object. */
    public Call write(int object, Object value) {
        return begin(object, "write " + value, value, state -> value);
    }

    /** Begins a change. The effect is the one that the change has if no answer comes. */
    public Call change(int object, String text, Effect effect) {
        return begin(object, text, null, effect);
    }

    private Call begin(int object, String text, Object written, Effect effect) {
        Call call = new Call(object, text, written, now(), effect);
        calls.add(call);
        return call;
    }

    public void answered(Call call) {
        call.ended = now();
    }

    public void answered(Call call, Effect effect) {
        call.effect = effect;
        answered(call);
    }

    /** Adds a call that changed nothing, after its answer. */
    public void observed(int object, long began, String text, Effect effect) {
        Call call = new Call(object, text, null, began, effect);
        call.ended = now();
        calls.add(call);
    }

    /** Adds a read of a whole state. */
    public void read(int object, long began, Object value) {
        observed(object, began, "read " + value, state -> value.equals(state) ? state : null);
    }

    /** Adds the acknowledgement of a barrier. */
    public void durable(long began) {
        durableUntil.accumulateAndGet(began, Math::max);
    }

    /** Judges the calls, and the states that the crash left. */
    public void judge(List<?> found) {
        assertEquals(states.size(), found.size());
        Map<Integer, List<Call>> callsOf = new HashMap<>();
        calls.forEach(call ->
                callsOf.computeIfAbsent(call.object, any -> new ArrayList<>()).add(call));
        for (int i = 0; i < found.size(); i++) {
            judge(i, callsOf.getOrDefault(i, List.of()), found.get(i));
        }
        requireBeginning(callsOf, found);
    }

    private void judge(int object, List<Call> all, Object found) {
        if (all.isEmpty() && found.equals(states.get(object))) {
            return;
        }
        Object state = states.get(object);
        String why = null;
        if (!Linearization.of(state, all).explainsAnswers()) {
            why = "no order explains the answers";
        } else if (!Linearization.of(state, all).leaves(found, durableUntil.get())) {
            why = "no order leaves " + found + ", durable is everything before " + durableUntil;
        }
        if (why != null) {
            List<Call> last = all.subList(Math.max(0, all.size() - REPORTED), all.size());
            StringBuilder text = new StringBuilder("object " + object + ": " + why + "; first " + state);
            last.forEach(call -> text.append("\n  ").append(call));
            throw new AssertionError(text);
        }
    }

    /** Requires that no value is missing which was written before another began that is there, in any object. */
    private void requireBeginning(Map<Integer, List<Call>> callsOf, List<?> found) {
        Call lastKept = null;
        Call firstMissing = null;
        for (Map.Entry<Integer, List<Call>> each : callsOf.entrySet()) {
            Object value = found.get(each.getKey());
            long keptUntil = 0;
            for (Call call : each.getValue()) {
                if (value.equals(call.written)) {
                    keptUntil = call.ended;
                    lastKept = lastKept == null || call.began > lastKept.began ? call : lastKept;
                }
            }
            for (Call call : each.getValue()) {
                if (call.written != null && call.began > keptUntil) {
                    firstMissing = firstMissing == null || call.ended < firstMissing.ended ? call : firstMissing;
                }
            }
        }
        if (lastKept != null && firstMissing != null && firstMissing.ended < lastKept.began) {
            throw new AssertionError("object " + firstMissing.object + " misses " + firstMissing + ", but object "
                    + lastKept.object + " has the later " + lastKept);
        }
    }
}
