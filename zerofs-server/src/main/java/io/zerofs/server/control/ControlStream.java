// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.control;

import java.util.List;
import java.util.Map;

/** Carries out a command whose answer is one object per line, until the operator has enough. */
@FunctionalInterface
public interface ControlStream {
    /** Takes lines. */
    interface Lines {
        /** Waits until the operator took the lines before, and sends more. */
        void write(List<Map<String, Object>> lines) throws InterruptedException;
    }

    /** @throws InterruptedException when the operator has gone or the daemon stops */
    void writeTo(Lines lines) throws InterruptedException;
}
