// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.core.vfs.FsException;
import io.zerofs.server.control.ControlException;
import io.zerofs.server.control.ControlException.Kind;
import io.zerofs.server.control.ControlRequest;
import io.zerofs.server.control.ControlRoutes;
import io.zerofs.server.nbd.NbdDevices;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The commands for block devices that a running daemon carries out. Thread-safe. */
final class DeviceControl {
    private static final String PATH = "/v1/nbd";

    private final Services services;

    DeviceControl(Services services) {
        this.services = services;
    }

    void addTo(ControlRoutes routes) {
        routes.add("GET", PATH, unused -> list());
        routes.add(
                "POST",
                PATH,
                request -> change(request, (devices, name) -> devices.create(name, request.positive("bytes"))),
                "name",
                "bytes");
        routes.add(
                "PUT",
                PATH,
                request -> change(
                        request,
                        (devices, name) -> devices.resize(name, request.positive("bytes"), request.flag("shrink"))),
                "name",
                "bytes",
                "shrink");
        routes.add("DELETE", PATH, request -> change(request, NbdDevices::delete), "name");
    }

    private interface Change {
        void make(NbdDevices devices, String name) throws FsException, ControlException;
    }

    private NbdDevices devices() throws ControlException {
        return services.devices()
                .orElseThrow(() -> new ControlException(
                        Kind.CONFLICT, "the daemon serves no block devices: add [servers.nbd] and start it again"));
    }

    private Map<String, Object> list() throws ControlException {
        List<String> inUse = services.resources().clientStates().stream()
                .flatMap(client -> client.devices().stream())
                .toList();
        List<Map<String, Object>> all = new ArrayList<>();
        try {
            for (NbdDevices.Device device : devices().list()) {
                Map<String, Object> members = new LinkedHashMap<>();
                members.put("name", device.name());
                members.put("bytes", device.bytes());
                members.put("allocatedBytes", device.allocatedBytes());
                members.put("readOnly", device.readOnly());
                members.put("connections", Collections.frequency(inUse, device.name()));
                all.add(members);
            }
        } catch (FsException e) {
            throw refusal(e, "the directory of devices");
        }
        return Map.of("devices", all);
    }

    private Map<String, Object> change(ControlRequest request, Change change) throws ControlException {
        String name = request.required("name");
        try {
            change.make(devices(), name);
        } catch (FsException e) {
            throw refusal(e, "the device " + name);
        }
        return Map.of("name", name);
    }

    private static ControlException refusal(FsException e, String what) {
        return switch (e.error()) {
            case NOT_FOUND -> new ControlException(Kind.NOT_FOUND, what + " does not exist", e);
            case EXISTS -> new ControlException(Kind.CONFLICT, what + " exists already", e);
            case BUSY -> new ControlException(Kind.CONFLICT, what + " is in use: disconnect its clients first", e);
            case NOT_PERMITTED ->
                new ControlException(
                        Kind.CONFLICT, what + " is larger: the bytes beyond the new size would be lost", e);
            case NOT_SYNC -> new ControlException(Kind.CONFLICT, what + " changed meanwhile: try again", e);
            case READ_ONLY -> new ControlException(Kind.CONFLICT, what + " cannot change: it is served read-only", e);
            case NO_SPACE, FILE_TOO_LARGE -> new ControlException(Kind.NO_SPACE, "there is no room for " + what, e);
            case INVALID, NAME_TOO_LONG ->
                new ControlException(Kind.INVALID, what + " cannot have this name: NBD clients could not use it", e);
            default -> new ControlException(Kind.UNAVAILABLE, what + ": " + e.getMessage(), e);
        };
    }
}
