// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.local;

import io.zerofs.storage.files.DiskContent.Syncs;
import io.zerofs.storage.files.FaultyDisk;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStoreContract;
import java.nio.file.Path;
import java.time.InstantSource;
import org.junit.jupiter.api.io.TempDir;

/** The contract on a disk that reads and writes less than it is asked for, and lists names in any order. */
final class LocalStoreOnFaultyDiskTest extends ObjectStoreContract {
    @TempDir
    Path directory;

    @Override
    protected ObjectStore openEmpty() throws Exception {
        FaultyDisk disk = new FaultyDisk(directory, Syncs.POSIX);
        disk.setShortTransfers(1);
        disk.setListingOrder(1);
        return LocalObjectStore.open(disk.path().resolve("not yet/there"), InstantSource.system());
    }
}
