// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.storage.files.DirectoryEntries;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.UUID;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers the place of the store in each volume's local directory. An empty store at such a place is an unmounted disk or
 * an emptied bucket, and no reason to make a new volume. Confined to the thread that opens the volume.
 */
final class KnownPlaces {
    private static final Logger LOG = LoggerFactory.getLogger(KnownPlaces.class);
    private static final String FILE = "place";
    private static final Pattern UUID_TEXT = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    private final Path cacheDirectory;

    KnownPlaces(Path cacheDirectory) {
        this.cacheDirectory = cacheDirectory;
    }

    /** Notes the place of a volume whose local directory exists. */
    void remember(UUID volume, String place) throws IOException {
        Path file = cacheDirectory.resolve(volume.toString()).resolve(FILE);
        boolean known = false;
        try {
            known = isAt(file, place);
        } catch (IOException e) {
            LOG.warn("writing {} anew, because it cannot be read: {}", file, e.toString());
        }
        if (!known) {
            Files.writeString(file, place);
        }
    }

    /** Throws if this machine has opened a volume at a place, which the caller found empty. */
    void requireUnknown(String place) throws IOException, OpenException {
        try {
            for (Path volume : DirectoryEntries.sorted(cacheDirectory)) {
                if (UUID_TEXT.matcher(volume.getFileName().toString()).matches() && isOwnAt(volume, place)) {
                    throw new OpenException(
                            OpenException.Kind.VOLUME_GONE,
                            "there is no volume at " + place + ", but this machine has opened volume "
                                    + volume.getFileName() + " there: mount the disk or correct the URL;"
                                    + " if that volume is gone for good, delete " + volume + " to make a new one");
                }
            }
        } catch (NoSuchFileException e) {
            // No volume was ever opened with this cache directory.
        }
    }

    /** As {@link #isAt}. A directory that this user may not read belongs to another user's volume. */
    private static boolean isOwnAt(Path volume, String place) throws IOException {
        try {
            return isAt(volume.resolve(FILE), place);
        } catch (AccessDeniedException e) {
            LOG.warn("cannot see which volume {} is for: {}", volume, e.toString());
            return false;
        }
    }

    private static boolean isAt(Path file, String place) throws IOException {
        byte[] expected = place.getBytes(StandardCharsets.UTF_8);
        try {
            return Files.size(file) == expected.length && Arrays.equals(Files.readAllBytes(file), expected);
        } catch (NoSuchFileException e) {
            return false;
        }
    }
}
