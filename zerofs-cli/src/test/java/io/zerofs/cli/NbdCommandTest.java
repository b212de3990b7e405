// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.server.client.NbdClient;
import io.zerofs.server.net.ListenAddress;
import java.nio.file.Path;
import java.util.Arrays;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NbdCommandTest {
    @TempDir
    Path directory;

    private RunningDaemon daemon;

    private void assertDone(String line, String output) {
        RunningDaemon.Ended ended = run(line);
        assertEquals(ExitCode.OK, ended.code(), ended::errors);
        assertEquals(output + "\n", ended.out());
    }

    private void assertRefused(String line, String message) {
        RunningDaemon.Ended ended = run(line);
        assertEquals(ExitCode.REFUSED, ended.code(), ended::errors);
        assertEquals("zerofs: " + message + "\n", ended.errors());
    }

    private RunningDaemon.Ended run(String line) {
        String[] words = line.split(" ");
        String[] all = Arrays.copyOf(words, words.length + 2);
        all[words.length] = "-c";
        all[words.length + 1] = "zerofs.toml";
        return daemon.run(all);
    }

    @Test
    void devicesAreMadeUsedResizedAndDeletedButNotWhileAClientIsConnected() throws Exception {
        String nbd = "[servers.nbd]\naddresses = []\nunix_socket = \"" + directory + "/nbd.sock\"";
        try (RunningDaemon running = new RunningDaemon(directory, nbd).start()) {
            daemon = running;
            assertDone("nbd create disk 1M", "created disk, 1048576 bytes");
            assertRefused("nbd create disk 1M", "the device disk exists already");
            assertRefused("nbd create a/b 1M", "the device a/b cannot have this name: NBD clients could not use it");
            assertRefused("nbd resize absent 1M", "the device absent does not exist");
            assertRefused("nbd delete ..", "the device .. does not exist");
            try (NbdClient client = NbdClient.connect(ListenAddress.unix(directory.resolve("nbd.sock")))) {
                client.go("disk");
                assertEquals(1 << 20, client.size);
                assertEquals(0, client.write(0, new byte[8_192]));
                String inUse = "the device disk is in use: disconnect its clients first";
                assertRefused("nbd resize disk 2M", inUse);
                assertRefused("nbd resize disk 1K --shrink", inUse);
                assertRefused("nbd delete disk", inUse);
                String[] columns = run("nbd list").lines().get(1).strip().split(" +");
                assertEquals("[1048576, 262144, 1, disk]", Arrays.toString(columns));
            }
            awaitDisconnected();
            assertDone("nbd resize disk 2M", "resized disk, 2097152 bytes");
            assertRefused(
                    "nbd resize disk 4K", "the device disk is larger: the bytes beyond the new size would be lost");
            assertDone("nbd resize disk 4K --shrink", "resized disk, 4096 bytes");
            assertDone("nbd delete disk", "deleted disk");
            assertDone("nbd list --json", "{\"devices\":[]}");
        }
    }

    private void awaitDisconnected() {
        Awaitility.await().until(() -> run("nbd list").lines().get(1).contains(" 0  disk"));
    }

    @Test
    void aDaemonWithoutTheServerHasNoDevices() throws Exception {
        try (RunningDaemon running = new RunningDaemon(directory, "").start()) {
            daemon = running;
            assertRefused("nbd list", "the daemon serves no block devices: add [servers.nbd] and start it again");
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "4096, 4096", "1K, 1024", "3MiB, 3145728", "100G, 107374182400", "2T, 2199023255552"})
    void sizesHaveUnits(String size, long bytes) throws ExitException {
        assertEquals(bytes, NbdCommand.bytes(size));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "0", "-1", "1.5G", "G", "1iB", "9223372036854775808", "8388608T", "1 G", "1g"})
    void otherSizesAreRefused(String size) {
        ExitException refused = assertThrows(ExitException.class, () -> NbdCommand.bytes(size));
        assertEquals(ExitCode.USAGE, refused.code());
        assertTrue(refused.getMessage().startsWith("\"" + size + "\" is not a size"), refused.getMessage());
    }

    @Test
    void namesCannotControlTheTerminal() {
        assertEquals("a\\x1b[2Jb\\x5cä", StatusText.printable("a\u001b[2Jb\\ä"));
    }
}
