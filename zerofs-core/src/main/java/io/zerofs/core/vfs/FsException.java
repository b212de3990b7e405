// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

/** The only checked exception of the file system. Expected outcomes have no stack trace and no detail. */
public final class FsException extends Exception {
    private final FsError error;

    FsException(FsError error, String detail, Throwable cause) {
        super(detail == null ? error.name() : error.name() + ": " + detail, cause, false, false);
        this.error = error;
    }

    public FsError error() {
        return error;
    }
}
