// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.walls.clock;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** Breaks the walls: it waits without the machine. */
public record Sleeper(CompletableFuture<Void> alarm) {
    void sleep() throws InterruptedException, ExecutionException {
        alarm.get();
    }
}
