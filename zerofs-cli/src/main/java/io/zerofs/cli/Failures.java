// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.core.volume.VolumeException;

/** Turns what the layers below throw into an exit code and a line for the user. */
final class Failures {
    private Failures() {}

    static ExitException of(VolumeException e) {
        ExitCode code = switch (e.kind()) {
            case UNAVAILABLE -> ExitCode.STORE_UNREADABLE;
            case FENCED -> ExitCode.FENCED;
            case CORRUPT -> ExitCode.DAMAGED;
            case NO_SPACE -> ExitCode.CACHE_UNUSABLE;
            case CLOSED -> ExitCode.INTERNAL;
        };
        return new ExitException(code, e.getMessage(), e);
    }
}
