// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.zerofs.core.secret.Secret;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChangePasswordCommandTest {
    private static Secret read(String input) throws ExitException {
        return ChangePasswordCommand.read(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void oneNewlineAtTheEndIsNotPartOfThePassword() throws ExitException {
        assertEquals(Secret.of("näw"), read("näw\n"));
        assertEquals(Secret.of("näw"), read("näw\r\n"));
        assertEquals(Secret.of("näw"), read("näw"));
        assertEquals(Secret.of(" a b "), read(" a b \n"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\n", "\r\n", "one\ntwo", "one\n\n"})
    void invalidPasswordsAreRefused(String input) {
        assertEquals(
                ExitCode.CONFIG,
                assertThrows(ExitException.class, () -> read(input)).code());
    }

    private final ByteArrayOutputStream prompts = new ByteArrayOutputStream();

    private Secret askTwice(String input) throws ExitException {
        return ChangePasswordCommand.askTwice(
                new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)),
                new PrintStream(prompts, true, StandardCharsets.UTF_8));
    }

    @Test
    void aTerminalIsAskedTwice() throws ExitException {
        assertEquals(Secret.of("näw"), askTwice("näw\nnäw\n"));
        assertEquals("New password: \nThe same again: \n", prompts.toString(StandardCharsets.UTF_8));
    }

    @ParameterizedTest
    @ValueSource(strings = {"one\ntwo\n", "one\n", "\n\n"})
    void aSlipOnATerminalIsRefused(String input) {
        assertEquals(
                ExitCode.CONFIG,
                assertThrows(ExitException.class, () -> askTwice(input)).code());
    }

    @Test
    void anEndlessInputIsRefused() {
        assertEquals(
                ExitCode.CONFIG,
                assertThrows(ExitException.class, () -> read("x".repeat(5_000))).code());
    }
}
