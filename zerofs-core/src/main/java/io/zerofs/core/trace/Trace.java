// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.trace;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** Passes events on to watchers. While there are none, an event costs one volatile read. Thread-safe. */
public final class Trace<E> {
    /** Replaced by each change. */
    private volatile List<Consumer<E>> watchers = List.of();

    /** Returns whether events are wanted. Ask it before an event is made. */
    public boolean isWatched() {
        return !watchers.isEmpty();
    }

    public void add(E event) {
        for (Consumer<E> each : watchers) {
            each.accept(event);
        }
    }

    /** @param watcher gets the events from now on; called on any thread, must not wait */
    public synchronized void watch(Consumer<E> watcher) {
        List<Consumer<E>> more = new ArrayList<>(watchers);
        more.add(watcher);
        watchers = List.copyOf(more);
    }

    public synchronized void end(Consumer<E> watcher) {
        watchers = watchers.stream().filter(each -> each != watcher).toList();
    }
}
