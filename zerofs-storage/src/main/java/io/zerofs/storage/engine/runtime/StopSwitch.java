// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.engine.runtime;

import io.zerofs.core.volume.VolumeException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/** Ends the engine once, for one reason, which every later caller gets. Thread-safe. */
public final class StopSwitch {
    private final AtomicReference<VolumeException> reason = new AtomicReference<>();
    private final List<Consumer<VolumeException>> listeners = new CopyOnWriteArrayList<>();

    /** Calls the listener once when the engine stops, on the thread that stops it; at once if it has stopped already. */
    public void onStop(Consumer<VolumeException> listener) {
        listeners.add(listener);
        VolumeException stopped = reason.get();
        if (stopped != null && listeners.remove(listener)) {
            listener.accept(stopped);
        }
    }

    /** Stops the engine. The first reason counts. The caller holds no lock. */
    public void stop(VolumeException why) {
        if (reason.compareAndSet(null, why)) {
            for (Consumer<VolumeException> listener : listeners) {
                if (listeners.remove(listener)) {
                    listener.accept(why);
                }
            }
        }
    }

    public boolean isStopped() {
        return reason.get() != null;
    }

    public void check() throws VolumeException {
        VolumeException why = reason.get();
        if (why != null) {
            throw failure(why);
        }
    }

    /** Returns a new exception for each caller, with the trace of its own thread. */
    public static VolumeException failure(VolumeException why) {
        return new VolumeException(why.kind(), why.getMessage(), why);
    }
}
