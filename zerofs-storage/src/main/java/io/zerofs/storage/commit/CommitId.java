// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import java.util.Locale;

/**
 * Names a commit, or the fence in its place.
 *
 * @param epoch the term of the writer whose log it belongs to
 * @param seq grows by one per commit over the life of the volume, across epochs; the first is 1
 */
public record CommitId(long epoch, long seq) {
    /** Prefix of the names of all commits. */
    public static final String PREFIX = "commits/";

    private static final int DIGITS = 16;
    private static final int NAME_LENGTH = PREFIX.length() + DIGITS + 1 + DIGITS;

    public CommitId {
        if (epoch < 1 || seq < 1) {
            throw new IllegalArgumentException("epoch and seq begin with 1");
        }
    }

    /** Returns the prefix of the names of an epoch's commits. */
    public static String epochPrefix(long epoch) {
        return PREFIX + hex(epoch) + "/";
    }

    /** Returns a name directly before this commit's name, where a list that contains the commit begins. */
    public static String nameBefore(long epoch, long seq) {
        return epochPrefix(epoch) + hex(seq - 1);
    }

    /** Returns the name relative to the storage URL: two fixed-width hexadecimal numbers, which sort like numbers. */
    public String objectName() {
        return epochPrefix(epoch) + hex(seq);
    }

    /** Returns the commit with this object name, or null if no commit has such a name. */
    public static CommitId ofObjectName(String name) {
        if (name.length() != NAME_LENGTH || !name.startsWith(PREFIX)) {
            return null;
        }
        int slash = PREFIX.length() + DIGITS;
        long epoch = parse(name.substring(PREFIX.length(), slash));
        long seq = parse(name.substring(slash + 1));
        if (epoch < 1 || seq < 1) {
            return null;
        }
        CommitId id = new CommitId(epoch, seq);
        return id.objectName().equals(name) ? id : null;
    }

    @Override
    public String toString() {
        return objectName();
    }

    private static String hex(long number) {
        return String.format(Locale.ROOT, "%016x", number);
    }

    private static long parse(String digits) {
        try {
            return Long.parseLong(digits, 16);
        } catch (NumberFormatException e) {
            return -1;
        }
    }
}
