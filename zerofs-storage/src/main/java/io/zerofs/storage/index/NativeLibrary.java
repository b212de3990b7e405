// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.index;

import io.zerofs.core.runtime.Machine;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import org.rocksdb.RocksDB;
import org.rocksdb.util.Environment;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Loads RocksDB's native library from a fixed place. By default the binding unpacks 17 MB into the temp directory at each
 * start, and leaves them there if the process is killed.
 */
final class NativeLibrary {
    private static final Logger LOG = LoggerFactory.getLogger(NativeLibrary.class);
    private static final String PREFIX = "rocksdb";
    private static final String SUFFIX = ".partial";
    private static final Duration LEFTOVER_AGE = Duration.ofHours(1);

    // A monitor of the JVM, because the library belongs to the process. Its holders wait for no other thread.
    private static final Object LOADING = new Object();

    // The library belongs to the whole process. Checking its 17 MB again takes longer than opening a small volume.
    private static boolean loaded;

    private NativeLibrary() {}

    /** Loads the library like {@link #load}, unless this process has it already. */
    static void loadOnce(Path directory) throws IOException {
        synchronized (LOADING) {
            if (!loaded) {
                load(directory);
                loaded = true;
            }
        }
    }

    /**
     * @param directory the library's place; created if it is missing; other processes may share it
     */
    static void load(Path directory) throws IOException {
        URL source = RocksDB.class.getClassLoader().getResource(Environment.getJniLibraryFileName("rocksdb"));
        if (source == null || !(source.openConnection() instanceof JarURLConnection jar)) {
            // The library has another name on this platform, and the binding knows its place.
            RocksDB.loadLibrary();
            return;
        }
        Path home = directory.toAbsolutePath();
        if (home.getParent() != null) {
            Files.createDirectories(home.getParent());
        }
        PrivateDirectory.make(home);
        deleteLeftovers(home);
        // RocksDB.loadLibrary(List) looks for this name, with a doubled "jni".
        Path library = home.resolve(Environment.getJniLibraryFileName("rocksdbjni"));
        // Only we can write here, so the checksum only has to find damage. Unpacking again takes up to a second.
        if (!PrivateDirectory.isOurFile(library)
                || crc(library) != jar.getJarEntry().getCrc()) {
            unpack(source, library);
        }
        try {
            RocksDB.loadLibrary(List.of(home.toString()));
        } catch (UnsatisfiedLinkError e) {
            throw new IOException(
                    "cannot load RocksDB's library from " + library
                            + ", perhaps because its disk is mounted noexec: use a"
                            + " cache directory on another disk (" + e.getMessage() + ")",
                    e);
        }
    }

    private static long crc(Path file) throws IOException {
        try (CheckedInputStream in = new CheckedInputStream(Files.newInputStream(file), new CRC32())) {
            in.transferTo(OutputStream.nullOutputStream());
            return in.getChecksum().getValue();
        }
    }

    /** Deletes the files of unpackings that a kill ended. Another process may be unpacking, which takes seconds. */
    private static void deleteLeftovers(Path home) {
        Instant old = Machine.current().now().minus(LEFTOVER_AGE);
        try (DirectoryStream<Path> partials = Files.newDirectoryStream(home, PREFIX + "*" + SUFFIX)) {
            for (Path partial : partials) {
                if (Files.getLastModifiedTime(partial).toInstant().isBefore(old)) {
                    Files.deleteIfExists(partial);
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            LOG.debug("leftovers in {} stay until the next start: {}", home, e.toString());
        }
    }

    private static void unpack(URL source, Path library) throws IOException {
        Path partial = Files.createTempFile(library.getParent(), PREFIX, SUFFIX);
        try (InputStream in = source.openStream();
                FileChannel file = FileChannel.open(partial, StandardOpenOption.WRITE)) {
            in.transferTo(Channels.newOutputStream(file));
            file.force(true);
        } catch (IOException e) {
            Files.deleteIfExists(partial);
            throw e;
        }
        Files.move(partial, library, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }
}
