// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.ConfigLoader;
import io.zerofs.cli.config.Environment;
import io.zerofs.cli.config.ZerofsConfig;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A daemon in this process on a directory as store, and the commands for it. */
final class RunningDaemon implements AutoCloseable {
    private final Path file;
    private Assembly assembly;

    /** @param more further sections of the configuration */
    RunningDaemon(Path directory, String more) throws IOException {
        file = Files.writeString(directory.resolve("zerofs.toml"), """
                [cache]
                dir = "%1$s/cache"
                [storage]
                url = "file://%1$s/store"
                encryption_password = "${ZEROFS_NOT_SET}"
                [servers.ninep]
                addresses = []
                unix_socket = "%1$s/9p.sock"
                %2$s
                """.formatted(directory, more));
    }

    /** Starts the daemon, and creates the volume the first time. Only the daemon knows the password. */
    RunningDaemon start() throws Exception {
        Environment environment = name -> Optional.of("secret".getBytes(StandardCharsets.UTF_8));
        ZerofsConfig config = new ConfigLoader(environment).load(file);
        try (OpeningLog progress = OpeningLog.start()) {
            assembly = Assembly.open(config, true, progress, stopped -> {});
        }
        return this;
    }

    Path file() {
        return file;
    }

    /** The end of a command. */
    record Ended(ExitCode code, String out, String errors) {
        List<String> lines() {
            return out.lines().toList();
        }
    }

    /** Runs a command; {@code -c zerofs.toml} names the configuration of this daemon. */
    Ended run(String... words) {
        for (int i = 0; i < words.length; i++) {
            words[i] = words[i].equals("zerofs.toml") ? file.toString() : words[i];
        }
        PrintStream stdout = System.out;
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream errors = new ByteArrayOutputStream();
        System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
        try {
            int status = Main.execute(new PrintStream(errors, true, StandardCharsets.UTF_8), words);
            return new Ended(
                    ExitCodeTest.codeOf(status),
                    out.toString(StandardCharsets.UTF_8),
                    errors.toString(StandardCharsets.UTF_8));
        } finally {
            System.setOut(stdout);
        }
    }

    @Override
    public void close() {
        if (assembly != null) {
            assembly.close();
            assembly = null;
        }
    }
}
