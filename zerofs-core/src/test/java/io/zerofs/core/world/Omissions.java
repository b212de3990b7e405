// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.world;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Events that a world leaves out, although its seed wants them: some numbers of each kind, counted from 0. Immutable. As text
 * they look like {@code fault:0-/step:3-7,9,20-}: all faults, and the steps 3 to 7, 9, and all from 20.
 */
public final class Omissions {
    public static final Omissions NONE = new Omissions(Map.of());

    /** Some numbers, and all from a larger one. */
    private record Numbers(BitSet some, int from) {
        boolean contain(int number) {
            return number >= from || some.get(number);
        }

        Numbers with(int first, int end) {
            BitSet more = (BitSet) some.clone();
            int last = end == Integer.MAX_VALUE ? Math.min(from, first) : from;
            more.set(first, Math.max(first, Math.min(end, last)));
            if (last != Integer.MAX_VALUE) {
                last = more.previousClearBit(last - 1) + 1;
                more.clear(last, Math.max(last, more.length()));
            }
            return new Numbers(more, last);
        }

        @Override
        public String toString() {
            List<String> ranges = new ArrayList<>();
            int end;
            for (int first = some.nextSetBit(0); first >= 0; first = some.nextSetBit(end)) {
                end = some.nextClearBit(first);
                ranges.add(end == first + 1 ? "" + first : first + "-" + (end - 1));
            }
            if (from != Integer.MAX_VALUE) {
                ranges.add(from + "-");
            }
            return String.join(",", ranges);
        }
    }

    private final Map<String, Numbers> kinds;

    private Omissions(Map<String, Numbers> kinds) {
        this.kinds = kinds;
    }

    public static Omissions parse(String text) {
        Omissions all = NONE;
        for (String kind : text.isEmpty() ? new String[0] : text.split("/")) {
            String[] parts = kind.split(":");
            for (String range : parts[1].split(",")) {
                String[] ends = range.split("-", -1);
                int first = Integer.parseInt(ends[0]);
                int end = ends[ends.length - 1].isEmpty()
                        ? Integer.MAX_VALUE
                        : Integer.parseInt(ends[ends.length - 1]) + 1;
                all = all.with(parts[0], first, end);
            }
        }
        return all;
    }

    public boolean contain(String kind, int number) {
        Numbers numbers = kinds.get(kind);
        return numbers != null && numbers.contain(number);
    }

    /** Returns these and more of one kind, without an end if the end is the largest number. */
    Omissions with(String kind, int first, int end) {
        Map<String, Numbers> more = new TreeMap<>(kinds);
        more.put(
                kind,
                more.getOrDefault(kind, new Numbers(new BitSet(), Integer.MAX_VALUE))
                        .with(first, end));
        return new Omissions(more);
    }

    @Override
    public String toString() {
        List<String> parts = new ArrayList<>();
        kinds.forEach((kind, numbers) -> parts.add(kind + ":" + numbers));
        return String.join("/", parts);
    }
}
