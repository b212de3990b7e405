// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.server.ninep.wire.Errno;

/** Ends an operation with an error that the 9P server finds itself, such as an unknown fid. No stack trace. */
final class ErrnoException extends RuntimeException {
    private final Errno errno;

    ErrnoException(Errno errno) {
        super(errno.name(), null, false, false);
        this.errno = errno;
    }

    Errno errno() {
        return errno;
    }
}
