// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.ninep;

import io.zerofs.core.fs.CheckedFileSystems;
import io.zerofs.core.fs.ZeroFileSystem;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.volume.MemoryVolume;
import io.zerofs.core.volume.VolumeException;
import io.zerofs.server.client.NinePClient;
import java.util.ArrayList;
import java.util.List;

/** A file system in memory and clients of it; the one place where session tests get theirs. */
final class NinePFixture implements AutoCloseable {
    static final int UID = 1000;

    private final MemoryVolume volume = new MemoryVolume();
    private final ZeroFileSystem files;
    private final NinePServer server;
    private final List<NinePClient> clients = new ArrayList<>();

    NinePFixture() {
        this(NinePSettings.DEFAULT);
    }

    NinePFixture(NinePSettings settings) {
        try {
            files = CheckedFileSystems.open(volume);
        } catch (VolumeException e) {
            throw new AssertionError(e);
        }
        server = new NinePServer(files, settings);
    }

    VirtualFileSystem files() {
        return files;
    }

    NinePServer server() {
        return server;
    }

    /** A client that has said nothing yet. */
    DirectClient connect() {
        DirectClient client = new DirectClient(server);
        clients.add(client);
        return client;
    }

    /** A client that has attached the root as this user. */
    DirectClient client(int uid) throws Exception {
        DirectClient client = connect();
        client.begin(uid);
        return client;
    }

    /** The superuser's client. */
    DirectClient root() throws Exception {
        return client(0);
    }

    /** Ends all clients, and checks that they hold nothing any more. */
    @Override
    public void close() {
        for (NinePClient client : clients) {
            client.close();
        }
        try {
            require(server.locks().heldCount() == 0, "locks are left");
            require(server.locks().waiterCount() == 0, "waiters are left");
            require(server.fids().used() == 0, "fids are left");
            require(server.xattrs().used() == 0, "extended attributes are left");
            for (NinePClient client : clients) {
                require(((DirectClient) client).requestsInFlight() == 0, "requests are left");
            }
        } finally {
            files.close();
            closeVolume();
        }
    }

    private void closeVolume() {
        try {
            volume.close();
        } catch (VolumeException e) {
            throw new AssertionError(e);
        }
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
