// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.mutations;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A small breakage of one line of the program, which some test must notice.
 *
 * @param breaks the invariant that the breakage violates
 * @param see the page or type that states the invariant
 * @param file the source to change, from the root of the project
 * @param text the part of the source to replace; any white space in it matches any other
 * @param tests names of the test classes that must notice, the quickest first
 */
record Mutation(
        String name, String breaks, String see, String file, String text, String replacement, List<String> tests) {
    private static final Pattern WHITE_SPACE = Pattern.compile("\\s+");

    /** Returns the source with the breakage. The text must occur once, because the list has to follow the code. */
    String applyTo(String source) {
        Matcher place = Pattern.compile(Arrays.stream(WHITE_SPACE.split(text.strip()))
                        .map(Pattern::quote)
                        .collect(Collectors.joining("\\s+")))
                .matcher(source);
        if (!place.find()) {
            throw new IllegalArgumentException(name + ": its text does not occur in " + file);
        }
        int start = place.start();
        int end = place.end();
        if (place.find()) {
            throw new IllegalArgumentException(name + ": its text occurs more than once in " + file);
        }
        return source.substring(0, start) + replacement + source.substring(end);
    }

    Mutation withTests(List<String> others) {
        return new Mutation(name, breaks, see, file, text, replacement, others);
    }
}
