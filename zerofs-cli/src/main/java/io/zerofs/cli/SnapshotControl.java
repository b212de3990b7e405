// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.server.control.ControlException;
import io.zerofs.server.control.ControlRoutes;
import io.zerofs.storage.engine.StorageVolume;
import io.zerofs.storage.manifest.Snapshot;
import io.zerofs.storage.snapshot.SnapshotException;
import java.util.Map;

/** The commands for snapshots that a running daemon carries out. Thread-safe. */
record SnapshotControl(StorageVolume volume) {
    private static final String PATH = "/v1/snapshots";

    private interface Step {
        Snapshot run() throws SnapshotException;
    }

    ControlRoutes addTo(ControlRoutes routes) {
        return routes.add(
                        "GET",
                        PATH,
                        unused -> SnapshotText.list(volume.snapshots().list(), volume.pinnedBytes()))
                .add(
                        "POST",
                        PATH,
                        request -> {
                            String name = request.required("name");
                            return answer(() -> volume.snapshots().create(name));
                        },
                        "name")
                .add(
                        "DELETE",
                        PATH,
                        request -> {
                            String name = request.required("name");
                            return answer(() -> volume.snapshots().delete(name));
                        },
                        "name");
    }

    private static Map<String, Object> answer(Step step) throws ControlException {
        try {
            return SnapshotText.members(step.run(), Map.of());
        } catch (SnapshotException e) {
            ControlException.Kind kind = switch (e.kind()) {
                case INVALID -> ControlException.Kind.INVALID;
                case EXISTS, TOO_MANY -> ControlException.Kind.CONFLICT;
                case MISSING -> ControlException.Kind.NOT_FOUND;
                case UNAVAILABLE -> ControlException.Kind.UNAVAILABLE;
            };
            throw new ControlException(kind, e.getMessage(), e);
        }
    }
}
