// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.manifest;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A RocksDB table (SSTable) in the store.
 *
 * @param number RocksDB's number of the file. RocksDB may use a number twice, so it is no name by itself
 * @param epoch the term of the writer that uploaded it
 * @param size bytes of the plain file
 * @param digest HMAC-SHA-256 of the plain file under a key of the volume; must not be changed
 */
public record TableReference(long number, long epoch, long size, byte[] digest) {
    /** Prefix of the names of all tables. */
    public static final String PREFIX = "sst/";

    public static final int DIGEST_BYTES = 32;

    /** Bytes of the digest in a name: half of it is enough to make the name unique. */
    private static final int NAME_DIGEST_BYTES = 16;

    private static final Pattern NAME = Pattern.compile(PREFIX + "([0-9a-f]{16})-([0-9a-f]{16})-([0-9a-f]{32})");

    public TableReference {
        if (number < 1 || epoch < 1 || size < 1 || digest.length != DIGEST_BYTES) {
            throw new IllegalArgumentException("impossible reference to table " + number);
        }
    }

    /** Returns the name relative to the storage URL. */
    public String objectName() {
        String digits = HexFormat.of().formatHex(digest, 0, NAME_DIGEST_BYTES);
        return String.format(Locale.ROOT, "%s%016x-%016x-%s", PREFIX, epoch, number, digits);
    }

    /**
     * Returns the table with this object name. The second half of its digest is zeros, because the name does not have it.
     * Null if it is no name of a table.
     */
    public static TableReference ofObjectName(String name, long size) {
        Matcher parts = NAME.matcher(name);
        if (!parts.matches() || size < 1) {
            return null;
        }
        long epoch = Long.parseUnsignedLong(parts.group(1), 16);
        long number = Long.parseUnsignedLong(parts.group(2), 16);
        byte[] digest = Arrays.copyOf(HexFormat.of().parseHex(parts.group(3)), DIGEST_BYTES);
        return epoch < 1 || number < 1 ? null : new TableReference(number, epoch, size, digest);
    }

    /** Returns RocksDB's name of the file. */
    public String fileName() {
        return String.format(Locale.ROOT, "%06d.sst", number);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TableReference table
                && number == table.number
                && epoch == table.epoch
                && size == table.size
                && Arrays.equals(digest, table.digest);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(digest);
    }

    @Override
    public String toString() {
        return objectName();
    }
}
