// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * The states in which the files of one client may be after a crash. The first is that of the last answered fsync. Each
 * change since then leads to another one. One thread.
 */
public class SoakHistory {
    private final List<SortedMap<String, Content>> states = new ArrayList<>();
    private int answered;

    /** A file: the numbers of its blocks, and the value of its attribute, 0 if there is none. */
    public record Content(long label, long... blocks) {
        static final Content EMPTY = new Content(0);

        Content with(int at, long... numbers) {
            long[] changed = Arrays.copyOf(blocks, Math.max(blocks.length, at + numbers.length));
            System.arraycopy(numbers, 0, changed, at, numbers.length);
            return new Content(label, changed);
        }

        Content ofLength(int length) {
            return new Content(label, Arrays.copyOf(blocks, length));
        }

        Content labelled(long other) {
            return new Content(other, blocks);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Content content && label == content.label && Arrays.equals(blocks, content.blocks);
        }

        @Override
        public int hashCode() {
            return 31 * Long.hashCode(label) + Arrays.hashCode(blocks);
        }
    }

    public SoakHistory(SortedMap<String, Content> state) {
        restart(state);
    }

    private void restart(SortedMap<String, Content> state) {
        states.clear();
        states.add(state);
        answered = 0;
    }

    /** Returns a copy of the state after all changes. */
    public SortedMap<String, Content> now() {
        return new TreeMap<>(states.get(states.size() - 1));
    }

    /** Returns the number of blocks that are not zero. */
    long liveBlocks() {
        return now().values().stream()
                .flatMapToLong(content -> Arrays.stream(content.blocks()))
                .filter(number -> number != 0)
                .count();
    }

    /** A change is about to be requested, which leads to this state. */
    public void begun(SortedMap<String, Content> next) {
        states.add(next);
    }

    /** The request of the last change was answered. */
    void answered() {
        answered = states.size() - 1;
    }

    /** An fsync after all changes was answered. */
    public void durable() {
        restart(now());
    }

    /** The server has begun again, and this is what is there. After an orderly end no answered change may be missing. */
    void recovered(SortedMap<String, Content> found, boolean orderly) {
        if (states.subList(orderly ? answered : 0, states.size()).stream().noneMatch(found::equals)) {
            throw new SoakFailure(
                    "after the restart the files are none of " + (states.size() - (orderly ? answered : 0))
                            + " possible states; nearest differences: " + nearest(found));
        }
        restart(found);
    }

    private String nearest(SortedMap<String, Content> found) {
        return states.stream()
                .map(state -> differences(state, found))
                .min((one, two) -> Integer.compare(one.length(), two.length()))
                .orElseThrow();
    }

    /** Names the files that differ, with what is expected and what is there. */
    public static String differences(SortedMap<String, Content> expected, SortedMap<String, Content> found) {
        SortedMap<String, Content> all = new TreeMap<>(expected);
        all.putAll(found);
        return all.keySet().stream()
                .filter(name -> !Objects.equals(expected.get(name), found.get(name)))
                .map(name -> name + ": " + text(expected.get(name)) + " is " + text(found.get(name)))
                .collect(Collectors.joining("; "));
    }

    private static String text(Content content) {
        return content == null ? "absent" : content.label + " " + Arrays.toString(content.blocks);
    }

    /** Writes the state, from which another run continues. */
    void save(Path file) throws IOException {
        List<String> lines = new ArrayList<>();
        now().forEach((name, content) -> lines.add(name + " " + content.label
                + Arrays.stream(content.blocks).mapToObj(block -> " " + block).collect(Collectors.joining())));
        Files.write(file, lines);
    }

    /** Returns a state that was saved. */
    static SortedMap<String, Content> load(Path file) throws IOException {
        SortedMap<String, Content> state = new TreeMap<>();
        for (String line : Files.readAllLines(file)) {
            String[] words = line.split(" ");
            LongStream blocks = Stream.of(words).skip(2).mapToLong(Long::parseLong);
            state.put(words[0], new Content(Long.parseLong(words[1]), blocks.toArray()));
        }
        return state;
    }
}
