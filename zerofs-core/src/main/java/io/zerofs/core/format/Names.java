// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.format;

import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsException;

/** Names in keys and records: their bytes. */
final class Names {
    private Names() {}

    static FileName decode(byte[] bytes) throws RecordFormatException {
        try {
            return FileName.of(bytes);
        } catch (FsException e) {
            throw new RecordFormatException("not a file name, " + bytes.length + " bytes");
        }
    }
}
