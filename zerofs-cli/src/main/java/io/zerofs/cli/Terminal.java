// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The terminal on standard input, with its echo off until it is closed or the process ends. Java's own console decodes the
 * input and needs a terminal on standard output too; {@code stty} does not change the bytes.
 */
final class Terminal implements AutoCloseable {
    private final String settings;
    private final Thread restoring;

    private Terminal(String settings) {
        this.settings = settings;
        restoring = new Thread(() -> stty(settings), "zerofs-terminal");
    }

    /** Returns whether standard input is a terminal. */
    static boolean isPresent() {
        return stty("-g").isPresent();
    }

    /** Returns the terminal with its echo off; empty if standard input is no terminal. */
    static Optional<Terminal> withoutEcho() throws ExitException {
        Optional<String> settings = stty("-g");
        if (settings.isEmpty()) {
            return Optional.empty();
        }
        Terminal terminal = new Terminal(settings.get());
        Runtime.getRuntime().addShutdownHook(terminal.restoring);
        if (stty("-echo").isEmpty()) {
            throw new ExitException(ExitCode.CONFIG, "the terminal's echo cannot be turned off; use a pipe");
        }
        return Optional.of(terminal);
    }

    /** Returns whether standard output is a terminal. */
    static boolean isOutput() {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd/1")).toString().matches("/dev/(pts/|tty).*");
        } catch (IOException e) {
            return false; // Not Linux: the screen scrolls.
        }
    }

    @Override
    public void close() {
        stty(settings);
        Runtime.getRuntime().removeShutdownHook(restoring);
    }

    /** Runs {@code stty} and returns its output; empty if it failed. */
    private static Optional<String> stty(String argument) {
        try {
            Process process = new ProcessBuilder("stty", argument)
                    .redirectInput(ProcessBuilder.Redirect.INHERIT)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
            return process.waitFor() == 0 ? Optional.of(output) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }
}
