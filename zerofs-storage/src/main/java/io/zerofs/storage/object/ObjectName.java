// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

/**
 * The rules for names of objects. Every store can hold such names, a local directory included. A name that breaks the
 * rules is a bug of ours and no condition of the store, hence IllegalArgumentException.
 */
public final class ObjectName {
    /** S3 allows 1,024 bytes for prefix and name together, a file system 255 for a segment. */
    public static final int LENGTH_MAX = 512;

    public static final int SEGMENT_LENGTH_MAX = 200;

    private ObjectName() {}

    /** Returns the name if it is valid. */
    public static String require(String name) {
        if (!isName(name)) {
            String shown = name.length() > LENGTH_MAX ? name.substring(0, LENGTH_MAX) + "..." : name;
            throw new IllegalArgumentException("not an object name: '" + shown + "'");
        }
        return name;
    }

    /** Returns whether the name is segments of {@code [A-Za-z0-9._-]} joined by {@code /}, none of them only dots. */
    public static boolean isName(String name) {
        int start = 0;
        for (int at = 0; at <= name.length() && at <= LENGTH_MAX; at++) {
            if (at == name.length() || name.charAt(at) == '/') {
                if (!isSegment(name.substring(start, at))) {
                    return false;
                }
                start = at + 1;
            }
        }
        return name.length() <= LENGTH_MAX;
    }

    /** Returns the prefix if names can begin with it. The empty prefix means all names. */
    public static String requirePrefix(String prefix) {
        for (int at = 0; at < prefix.length(); at++) {
            if (prefix.charAt(at) != '/' && !isNameCharacter(prefix.charAt(at))) {
                throw new IllegalArgumentException("not a prefix of object names: '" + prefix + "'");
            }
        }
        return prefix;
    }

    /** Returns whether the string can be a segment of a name. */
    public static boolean isSegment(String segment) {
        boolean dotsOnly = true;
        for (int at = 0; at < segment.length(); at++) {
            if (!isNameCharacter(segment.charAt(at))) {
                return false;
            }
            dotsOnly &= segment.charAt(at) == '.';
        }
        return !dotsOnly && segment.length() <= SEGMENT_LENGTH_MAX;
    }

    private static boolean isNameCharacter(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-';
    }
}
