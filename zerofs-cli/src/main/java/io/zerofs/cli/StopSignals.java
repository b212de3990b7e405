// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;

/**
 * Counts SIGTERM, SIGINT and SIGHUP, so that the first stops the daemon in order and the second at once.
 *
 * <p>The JVM's own handling is not enough: shutdown hooks run once, a second signal is ignored, and the exit status is not
 * ours. {@code sun.misc.Signal} is supported API of the module jdk.unsupported, but its compiler warning cannot be
 * suppressed; hence the reflection.
 */
final class StopSignals {
    private static final List<String> NAMES = List.of("TERM", "INT", "HUP");

    /** Signals that follow one another sooner are one request: {@code timeout} signals the process and its group. */
    static final Duration ONE_REQUEST = Duration.ofSeconds(1);

    private final LongSupplier nanoTime;
    private final IntConsumer onSignal;
    private int received;
    private long lastNanos;

    StopSignals(LongSupplier nanoTime, IntConsumer onSignal) {
        this.nanoTime = nanoTime;
        this.onSignal = onSignal;
    }

    synchronized void receive() {
        long now = nanoTime.getAsLong();
        if (received == 0 || now - lastNanos >= ONE_REQUEST.toNanos()) {
            lastNanos = now;
            onSignal.accept(++received);
        }
    }

    /** @param onSignal called with 1 for the first signal, 2 for the second and so on, on a thread of its own */
    static void install(IntConsumer onSignal) {
        StopSignals signals = new StopSignals(System::nanoTime, onSignal);
        try {
            Class<?> signal = Class.forName("sun.misc.Signal");
            Class<?> handler = Class.forName("sun.misc.SignalHandler");
            Object counting = Proxy.newProxyInstance(
                    StopSignals.class.getClassLoader(), new Class<?>[] {handler}, (proxy, method, arguments) -> {
                        if (method.getName().equals("handle")) {
                            signals.receive();
                        }
                        return null;
                    });
            for (String name : NAMES) {
                Object which = signal.getConstructor(String.class).newInstance(name);
                signal.getMethod("handle", signal, handler).invoke(null, which, counting);
            }
        } catch (InvocationTargetException e) {
            // The JVM was started with -Xrs: signals end it at once, as the operator wants.
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("no signal handling in this Java runtime", e);
        }
    }
}
