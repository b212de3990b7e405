// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The header {@code Content-Range} of a partial answer (RFC 9110 §14.4).
 *
 * @param first offset of the first byte
 * @param last offset of the last byte
 * @param size of the whole object; -1 if the store does not report it
 */
public record ContentRange(long first, long last, long size) {
    private static final Pattern FORM = Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18}|\\*)");

    /** Returns the parsed header; empty if it is missing or invalid. */
    public static Optional<ContentRange> parse(String header) {
        Matcher parts = FORM.matcher(header == null ? "" : header.strip());
        if (!parts.matches()) {
            return Optional.empty();
        }
        long size = parts.group(3).equals("*") ? -1 : Long.parseLong(parts.group(3));
        ContentRange range = new ContentRange(Long.parseLong(parts.group(1)), Long.parseLong(parts.group(2)), size);
        return range.last < range.first || size >= 0 && range.last >= size ? Optional.empty() : Optional.of(range);
    }

    public long length() {
        return last - first + 1;
    }

    /** Returns whether the answer is exactly the requested range, with {@code received} bytes in its body. */
    public boolean isExactly(long offset, int length, long received) {
        return first == offset && length() == length && received == length;
    }

    /** Returns whether the object ends within the requested range. */
    public boolean endsBefore(long offset, int length, long received) {
        return first == offset && length() < length && received == length() && last + 1 == size;
    }

    @Override
    public String toString() {
        return "bytes " + first + "-" + last + "/" + (size < 0 ? "*" : size);
    }
}
