// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.storage.seal.Secret;

/** Where the volume is and what opens it. */
public record StorageConfig(
        @Setting("Where the volume is: `s3://bucket/prefix`, `azure://container/prefix` or `file:///absolute/path`.")
        StoreLocation url,

        @Setting("Password that unlocks the volume. The first run creates the volume with it.")
        Secret encryptionPassword,

        @Setting(
                value = "Accept a store that cannot refuse to overwrite an object. Two daemons on such a store destroy"
                        + " the volume; nothing but your own care prevents it.",
                byDefault = "false")
        boolean acceptUnconditionalWrites) {}
