// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.local;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.object.ObjectStoreException.Kind;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LocalErrorsTest {
    @Test
    void errorsOfTheSystemAreSentences() {
        Map<IOException, String> sentences = Map.of(
                new AccessDeniedException("/s/a"), "permission denied; the user",
                new NoSuchFileException("/s/a"), "no such file or directory; is the disk mounted?",
                new NotDirectoryException("/s/a"), "not a directory",
                new FileSystemException("/s/a", null, "Read-only file system"), "mounted read-only",
                new FileSystemException("/s/a", null, "No space left on device"), "no space left on the disk",
                new IOException("Disk quota exceeded"), "is used up",
                new IOException("Input/output error"), "the disk reports an input/output error",
                new ClosedByInterruptException(), "interrupted",
                new FileSystemException("/s/a", null, "Too many open files"), "Too many open files");
        sentences.forEach((e, sentence) -> {
            ObjectStoreException told = LocalErrors.translate("cannot store a", Path.of("/s/a"), e);
            assertTrue(told.getMessage().startsWith("cannot store a: /s/a: "), told.getMessage());
            assertTrue(told.getMessage().contains(sentence), told.getMessage());
            assertFalse(told.getMessage().contains("Exception"), told.getMessage());
        });
    }

    @Test
    void aFullDiskAndAMissingDiskAreDifferentErrors() {
        assertEquals(Kind.NO_SPACE, kind(new IOException("No space left on device")));
        assertEquals(Kind.REFUSED, kind(new FileSystemException("/s", null, "Read-only file system")));
        assertEquals(Kind.UNAVAILABLE, kind(new NoSuchFileException("/s")));
        assertEquals(Kind.UNAVAILABLE, kind(new IOException("Input/output error")));
    }

    private static Kind kind(IOException e) {
        return LocalErrors.translate("cannot store", Path.of("/s"), e).kind();
    }
}
