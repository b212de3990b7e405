// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.core.secret.Secret;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.recovery.OpenException;
import io.zerofs.storage.recovery.VolumeKeys;
import io.zerofs.storage.seal.PassphraseKdf;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Changes the password of the volume. The daemon may run meanwhile: it needs the password only when it opens. */
@Command(
        name = "change-password",
        description = "Change the password of a volume; the new one comes on standard input.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class)
final class ChangePasswordCommand implements Callable<Integer> {
    private static final int PASSWORD_BYTES_MAX = 4_096;

    @Mixin
    private ConfigOption configuration;

    @Override
    public Integer call() throws ExitException {
        ZerofsConfig config = configuration.load();
        try (Secret replacement = replacement();
                StoreConnection connection =
                        StoreConnection.open(config.storage().url(), config)) {
            new VolumeKeys(connection.store(), PassphraseKdf.DEFAULT, new SecureRandom())
                    .changePassword(config.storage().encryptionPassword(), replacement);
        } catch (ObjectStoreException e) {
            throw Failures.of(e);
        } catch (OpenException e) {
            throw Failures.of(e);
        }
        System.err.println("The password was changed; change encryption_password as well.");
        return ExitCode.OK.status();
    }

    private static Secret replacement() throws ExitException {
        Optional<Terminal> terminal = Terminal.withoutEcho();
        if (terminal.isEmpty()) {
            return read(System.in);
        }
        try (Terminal silent = terminal.get()) {
            return askTwice(System.in, System.err);
        }
    }

    /** Asks twice, because the terminal does not show the password. */
    static Secret askTwice(InputStream in, PrintStream prompts) throws ExitException {
        Secret first = ask("New password: ", in, prompts);
        try (Secret second = ask("The same again: ", in, prompts)) {
            if (!first.equals(second)) {
                first.close();
                throw refused("was not the same both times");
            }
        }
        return first;
    }

    private static Secret ask(String prompt, InputStream in, PrintStream prompts) throws ExitException {
        prompts.print(prompt);
        prompts.flush();
        Secret typed = readLine(in);
        prompts.println();
        return typed;
    }

    /** Reads one line, whose end may be missing. More than one line is a mistake and no password. */
    static Secret read(InputStream in) throws ExitException {
        Secret line = readLine(in);
        try {
            if (in.available() == 0) {
                return line;
            }
        } catch (IOException e) {
            throw unreadable(e);
        }
        line.close();
        throw refused("has more than one line");
    }

    private static Secret readLine(InputStream in) throws ExitException {
        byte[] line = new byte[PASSWORD_BYTES_MAX];
        try {
            int length = 0;
            int next;
            while ((next = in.read()) >= 0 && next != '\n') {
                if (length == line.length) {
                    throw refused("is longer than " + PASSWORD_BYTES_MAX + " bytes");
                }
                line[length++] = (byte) next;
            }
            if (length > 0 && line[length - 1] == '\r') {
                length--;
            }
            if (length == 0) {
                throw refused("is empty");
            }
            return Secret.of(Arrays.copyOf(line, length));
        } catch (IOException e) {
            throw unreadable(e);
        } finally {
            Arrays.fill(line, (byte) 0);
        }
    }

    private static ExitException unreadable(IOException e) {
        return new ExitException(ExitCode.CONFIG, "the new password cannot be read: " + e.getMessage(), e);
    }

    private static ExitException refused(String why) {
        return new ExitException(ExitCode.CONFIG, "the new password " + why + "; nothing was changed");
    }
}
