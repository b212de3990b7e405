// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.core.secret.Secret;
import java.time.OffsetDateTime;
import java.util.Optional;

/** The URL and the password of the volume. */
public record StorageConfig(
        @Setting("Place of the volume: `s3://bucket/prefix`, `azure://container/prefix` or `file:///absolute/path`.")
        StoreLocation url,

        @Setting("Password that opens the volume. A new volume gets this password.")
        Secret encryptionPassword,

        @Setting(
                "Time until which `run` creates a missing volume, for example `2026-12-31T12:00:00Z`. Later use `run --create`.")
        Optional<OffsetDateTime> createBefore,

        @Setting(
                value = "Accept a store that cannot refuse to overwrite an object. You must make sure that two daemons"
                        + " never run, because they would destroy the volume.",
                byDefault = "false")
        boolean acceptUnconditionalWrites,

        @Setting("The network between the daemon and the store.")
        LinkConfig link) {}
