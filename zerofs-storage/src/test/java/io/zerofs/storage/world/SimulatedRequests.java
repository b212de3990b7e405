// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.world;

import io.zerofs.core.model.CrashHistory;
import io.zerofs.core.waiting.WouldBlockException;
import io.zerofs.core.world.SimulatedLoop;
import io.zerofs.core.world.SimulatedProcess;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Runs the requests of clients as servers do. The event loop of the client's connection runs a request first. If it would
 * have to wait, a thread that may wait runs the request again, which has changed nothing before.
 */
final class SimulatedRequests implements AutoCloseable {
    private final SimulatedProcess process;
    private final LoopVolume volume;
    private final List<SimulatedLoop> loops = new ArrayList<>();

    /** @param loops if there is none, all requests run on threads that may wait */
    SimulatedRequests(SimulatedProcess process, LoopVolume volume, int loops) {
        this.process = process;
        this.volume = volume;
        for (int i = 0; i < loops; i++) {
            this.loops.add(process.newLoop("loop" + i));
        }
    }

    CrashHistory.Runner of(int client) {
        return new CrashHistory.Runner() {
            @Override
            public <T> T run(Supplier<T> request) {
                return loops.isEmpty() || !process.world().happens("loop")
                        ? request.get()
                        : runOn(loops.get(client % loops.size()), request);
            }
        };
    }

    private <T> T runOn(SimulatedLoop loop, Supplier<T> request) {
        try {
            return loop.call(() -> volume.onLoop(request));
        } catch (WouldBlockException e) {
            process.world().note("would block");
            return request.get();
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Ends the loops, which serve nobody any more. */
    @Override
    public void close() {
        loops.forEach(SimulatedLoop::close);
    }
}
