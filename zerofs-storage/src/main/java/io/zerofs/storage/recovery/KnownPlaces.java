// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Remembers the place of the store in each volume's local directory. An empty store at such a place is an unmounted disk or
 * an emptied bucket, and no reason to make a new volume. Confined to the thread that opens the volume.
 */
final class KnownPlaces {
    private static final Logger LOG = LoggerFactory.getLogger(KnownPlaces.class);
    private static final String FILE = "place";
    private static final String UUID_GLOB = "????????-????-????-????-????????????";

    private final Path cacheDirectory;

    KnownPlaces(Path cacheDirectory) {
        this.cacheDirectory = cacheDirectory;
    }

    /** Notes the place of a volume whose local directory exists. */
    void remember(UUID volume, String place) throws IOException {
        Path file = cacheDirectory.resolve(volume.toString()).resolve(FILE);
        if (!isAt(file, place)) {
            Files.writeString(file, place);
        }
    }

    /** Throws if this machine has opened a volume at a place, which the caller found empty. */
    void requireUnknown(String place) throws IOException, OpenException {
        try (DirectoryStream<Path> volumes = Files.newDirectoryStream(cacheDirectory, UUID_GLOB)) {
            for (Path volume : volumes) {
                if (isAt(volume.resolve(FILE), place)) {
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

    private static boolean isAt(Path file, String place) {
        byte[] expected = place.getBytes(StandardCharsets.UTF_8);
        try {
            return Files.size(file) == expected.length && Arrays.equals(Files.readAllBytes(file), expected);
        } catch (IOException e) {
            LOG.debug("{} does not show where a volume was: {}", file, e.toString());
            return false;
        }
    }
}
