// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.server.client.NinePClient;
import io.zerofs.server.client.NinePSocket;
import io.zerofs.server.control.Json;
import io.zerofs.server.ninep.wire.Tmessage;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TraceCommandTest {
    @TempDir
    Path directory;

    private final ExecutorService clients = Executors.newSingleThreadExecutor();
    private volatile boolean done;

    @AfterEach
    void stop() {
        clients.shutdownNow();
    }

    /** Runs a command while a client writes to a file again and again, and looks it up. */
    private RunningDaemon.Ended traceOf(String... command) throws Exception {
        try (RunningDaemon daemon = new RunningDaemon(directory, "").start();
                NinePSocket files = NinePSocket.connect(UnixDomainSocketAddress.of(directory.resolve("9p.sock")))) {
            Future<?> client = clients.submit((Callable<?>) () -> {
                files.begin(0);
                files.walk(NinePClient.ROOT, 1);
                files.create(1, 1, "a", 2, 0644);
                while (!done) {
                    files.walk(NinePClient.ROOT, 2, "a");
                    files.clunk(2);
                    files.write(1, 7, "abc");
                    files.ok(new Tmessage.Tfsync(1, false));
                }
                return null;
            });
            RunningDaemon.Ended ended = daemon.run(command);
            done = true;
            client.get();
            assertEquals(ExitCode.OK, ended.code(), ended::errors);
            return ended;
        }
    }

    @Test
    void operationsHaveTheirPathAndClient() throws Exception {
        List<String> lines =
                traceOf("trace", "files", "-c", "zerofs.toml", "--count", "40").lines();
        assertEquals(40, lines.size());
        String end = " by 9P unix socket, user [0-9]+";
        for (String operation : List.of("lookup /a" + end, "write /a 7\\+3" + end, "barrier " + end)) {
            String line = "[0-9T:.-]+Z +[0-9.]+ ms ok        " + operation;
            assertTrue(lines.stream().anyMatch(each -> each.matches(line)), () -> operation + " in " + lines);
        }
    }

    @Test
    void requestsToTheStoreHaveTheirObjectAndBytes() throws Exception {
        String[] lines = traceOf("trace", "objects", "-c", "zerofs.toml", "--json", "--count", "3")
                .out()
                .split("\n");
        assertEquals(3, lines.length);
        for (String line : lines) {
            Map<String, Object> request = Json.readObject(line);
            if (request.get("operation").equals("put")) {
                assertTrue(request.get("object").toString().startsWith("commits/"), line);
                assertTrue((Long) request.get("bytes") > 0, line);
                assertEquals("ok", request.get("outcome"), line);
                return;
            }
        }
        throw new AssertionError("no put in " + List.of(lines));
    }

    @Test
    void withoutADaemonATraceEndsLikeOtherCommands() throws Exception {
        assertEquals(
                ExitCode.NO_DAEMON,
                new RunningDaemon(directory, "")
                        .run("trace", "files", "-c", "zerofs.toml")
                        .code());
    }
}
