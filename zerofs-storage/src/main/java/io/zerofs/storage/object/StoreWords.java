// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

/** Shortens a store's own words for a message to the operator: one line of bounded length. */
public final class StoreWords {
    private static final int LENGTH_MAX = 300;

    private StoreWords() {}

    /** Returns the code of an error with the store's words about it. */
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
