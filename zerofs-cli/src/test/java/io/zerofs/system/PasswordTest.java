// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import io.zerofs.cli.ExitCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The command change-password. Each test has a copy of one volume, whose password is "first". */
@Tag("system")
class PasswordTest {
    private static final int WRONG_PASSWORD = ExitCode.WRONG_PASSWORD.status();

    @RegisterExtension
    static final Scratch SCRATCH = new Scratch();

    private static Path file;
    private static int volumes;

    @BeforeAll
    static void fill() throws Exception {
        Daemon daemon = SCRATCH.daemon("original").password("first").start();
        file = SCRATCH.randomFile("f", 100_000);
        daemon.nfs().put(file, "f");
        daemon.stop();
    }

    private static Daemon volume(String name) throws Exception {
        Path copy = SCRATCH.path("store." + ++volumes);
        Scratch.copy(SCRATCH.path("store"), copy);
        return SCRATCH.daemon(name + volumes).password("first").store(copy);
    }

    /** Returns the command with the new password as the content of its input. */
    private static Command change(Daemon daemon, String input) throws Exception {
        return daemon.command("change-password").reading(Files.writeString(SCRATCH.path("new-password"), input));
    }

    private static void assertOpens(Daemon daemon, String password) throws Exception {
        daemon.password(password).start();
        daemon.nfs().assertHas("f", file);
        daemon.stop();
    }

    private static void assertDoesNotOpen(Daemon daemon, String password) throws Exception {
        daemon.password(password);
        if (daemon.startsOrEnds()) {
            fail("this password should not open the volume: " + password);
        }
        assertEquals(WRONG_PASSWORD, daemon.end());
    }

    @Test
    void passwordFromAPipeReplacesTheOldOneWhoseUserGetsOneLine() throws Exception {
        Daemon daemon = volume("d");
        Running change = daemon.command("change-password").readingPipe().start();
        change.type("second\n");
        change.closeInput();
        assertEquals(0, change.awaitEnd(Daemon.START_MAX), change::output);
        assertDoesNotOpen(daemon, "first");
        assertEquals(
                1,
                daemon.log().lines().filter(line -> line.contains("password")).count(),
                daemon.log());
        assertOpens(daemon, "second");
    }

    @Test
    void passwordFromAFileWithoutALineEndIsTaken() throws Exception {
        Daemon daemon = volume("d");
        change(daemon, "third").run();
        assertDoesNotOpen(daemon, "first");
        assertOpens(daemon, "third");
    }

    @Test
    void emptyPasswordIsRefused() throws Exception {
        assertEquals(
                ExitCode.CONFIG.status(), change(volume("d"), "\n").result().status());
    }

    @Test
    void changeWithoutTheOldPasswordIsRefused() throws Exception {
        Daemon daemon = volume("d").password("wrong");
        assertEquals(WRONG_PASSWORD, change(daemon, "fourth\n").result().status());
    }

    /** The bytes count, in every locale. Names of files are no different. */
    @ParameterizedTest
    @ValueSource(strings = {"C", "C.UTF-8"})
    void lettersBeyondAsciiAreTheSameInEveryLocale(String locale) throws Exception {
        Daemon daemon = volume("дом");
        change(daemon, "пароль\n").with("LC_ALL", "C").run();
        daemon.variable("LC_ALL", locale);
        assertOpens(daemon, "пароль");
        assertDoesNotOpen(daemon, "секрет");
        change(daemon.password("пароль"), "third\n").run();
        assertOpens(daemon, "third");
    }

    @Test
    void terminalAsksTwiceAndShowsNothingThatIsTyped() throws Exception {
        Daemon daemon = volume("d");
        Running screen = daemon.command("change-password").atTerminal().start();
        screen.awaitOutput("New password: ", Daemon.START_MAX);
        screen.type("typed\n");
        screen.awaitOutput("The same again: ", Daemon.START_MAX);
        screen.type("typed\n");
        assertEquals(0, screen.awaitEnd(Daemon.START_MAX), screen::output);
        assertTrue(!screen.output().contains("typed"), screen::output);
        assertOpens(daemon, "typed");
    }

    /** The moments are shares of the time of a whole change, around its end, which is where it writes. */
    @ParameterizedTest
    @ValueSource(ints = {60, 80, 90, 100, 110, 125})
    void killAtAnyMomentLeavesExactlyOnePassword(int percent) throws Exception {
        Daemon daemon = volume("d");
        long began = System.nanoTime();
        change(daemon, "current\n").run();
        Duration moment = Duration.ofNanos((System.nanoTime() - began) * percent / 100);
        change(daemon.password("current"), "next\n")
                .after("timeout", "-s", "KILL", moment.toMillis() / 1e3)
                .result();
        daemon.password("next");
        if (daemon.startsOrEnds()) {
            daemon.nfs().assertHas("f", file);
            daemon.stop();
            assertDoesNotOpen(daemon, "current");
            System.out.println("killed after " + percent + " %: the new password opens it");
        } else {
            assertEquals(WRONG_PASSWORD, daemon.end());
            assertOpens(daemon, "current");
            System.out.println("killed after " + percent + " %: the old password opens it");
        }
    }
}
