// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.server.control.ControlException;
import io.zerofs.server.control.ControlRequest;
import io.zerofs.server.control.ControlRoutes;
import io.zerofs.server.control.ControlServer;
import io.zerofs.server.net.ListenAddress;
import io.zerofs.server.net.ListenException;
import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.object.StoreMetrics;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The commands that a running daemon carries out. {@code docs/commands.md} lists them. Thread-safe. */
final class DaemonControl implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(DaemonControl.class);

    private final StorageVolume volume;
    private final StoreMetrics store;
    private final Services services;
    private final LogLevels levels = new LogLevels();
    private final DaemonStatus status;
    private ControlServer server;

    private DaemonControl(ZerofsConfig config, StorageVolume volume, StoreMetrics store, Services services) {
        this.volume = volume;
        this.store = store;
        this.services = services;
        this.status = new DaemonStatus(config, volume, store, services);
    }

    /** Listens for commands. Without a usable socket the daemon serves all the same, and the log says why. */
    static DaemonControl open(ZerofsConfig config, StorageVolume volume, StoreMetrics store, Services services) {
        DaemonControl control = new DaemonControl(config, volume, store, services);
        if (config.control().enabled()) {
            ListenAddress.UnixSocket address = config.controlSocket();
            try {
                ListenAddress.requireFits(address.path());
                control.server = ControlServer.open(address, Main.Version.number(), control.routes());
            } catch (ListenException | IllegalArgumentException e) {
                log.error(
                        "the daemon serves, but no command such as `zerofs status` reaches it until its next start with"
                                + " another [control] unix_socket: {}",
                        e.getMessage());
            }
        }
        return control;
    }

    private ControlRoutes routes() {
        ControlRoutes routes = new SnapshotControl(volume)
                .addTo(new ControlRoutes())
                .add("GET", "/v1/status", unused -> status.members())
                .add("POST", "/v1/flush", unused -> flush())
                .add("GET", "/v1/log", unused -> Map.of("levels", levels.changed()))
                .add("PUT", "/v1/log", this::setLevel, "package", "level");
        new DeviceControl(services).addTo(routes);
        TraceControl.addTo(routes, services.resources().operations(), store.trace());
        return routes;
    }

    private Map<String, Object> flush() throws ControlException, InterruptedException {
        long begin = System.nanoTime();
        try {
            services.barrier().get();
        } catch (ExecutionException e) {
            throw new ControlException(
                    ControlException.Kind.UNAVAILABLE,
                    "not everything is in the store: " + e.getCause().getMessage(),
                    e);
        }
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("commit", volume.lastApplied().seq());
        members.put("seconds", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin) / 1e3);
        return members;
    }

    private Map<String, Object> setLevel(ControlRequest request) throws ControlException {
        levels.set(request.required("package"), request.required("level"));
        return Map.of("levels", levels.changed());
    }

    @Override
    public void close() {
        if (server != null) {
            server.close();
        }
    }
}
