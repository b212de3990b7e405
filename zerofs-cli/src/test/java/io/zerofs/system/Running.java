// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A process that a test started. A thread reads its output as it comes. The process does not outlive the tests. */
final class Running {
    private static final Duration LAST_OUTPUT_MAX = Duration.ofSeconds(10);
    private static final int OUTPUT_CHARS_MAX = 32 << 20;
    private static final int LAST_LINES = 40;
    private static final Set<Process> ALIVE = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> ALIVE.forEach(Process::destroyForcibly)));
    }

    private final String name;
    private final Process process;
    private final StringBuilder output = new StringBuilder(); // guarded by this
    private boolean outputEnded; // guarded by this

    /** Starts the process. The name is for messages. */
    Running(String name, ProcessBuilder builder) {
        this.name = name;
        try {
            process = builder.redirectErrorStream(true).start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        ALIVE.add(process);
        process.onExit().thenAccept(ALIVE::remove);
        Thread reader = new Thread(this::read, "output of " + name);
        reader.setDaemon(true);
        reader.start();
    }

    private void read() {
        char[] part = new char[8192];
        try (Reader reader = process.inputReader(StandardCharsets.UTF_8)) {
            for (int count; (count = reader.read(part)) >= 0; ) {
                append(part, count);
            }
        } catch (IOException e) {
            append(e.toString().toCharArray(), e.toString().length());
        }
        synchronized (this) {
            outputEnded = true;
            notifyAll();
        }
    }

    private synchronized void append(char[] part, int count) {
        output.append(part, 0, Math.min(count, OUTPUT_CHARS_MAX - output.length()));
        notifyAll();
    }

    /** Returns the processes of this machine whose command lines have all of these words. */
    static Stream<ProcessHandle> processesWith(String... words) {
        return ProcessHandle.allProcesses().filter(process -> {
            try {
                String line = Files.readString(Path.of("/proc/" + process.pid() + "/cmdline"));
                return Stream.of(words).allMatch(line::contains);
            } catch (IOException e) {
                return false; // the process has ended
            }
        });
    }

    long pid() {
        return process.pid();
    }

    boolean runs() {
        return process.isAlive();
    }

    synchronized String output() {
        return output.toString();
    }

    /** Returns the end of the output, for messages. */
    String lastLines() {
        String[] lines = output().split("\n");
        return Stream.of(lines).skip(Math.max(0, lines.length - LAST_LINES)).collect(Collectors.joining("\n"));
    }

    /** Returns whether the output has a match; {@code ^} and {@code $} are the ends of a line. */
    synchronized boolean said(String pattern) {
        return Pattern.compile(pattern, Pattern.MULTILINE).matcher(output).find();
    }

    /** Waits for a match in the output. Returns false if the process ends without one, and fails after the time limit. */
    synchronized boolean saysBeforeItsEnd(String pattern, Duration limit) throws InterruptedException {
        if (!awaitChange(() -> outputEnded || said(pattern), limit)) {
            throw failure("said nothing like \"" + pattern + "\" within " + limit);
        }
        return said(pattern);
    }

    /** Waits until the condition on the output holds. Returns false after the time limit. */
    private synchronized boolean awaitChange(BooleanSupplier condition, Duration limit) throws InterruptedException {
        long deadline = System.nanoTime() + limit.toNanos();
        while (!condition.getAsBoolean()) {
            long nanos = deadline - System.nanoTime();
            if (nanos <= 0) {
                return false;
            }
            TimeUnit.NANOSECONDS.timedWait(this, nanos);
        }
        return true;
    }

    /** Returns whether a match came within the time. */
    boolean saysWithin(String pattern, Duration time) throws InterruptedException {
        return awaitChange(() -> said(pattern), time);
    }

    void awaitOutput(String pattern, Duration limit) throws InterruptedException {
        if (!saysBeforeItsEnd(pattern, limit)) {
            throw failure(
                    "ended with status " + awaitEnd(LAST_OUTPUT_MAX) + " and said nothing like \"" + pattern + "\"");
        }
    }

    /** Waits for the end and for the rest of the output, and returns the status. A process past its limit is killed. */
    int awaitEnd(Duration limit) throws InterruptedException {
        if (!process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS)) {
            process.destroyForcibly();
            throw failure("did not end within " + limit);
        }
        // A grandchild may keep the output open for longer than the rest of the output needs.
        awaitChange(() -> outputEnded, LAST_OUTPUT_MAX);
        return process.exitValue();
    }

    /** Asks the process to end, with SIGTERM. Unlike {@link Process#destroy} this keeps its output open. */
    void terminate() {
        process.toHandle().destroy();
    }

    void kill() {
        process.toHandle().destroyForcibly();
    }

    /** Writes to the standard input of a process that was started with a pipe there. */
    void type(String keys) throws IOException {
        process.getOutputStream().write(keys.getBytes(StandardCharsets.UTF_8));
        process.getOutputStream().flush();
    }

    void closeInput() throws IOException {
        process.getOutputStream().close();
    }

    AssertionError failure(String what) {
        return new AssertionError(name + " " + what + "\n" + lastLines());
    }
}
