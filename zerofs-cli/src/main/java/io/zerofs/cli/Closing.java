// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Closes opened parts in reverse order. A failure does not keep the other parts open. Confined to one thread. */
final class Closing implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(Closing.class);

    private record Part(String name, AutoCloseable what) {}

    private final Deque<Part> parts = new ArrayDeque<>();
    private Exception failure;

    <T extends AutoCloseable> T add(String name, T what) {
        parts.push(new Part(name, what));
        return what;
    }

    /** Returns the first failure. */
    Optional<Exception> failure() {
        return Optional.ofNullable(failure);
    }

    @Override
    public void close() {
        while (!parts.isEmpty()) {
            Part part = parts.pop();
            log.debug("closing {}", part.name());
            try {
                part.what().close();
            } catch (Exception e) {
                log.error("closing {} failed: {}", part.name(), e.getMessage());
                log.debug("closing failed", e);
                if (failure == null) {
                    failure = e;
                }
            }
        }
    }
}
