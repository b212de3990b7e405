// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a configuration file that explains every key. */
@Command(
        name = "init",
        description = "Write a commented configuration file.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
final class InitCommand implements Callable<Integer> {
    private static final String STANDARD_OUTPUT = "-";

    /** The time in the template, which {@code init} replaces. */
    private static final String CREATE_BEFORE = "2000-01-01T00:00:00Z";

    @Parameters(
            arity = "0..1",
            paramLabel = "PATH",
            defaultValue = "zerofs.toml",
            description = "File to write; - for standard output. Default: ${DEFAULT-VALUE}")
    private String path;

    @Option(names = "--force", description = "Overwrite an existing file.")
    private boolean force;

    @Override
    public Integer call() throws ExitException {
        Instant createBefore = Instant.now().plus(1, ChronoUnit.DAYS).truncatedTo(ChronoUnit.SECONDS);
        byte[] text = template(createBefore);
        if (path.equals(STANDARD_OUTPUT)) {
            System.out.write(text, 0, text.length);
            System.out.flush();
        } else {
            write(Path.of(path), text);
            System.err.println("Wrote " + path + ". Edit it, then: zerofs run -c " + path);
            System.err.println("The first run creates the volume until " + createBefore
                    + " (create_before); later use: zerofs run --create -c " + path);
        }
        return ExitCode.OK.status();
    }

    static byte[] template(Instant createBefore) {
        try (InputStream in = InitCommand.class.getResourceAsStream("template.toml")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .replace(CREATE_BEFORE, createBefore.toString())
                    .getBytes(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new IllegalStateException("the program's own file cannot be read", e);
        }
    }

    private void write(Path file, byte[] text) throws ExitException {
        try {
            if (force) {
                Files.deleteIfExists(file);
            }
            // Only the owner may read it, because people put passwords into it.
            var ownerOnly = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
            var exclusive = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            Files.newByteChannel(file, exclusive, ownerOnly).close();
            try (OutputStream out = Files.newOutputStream(file)) {
                out.write(text);
            }
        } catch (FileAlreadyExistsException e) {
            throw new ExitException(ExitCode.CONFIG, file + " exists; --force overwrites it", e);
        } catch (IOException e) {
            throw new ExitException(ExitCode.CONFIG, file + " cannot be written: " + e.getMessage(), e);
        }
    }
}
