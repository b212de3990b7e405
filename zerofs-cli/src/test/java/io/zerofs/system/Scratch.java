// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import io.zerofs.core.files.Directories;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A directory with the daemons that work there. As a static field it lives as long as the class, otherwise as long as one
 * test. At its end daemons are killed and the directory is removed; KEEP=1 keeps it. An interrupted run ends it, too. A
 * failure prints the daemons' logs.
 */
final class Scratch implements BeforeAllCallback, AfterEachCallback, AfterAllCallback {
    private static final Set<Scratch> OPEN = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> OPEN.forEach(Scratch::closeInterrupted)));
    }

    private final List<Daemon> daemons = new ArrayList<>();
    private final List<Path> directories = new ArrayList<>();
    private boolean ofClass;

    Path directory() {
        if (directories.isEmpty()) {
            anotherDirectory(Path.of(System.getProperty("java.io.tmpdir")));
        }
        return directories.get(0);
    }

    /** Makes a directory elsewhere, which is removed with the first one. */
    Path anotherDirectory(Path parent) {
        OPEN.add(this);
        try {
            directories.add(Files.createTempDirectory(parent, "zerofs-test."));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return directories.get(directories.size() - 1);
    }

    Path path(String name) {
        return directory().resolve(name);
    }

    /** Returns a daemon that is not started yet. Its volume is the one of all daemons here, and its cache its own. */
    Daemon daemon(String name) {
        Daemon daemon = new Daemon(name, directory());
        daemons.add(daemon);
        return daemon;
    }

    Path randomFile(String name, long size) throws IOException {
        byte[] part = new byte[1 << 20];
        Path file = path(name);
        try (OutputStream out = Files.newOutputStream(file)) {
            for (long left = size; left > 0; left -= part.length) {
                ThreadLocalRandom.current().nextBytes(part);
                out.write(part, 0, (int) Math.min(left, part.length));
            }
        }
        return file;
    }

    /** Returns how often to repeat something: the number in this variable, or else so often for each step of SCALE. */
    static int count(String variable, int ofScale) {
        String given = System.getenv(variable);
        String scale = System.getenv().getOrDefault("SCALE", "1");
        return given == null ? ofScale * Integer.parseInt(scale) : Integer.parseInt(given);
    }

    static void copy(Path from, Path to) throws InterruptedException {
        Command.of("cp", "-r", from, to).run();
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        ofClass = true;
    }

    @Override
    public void afterEach(ExtensionContext context) throws Exception {
        reportFailure(context);
        if (!ofClass) {
            close();
        }
    }

    @Override
    public void afterAll(ExtensionContext context) throws Exception {
        reportFailure(context);
        close();
    }

    private void reportFailure(ExtensionContext context) {
        if (context.getExecutionException().isPresent()) {
            daemons.forEach(Daemon::report);
        }
    }

    private void closeInterrupted() {
        try {
            close();
        } catch (Exception e) {
            System.err.println("cannot clean up " + directories + ": " + e);
        }
    }

    private void close() throws Exception {
        OPEN.remove(this);
        for (Daemon daemon : daemons) {
            daemon.close();
        }
        for (Path directory : directories) {
            killStrangers(directory);
            if (System.getenv("KEEP") != null) {
                System.err.println("kept " + directory);
            } else {
                Directories.delete(directory);
            }
        }
    }

    /** Daemons that a script started there are no children of this process. */
    private static void killStrangers(Path directory) throws Exception {
        for (ProcessHandle daemon : Running.processesWith(directory.toString()).toList()) {
            daemon.destroyForcibly();
            daemon.onExit().get(Daemon.STOP_MAX.toSeconds(), TimeUnit.SECONDS);
        }
    }
}
