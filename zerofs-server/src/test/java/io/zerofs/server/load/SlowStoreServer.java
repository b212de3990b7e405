// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.load;

import io.zerofs.core.fs.CheckedFileSystems;
import io.zerofs.core.fs.ZeroFileSystem;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.volume.MemoryVolume;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.net.ProtocolServer;
import io.zerofs.server.net.ServerResources;
import io.zerofs.server.net.ServerSettings;
import io.zerofs.server.nfs3.Durability;
import io.zerofs.server.nfs3.Nfs3Server;
import io.zerofs.server.nfs3.Nfs3Settings;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * NFS over a volume in memory whose barriers take their time, to measure what the modes of durability cost kernel
 * clients: {@code SlowStoreServer PORT strict|commit|relaxed BARRIER_MILLIS} serves until it is killed. Prints the
 * barriers asked for since the last time whenever a client calls df(1).
 */
public final class SlowStoreServer {
    private SlowStoreServer() {}

    public static void main(String[] arguments) throws Exception {
        ListenAddress address = ListenAddress.tcp("127.0.0.1", Integer.parseInt(arguments[0]));
        Durability durability = Durability.valueOf(arguments[1].toUpperCase(Locale.ROOT));
        Executor later =
                CompletableFuture.delayedExecutor(Long.parseLong(arguments[2]), TimeUnit.MILLISECONDS, Runnable::run);
        try (MemoryVolume volume = new MemoryVolume();
                ZeroFileSystem files = CheckedFileSystems.open(volume);
                ServerResources resources = new ServerResources(ServerSettings.DEFAULT);
                ProtocolServer server =
                        Nfs3Server.open(slow(files, later), Nfs3Settings.of(durability), List.of(address), resources)) {
            System.out.println("ready on " + server.port());
            new CountDownLatch(1).await();
        }
    }

    private static VirtualFileSystem slow(ZeroFileSystem files, Executor later) {
        AtomicInteger barriers = new AtomicInteger();
        return (VirtualFileSystem) Proxy.newProxyInstance(
                SlowStoreServer.class.getClassLoader(),
                new Class<?>[] {VirtualFileSystem.class},
                (proxy, method, arguments) -> {
                    if (method.getName().equals("statistics")) {
                        System.out.println("barriers: " + barriers.getAndSet(0));
                    }
                    try {
                        if (method.getName().equals("barrier")) {
                            barriers.incrementAndGet();
                            return files.barrier().thenRunAsync(() -> {}, later);
                        }
                        return method.invoke(files, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
