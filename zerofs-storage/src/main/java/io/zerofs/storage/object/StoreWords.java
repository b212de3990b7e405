// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

/** The words of a store in a message for the operator: on one line, and not too many. */
public final class StoreWords {
    private static final int LENGTH_MAX = 300;

    private StoreWords() {}

    /** The code of an error, with what the store says about it. */
    public static String appended(String code, String message) {
        String words = message == null
                ? ""
                : message.replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
        if (words.endsWith(".")) {
            words = words.substring(0, words.length() - 1);
        }
        if (words.isEmpty() || words.equals(code)) {
            return code;
        }
        return code + ": " + (words.length() > LENGTH_MAX ? words.substring(0, LENGTH_MAX) + "..." : words);
    }
}
