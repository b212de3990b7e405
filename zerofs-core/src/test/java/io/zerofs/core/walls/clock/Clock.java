// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.walls.clock;

import java.util.function.LongSupplier;

/** Breaks the walls: a method reference asks the JVM for the time. */
public record Clock(LongSupplier nanoTime) {
    public Clock() {
        this(System::nanoTime);
    }
}
