// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.core.trace.Trace;
import io.zerofs.server.control.ControlRoutes;
import io.zerofs.server.control.ControlStream;
import io.zerofs.server.net.FileOperation;
import io.zerofs.storage.object.StoreRequest;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The traces that a running daemon sends to operators. */
final class TraceControl {
    /** Maximum events that wait for a slow operator; further ones are counted. */
    private static final int WAITING_MAX = 10_000;

    private static final int LINES_MAX = 200;
    private static final long IDLE_MILLIS = 1_000;

    private TraceControl() {}

    static void addTo(ControlRoutes routes, Trace<FileOperation> files, Trace<StoreRequest> objects) {
        routes.addStream("/v1/trace/files", lines -> send(files, TraceControl::members, lines));
        routes.addStream("/v1/trace/objects", lines -> send(objects, TraceControl::members, lines));
    }

    private static <E> void send(Trace<E> trace, Function<E, Map<String, Object>> members, ControlStream.Lines lines)
            throws InterruptedException {
        try (TraceQueue<E> watch = new TraceQueue<>(trace, WAITING_MAX)) {
            while (true) {
                List<Map<String, Object>> more =
                        watch.next(LINES_MAX, IDLE_MILLIS).stream().map(members).collect(Collectors.toList());
                long dropped = watch.takeDropped();
                if (dropped > 0) {
                    more.add(Map.of("dropped", dropped));
                }
                if (!more.isEmpty()) {
                    lines.write(more);
                }
            }
        }
    }

    private static Map<String, Object> members(FileOperation operation) {
        Map<String, Object> members = begin(operation.nanos(), operation.outcome());
        members.put("client", operation.client());
        members.put("operation", operation.operation());
        members.put("target", operation.target());
        return members;
    }

    private static Map<String, Object> members(StoreRequest request) {
        Map<String, Object> members = begin(request.nanos(), request.outcome());
        members.put("operation", request.operation().name().toLowerCase(Locale.ROOT));
        members.put("object", request.name());
        members.put("bytes", request.bytes());
        return members;
    }

    private static Map<String, Object> begin(long nanos, String outcome) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("time", Instant.now());
        members.put("seconds", nanos / 1e9);
        members.put("outcome", outcome);
        return members;
    }
}
