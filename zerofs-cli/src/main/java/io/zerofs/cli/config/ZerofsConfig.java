// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli.config;

import io.zerofs.server.net.ListenAddress;
import java.util.Optional;

/** The whole configuration file. */
public record ZerofsConfig(
        @Setting("Local disk and memory.") CacheConfig cache,

        @Setting("The volume.") StorageConfig storage,

        @Setting("Servers. A server without a section is off.")
        ServersConfig servers,

        @Setting("The file system as a whole.") FilesystemConfig filesystem,

        @Setting("Write-back.") LsmConfig lsm,

        @Setting("Garbage collection: the store gets back the space of overwritten and removed data.")
        GcConfig gc,

        @Setting("Automatic [snapshots](operations.md#snapshots), while the volume changes.")
        SnapshotsConfig snapshots,

        @Setting("Credentials and endpoint for `s3://`.") Optional<AwsConfig> aws,

        @Setting("Credentials and endpoint for `azure://`.") Optional<AzureConfig> azure,

        @Setting("Metrics for Prometheus: `GET /metrics` over HTTP.")
        Optional<PrometheusConfig> prometheus,

        @Setting("The unix socket for commands such as `zerofs status`; see [commands](commands.md).")
        ControlConfig control) {

    public ZerofsConfig {
        if (storage.url() instanceof StoreLocation.Azure && azure.isEmpty()) {
            throw new IllegalArgumentException("azure:// needs a section [azure] with storage_account_name");
        }
        if (!servers.allowInsecure()) {
            servers.nfs().ifPresent(nfs -> ListenConfig.requireAllowed("servers.nfs", nfs.listen()));
            servers.ninep().ifPresent(ninep -> ListenConfig.requireAllowed("servers.ninep", ninep.listen()));
            servers.nbd().ifPresent(nbd -> ListenConfig.requireAllowed("servers.nbd", nbd.listen()));
            prometheus.ifPresent(metrics -> ListenConfig.requireAllowed("prometheus", metrics.listen()));
        }
    }

    /** Returns the socket for commands. */
    public ListenAddress.UnixSocket controlSocket() {
        return control.listen(cache, storage.url());
    }
}
