// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The program with a configuration, and each of its starts. The program is $ZEROFS_PROGRAM, or else the file that Maven
 * packaged. If $STORE_URL is set, as {@code ci/system/on-store} does, the volume is below this URL.
 */
final class Daemon {
    /** An overloaded machine is slow; a hang is still found. */
    static final Duration START_MAX = Duration.ofSeconds(180);

    static final Duration STOP_MAX = Duration.ofSeconds(60);

    /**
     * The directory in which all runs share class archives: daemons start fast, and the user's own archives stay as
     * they are.
     */
    static final Path ARCHIVES = Path.of("target/cache").toAbsolutePath();

    private static final String READY = "ZeroFS is ready";

    private final String name;
    private final Path directory;
    private final int nfsPort = Ports.free();
    private final Map<String, String> environment = new HashMap<>();
    private final List<Running> runs = new ArrayList<>();
    private final List<UnaryOperator<String>> edits = new ArrayList<>();
    private String store;
    private Path cache;
    private String mode = "--create";
    private String sections = System.getenv().getOrDefault("STORE_TOML", "");

    /** {@link Scratch#daemon} makes each daemon and kills its processes in the end. */
    Daemon(String name, Path directory) {
        this.name = name;
        this.directory = directory;
        String base = System.getenv("STORE_URL");
        store = (base == null ? "file://" + directory : base + "/" + directory.getFileName()) + "/store";
        cache = directory.resolve(name + ".cache");
        variable("XDG_CACHE_HOME", ARCHIVES.toString());
        password("system");
    }

    /** Adds sections to the configuration. */
    Daemon with(String toml, Object... values) {
        sections = toml.formatted(values) + "\n" + sections;
        return this;
    }

    /** Replaces each match in the configuration; {@code ^} and {@code $} are the ends of a line. */
    Daemon edit(String pattern, String replacement) {
        edits.add(toml ->
                Pattern.compile(pattern, Pattern.MULTILINE).matcher(toml).replaceAll(replacement));
        return this;
    }

    Daemon variable(String variable, String value) {
        environment.put(variable, value);
        return this;
    }

    Daemon password(String password) {
        return variable("ZEROFS_PASSWORD", password);
    }

    Daemon store(Path directory) {
        store = "file://" + directory;
        return this;
    }

    Daemon cache(Path directory) {
        cache = directory;
        return this;
    }

    Path cache() {
        return cache;
    }

    /** Starts the program with this option instead of {@code --create}. */
    Daemon mode(String option) {
        mode = option;
        return this;
    }

    int nfsPort() {
        return nfsPort;
    }

    NfsFiles nfs() {
        return new NfsFiles(directory, "127.0.0.1", nfsPort);
    }

    static Path program() {
        return Path.of(System.getenv().getOrDefault("ZEROFS_PROGRAM", "target/zerofs"))
                .toAbsolutePath();
    }

    /** Returns a command of the program with this configuration, such as {@code run} or {@code change-password}. */
    Command command(Object... words) {
        List<Object> line = new ArrayList<>(List.of(program()));
        line.addAll(List.of(words));
        line.addAll(List.of("-c", writeConfiguration()));
        return Command.of(line.toArray()).with(environment);
    }

    private Path writeConfiguration() {
        String toml = """
                [cache]
                dir = "%s"
                disk_size_gb = 1.0
                memory_size_gb = %s
                [storage]
                url = "%s"
                encryption_password = "${ZEROFS_PASSWORD}"
                [servers.nfs]
                port = %d
                %s
                """.formatted(cache, System.getenv().getOrDefault("MEMORY_GB", "0.25"), store, nfsPort, sections);
        for (UnaryOperator<String> edit : edits) {
            toml = edit.apply(toml);
        }
        try {
            return Files.writeString(directory.resolve(name + ".toml"), toml);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Starts the process. If there is a prefix, that command starts the process: its last arguments are the daemon's
     * command.
     */
    void launch(Object... prefix) {
        runs.add(command("run", mode).after(prefix).start());
    }

    void awaitReady() throws InterruptedException {
        last().awaitOutput(READY, START_MAX);
    }

    Daemon start() throws InterruptedException {
        launch();
        awaitReady();
        return this;
    }

    /** Returns false if the daemon ended instead of serving; {@link #end} has its status then. */
    boolean startsOrEnds() throws InterruptedException {
        launch();
        return last().saysBeforeItsEnd(READY, START_MAX);
    }

    /** Sends SIGTERM, as a supervisor does, and requires an orderly end. */
    void stop() throws InterruptedException {
        last().terminate();
        assertEquals(0, end(), name + ": status after SIGTERM");
    }

    void kill() throws InterruptedException {
        last().kill();
        end();
    }

    /** Waits for its end and returns its status. */
    int end() throws InterruptedException {
        return last().awaitEnd(STOP_MAX);
    }

    /** The last start: its process, and its log as output. */
    Running last() {
        return runs.get(runs.size() - 1);
    }

    /** Returns the log of all starts. */
    String log() {
        return runs.stream().map(Running::output).collect(Collectors.joining());
    }

    void assertNoWarnings() {
        assertEquals(
                "",
                log().lines()
                        .filter(line -> line.contains(" WARN ") || line.contains(" ERROR "))
                        .collect(Collectors.joining("\n")),
                name + " logged this");
    }

    /** Kills the processes that still run. */
    void close() throws InterruptedException {
        for (Running run : runs) {
            if (run.runs()) {
                run.kill();
                run.awaitEnd(STOP_MAX);
            }
        }
    }

    /** Prints the end of the log, for a test that failed. */
    void report() {
        if (!runs.isEmpty()) {
            System.err.println("--- log of daemon " + name + ", last lines\n" + last().lastLines());
        }
    }
}
