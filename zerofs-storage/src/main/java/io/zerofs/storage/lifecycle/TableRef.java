// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.lifecycle;

import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;

/**
 * A RocksDB table (SSTable) in the store.
 *
 * @param number as RocksDB numbers its files; it may give one number twice, so it is no name by itself
 * @param epoch the term of the writer that uploaded it
 * @param size bytes of the plain file
 * @param digest HMAC-SHA-256 of the plain file under a key of the volume; not to be changed
 */
public record TableRef(long number, long epoch, long size, byte[] digest) {
    /** What the names of all tables begin with. */
    public static final String PREFIX = "sst/";

    static final int DIGEST_BYTES = 32;

    /** Half of the digest is plenty to make a name unique. */
    private static final int NAME_DIGEST_BYTES = 16;

    public TableRef {
        if (number < 1 || epoch < 1 || size < 1 || digest.length != DIGEST_BYTES) {
            throw new IllegalArgumentException("impossible reference to table " + number);
        }
    }

    /** Relative to the storage URL. */
    public String objectName() {
        String digits = HexFormat.of().formatHex(digest, 0, NAME_DIGEST_BYTES);
        return String.format(Locale.ROOT, "%s%016x-%016x-%s", PREFIX, epoch, number, digits);
    }

    /** What RocksDB calls the file. */
    String fileName() {
        return String.format(Locale.ROOT, "%06d.sst", number);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TableRef table
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
