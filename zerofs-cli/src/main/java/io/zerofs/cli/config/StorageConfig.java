// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.core.secret.Secret;
import java.time.OffsetDateTime;
import java.util.Optional;

/** Where the volume is and what opens it. */
public record StorageConfig(
        @Setting("Where the volume is: `s3://bucket/prefix`, `azure://container/prefix` or `file:///absolute/path`.")
        StoreLocation url,

        @Setting("Password that unlocks the volume, and locks a new one.")
        Secret encryptionPassword,

        @Setting(
                "Until then `run` creates a volume where there is none, later only with `--create`: `2026-12-31T12:00:00Z`.")
        Optional<OffsetDateTime> createBefore,

        @Setting(
                value = "Accept a store that cannot refuse to overwrite an object. Two daemons on such a store destroy"
                        + " the volume; nothing but your own care prevents it.",
                byDefault = "false")
        boolean acceptUnconditionalWrites,

        @Setting("The network between here and the store.") LinkConfig link) {}
