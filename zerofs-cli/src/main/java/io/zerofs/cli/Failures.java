// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.ConfigException;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.recovery.OpenException;

/** Translates exceptions of the layers below to an exit code and a line for the user. */
final class Failures {
    private Failures() {}

    static ExitException of(ConfigException e) {
        return new ExitException(ExitCode.CONFIG, e.getMessage(), e);
    }

    static ExitException of(OpenException e) {
        ExitCode code = switch (e.kind()) {
            case WRONG_PASSWORD -> ExitCode.WRONG_PASSWORD;
            case OWNED_BY_NEWER_WRITER -> ExitCode.FENCED;
            case NO_CONDITIONAL_WRITES -> ExitCode.NO_CONDITIONAL_WRITES;
            case NO_VOLUME, VOLUME_GONE -> ExitCode.NO_VOLUME;
            case NO_SNAPSHOT -> ExitCode.NO_SNAPSHOT;
            case LOST_OBJECT, DAMAGED_OBJECT -> ExitCode.DAMAGED;
            case STORE_UNREACHABLE -> ExitCode.STORE_UNREADABLE;
            case STORE_REFUSED -> ExitCode.STORE_REFUSED;
            case WRONG_CREDENTIALS -> ExitCode.WRONG_CREDENTIALS;
            case NO_BUCKET -> ExitCode.NO_BUCKET;
            case WRONG_REGION -> ExitCode.WRONG_REGION;
            case WRONG_CLOCK -> ExitCode.WRONG_CLOCK;
            case NEWER_FORMAT -> ExitCode.NEWER_FORMAT;
            case DIRECTORY_LOCKED -> ExitCode.CACHE_LOCKED;
            case DIRECTORY_UNUSABLE -> ExitCode.CACHE_UNUSABLE;
        };
        return new ExitException(code, e.getMessage(), e);
    }

    static ExitException of(ObjectStoreException e) {
        return of(OpenException.of(e));
    }

    static ExitException of(VolumeException e) {
        ExitCode code = switch (e.kind()) {
            case UNAVAILABLE -> ExitCode.STORE_UNREADABLE;
            case FENCED -> ExitCode.FENCED;
            case CORRUPT -> ExitCode.DAMAGED;
            case NO_SPACE, DISK -> ExitCode.CACHE_UNUSABLE;
            case READ_ONLY, CLOSED -> ExitCode.INTERNAL;
        };
        return new ExitException(code, e.getMessage(), e);
    }
}
