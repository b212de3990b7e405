// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.net;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.Callable;

/** Conditions that another thread is about to make true. */
public final class Conditions {
    private Conditions() {}

    /** Waits for the condition. Fails after the time limit of Awaitility. */
    public static void until(Callable<Boolean> condition) {
        await().pollDelay(Duration.ZERO).pollInterval(Duration.ofMillis(2)).until(condition);
    }
}
