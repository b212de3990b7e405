// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3;

import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.net.ListenException;
import io.zerofs.server.net.ProtocolServer;
import io.zerofs.server.net.ServerResources;
import io.zerofs.server.nfs3.wire.Nfs3Limits;
import io.zerofs.server.rpc.DuplicateRequestCache;
import io.zerofs.server.rpc.RpcConnection;
import io.zerofs.server.rpc.RpcDispatcher;
import java.time.InstantSource;
import java.util.List;

/** Serves a volume over NFS version 3: MOUNT and NFS on the same TCP port, without portmapper. */
public final class Nfs3Server {
    private static final String NAME = "NFS";

    private Nfs3Server() {}

    /**
     * Listens on all addresses or on none.
     *
     * @param files not closed by the server
     * @param settings settings of the operator
     * @param resources not closed by the server
     * @return the server, which the caller closes before the resources and the file system
     * @throws ListenException if the server cannot listen on an address, which it names
     * @throws FsException if the server exports a part of the file system and the volume's secret is not available
     */
    public static ProtocolServer open(
            VirtualFileSystem files, Nfs3Settings settings, List<ListenAddress> addresses, ServerResources resources)
            throws ListenException, FsException {
        Nfs3Export export = new Nfs3Export(files, settings);
        RpcDispatcher dispatcher = new RpcDispatcher(
                List.of(new Nfs3Program(export), new MountProgram(export, new MountTable())),
                new DuplicateRequestCache(DuplicateRequestCache.BYTES_MAX, InstantSource.system()));
        return ProtocolServer.open(
                NAME,
                addresses,
                resources,
                connection -> new RpcConnection(connection, dispatcher, Nfs3Limits.RECORD_BYTES_MAX));
    }
}
