// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.local;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The two requests that make files and names durable. Tests count them or make them fail. */
interface Syncing {
    /** Makes the content and attributes of a file durable. */
    default void file(Path file, FileChannel channel) throws IOException {
        channel.force(true);
    }

    /** Makes the names in a directory durable. */
    default void directory(Path directory) throws IOException {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }
}
