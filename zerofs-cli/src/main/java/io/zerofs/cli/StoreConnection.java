// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.AwsConfig;
import io.zerofs.cli.config.AzureConfig;
import io.zerofs.cli.config.StoreLocation;
import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.storage.object.MeteredObjectStore;
import io.zerofs.storage.object.MonotonicClock;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import io.zerofs.storage.object.RetryingObjectStore;
import io.zerofs.storage.object.StoreMetrics;
import io.zerofs.storage.object.azure.AzureObjectStore;
import io.zerofs.storage.object.azure.AzureSettings;
import io.zerofs.storage.object.local.LocalObjectStore;
import io.zerofs.storage.object.s3.S3ObjectStore;
import io.zerofs.storage.object.s3.S3Settings;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Optional;

/**
 * The store of a configuration with its decorators, which repeat requests and count each attempt.
 *
 * @param store the outermost decorator; closing it closes everything
 */
public record StoreConnection(ObjectStore store, StoreMetrics metrics) implements AutoCloseable {
    /** Opens the store. Creates a local directory; sends no request to a store in the network. */
    public static StoreConnection open(StoreLocation location, ZerofsConfig config) throws ObjectStoreException {
        return decorate(adapter(location, config), config);
    }

    /** Opens the store for requests that read. Writes nothing to a local directory, and does not create one. */
    static StoreConnection openToRead(StoreLocation location, ZerofsConfig config) throws ObjectStoreException {
        return decorate(
                location instanceof StoreLocation.Local local
                        ? LocalObjectStore.openToRead(local.directory(), InstantSource.system())
                        : adapter(location, config),
                config);
    }

    private static StoreConnection decorate(ObjectStore adapter, ZerofsConfig config) {
        MonotonicClock clock = MonotonicClock.system();
        MeteredObjectStore metered = new MeteredObjectStore(adapter, clock);
        ObjectStore retrying =
                new RetryingObjectStore(metered, config.storage().link().retries(), clock, new SecureRandom());
        return new StoreConnection(retrying, metered);
    }

    @Override
    public void close() {
        store.close();
    }

    private static ObjectStore adapter(StoreLocation location, ZerofsConfig config) throws ObjectStoreException {
        if (location instanceof StoreLocation.Local local) {
            return LocalObjectStore.open(local.directory(), InstantSource.system());
        }
        if (location instanceof StoreLocation.S3 s3) {
            return S3ObjectStore.open(s3Settings(s3, config));
        }
        StoreLocation.Azure azure = (StoreLocation.Azure) location;
        AzureConfig account = config.azure()
                .orElseThrow(() -> new ObjectStoreException(
                        Kind.REFUSED, azure + " needs a section [azure] with storage_account_name", null));
        return AzureObjectStore.open(new AzureSettings(
                azure.container(),
                azure.prefix(),
                account.storageAccountName(),
                account.storageAccountKey(),
                account.endpoint(),
                config.storage().link().connections()));
    }

    private static S3Settings s3Settings(StoreLocation.S3 s3, ZerofsConfig config) {
        Optional<AwsConfig> aws = config.aws();
        Optional<S3Settings.Keys> keys = aws.flatMap(section -> section.accessKeyId()
                .map(id -> new S3Settings.Keys(id, section.secretAccessKey().orElseThrow(), section.sessionToken())));
        return new S3Settings(
                s3.bucket(),
                s3.prefix(),
                keys,
                aws.flatMap(AwsConfig::endpoint),
                aws.flatMap(AwsConfig::defaultRegion),
                aws.map(AwsConfig::virtualHostedStyleRequest).orElse(false),
                config.storage().acceptUnconditionalWrites(),
                config.storage().link().connections());
    }
}
