// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.walls.cache;

import com.azure.core.util.Context;
import io.zerofs.storage.walls.server.Server;
import org.rocksdb.RocksDB;
import software.amazon.awssdk.regions.Region;

/** Knows each library that another room is the home of, and a server. */
public final class SdkUser {
    Context azure;
    RocksDB rocks;
    Region amazon;
    Server server;
}
