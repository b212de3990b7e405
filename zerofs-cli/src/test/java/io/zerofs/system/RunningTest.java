// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Processes of the system tests. These tests need no daemon and run in every build. */
class RunningTest {
    private static final Duration LONG = Duration.ofMinutes(1);

    @TempDir
    Path directory;

    private static Command shell(String script) {
        return Command.of("sh", "-c", script);
    }

    @Test
    void failureNamesTheCommandItsStatusAndItsOutput() {
        AssertionError failure = assertThrows(
                AssertionError.class, () -> shell("echo said; exit 3").run());
        assertEquals("sh -c echo said; exit 3 ended with status 3\nsaid", failure.getMessage());
    }

    @Test
    void commandPastItsLimitIsKilled() throws Exception {
        Running running = shell("echo begun; exec sleep 1000").start();
        AssertionError failure = assertThrows(AssertionError.class, () -> running.awaitEnd(Duration.ofMillis(100)));
        assertTrue(failure.getMessage().contains("did not end within PT0.1S"), failure.getMessage());
        assertEquals(128 + 9, running.awaitEnd(LONG));
    }

    @Test
    void outputIsSeenWhileTheProcessRuns() throws Exception {
        Running running = shell("printf 'What? '; read answer; echo \"[$answer]\"")
                .readingPipe()
                .start();
        running.awaitOutput("^What\\? $", LONG);
        running.type("this\n");
        running.awaitOutput("^What\\? \\[this\\]$", LONG);
        assertEquals(0, running.awaitEnd(LONG));
    }

    @Test
    void processThatEndsWithoutTheOutputIsReportedAtOnce() throws Exception {
        Running running = shell("echo other; exit 4").start();
        AssertionError failure = assertThrows(AssertionError.class, () -> running.awaitOutput("ready", LONG));
        assertTrue(failure.getMessage().contains("ended with status 4"), failure.getMessage());
        assertTrue(failure.getMessage().endsWith("\nother"), failure.getMessage());
    }

    @Test
    void lastWordsOfAProcessThatIsTerminatedAreKept() throws Exception {
        Running running = shell("trap 'echo last words; exit 5' TERM; echo ready; while :; do read nothing; done")
                .readingPipe()
                .start();
        running.awaitOutput("ready", LONG);
        running.terminate();
        running.closeInput();
        assertEquals(5, running.awaitEnd(LONG));
        assertTrue(running.said("^last words$"), running::output);
    }

    @Test
    void variablesAndInputReachTheCommandThroughAnotherOne() throws Exception {
        Path input = Files.writeString(directory.resolve("input"), "bytes");
        String output = shell("echo \"$ANSWER\"; cat")
                .with("ANSWER", 42)
                .reading(input)
                .after("env", "OTHER=1")
                .run();
        assertEquals("42\nbytes", output);
    }

    @Test
    void freePortsDiffer() {
        assertEquals(
                1_000,
                IntStream.range(0, 1_000).map(i -> Ports.free()).distinct().count());
    }
}
