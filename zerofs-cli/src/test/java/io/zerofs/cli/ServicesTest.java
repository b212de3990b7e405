// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.cli.config.ConfigLoader;
import io.zerofs.cli.config.Environment;
import io.zerofs.cli.config.ZerofsConfig;
import io.zerofs.core.fs.CheckedFileSystems;
import io.zerofs.core.fs.ZeroFileSystem;
import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DeviceNumber;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.volume.MemoryVolume;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServicesTest {
    @TempDir
    Path directory;

    @Test
    void fileInThePlaceOfTheExportsIsForTheOperatorToMove() throws Exception {
        Path config = Files.writeString(
                directory.resolve("zerofs.toml"),
                "[cache]\ndir = \"" + directory + "/cache\"\n[storage]\nurl = \"file://" + directory
                        + "/store\"\nencryption_password = \"p\"\n[servers.nbd]\naddresses = []\nunix_socket = \""
                        + directory + "/s\"\n");
        try (MemoryVolume first = new MemoryVolume()) {
            try (ZeroFileSystem files = CheckedFileSystems.open(first)) {
                NewNode file = new NewNode(
                        FileKind.REGULAR,
                        AttributeChange.ofMode(0644),
                        DeviceNumber.NONE,
                        null,
                        NewNode.Existing.REFUSE,
                        0);
                files.create(Credentials.ROOT, files.root(), FileName.of(".nbd"), file);
                files.barrier().get();
            }
            MemoryVolume volume = first.reopen();
            ZerofsConfig all = new ConfigLoader(Environment.process()).load(config);
            ExitException refusal = assertThrows(
                    ExitException.class, () -> Services.open(volume, Optional.empty(), all, OpenFiles.of(all)));
            assertEquals(ExitCode.CONFIG, refusal.code());
            assertTrue(refusal.getMessage().contains("start without [servers.nbd]"), refusal.getMessage());
        }
    }
}
