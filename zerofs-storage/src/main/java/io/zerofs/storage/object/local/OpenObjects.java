// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.object.local;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of objects that were read last. They stay open, so that a small read need not open its file. A read may use a
 * file only if {@link File#isCurrent} afterwards. Thread-safe.
 */
final class OpenObjects implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(OpenObjects.class);

    private final int filesMax;

    /** The files that no caller may have to open, the least recently used first. Guarded by this. */
    private final Map<Path, File> files = new LinkedHashMap<>(16, 0.75f, true);

    OpenObjects(int filesMax) {
        this.filesMax = filesMax;
    }

    /** An open file of one version of an object. Each user closes it once. */
    final class File implements AutoCloseable {
        private final Path path;
        private final FileChannel channel;
        private final BasicFileAttributes attributes;
        private final String version;

        /** Callers that use it, and one for the map. Guarded by the outer object. */
        private int users = 2;

        private File(Path path, FileChannel channel, BasicFileAttributes attributes) {
            this.path = path;
            this.channel = channel;
            this.attributes = attributes;
            this.version = LocalObjectStore.versionOf(attributes);
        }

        FileChannel channel() {
            return channel;
        }

        long size() {
            return attributes.size();
        }

        String version() {
            return version;
        }

        /** Returns whether the object has had this version all the time since the opening. */
        boolean isCurrent() throws IOException {
            return isSame(attributes, attributesOf(path));
        }

        /** Ends a caller's use. */
        @Override
        public void close() {
            release(List.of(this));
        }
    }

    /** Returns the open file of an object for the caller to use and close. Opens it if it is not open. */
    File use(Path path) throws IOException {
        synchronized (this) {
            File known = files.get(path);
            if (known != null) {
                known.users++;
                return known;
            }
        }
        while (true) {
            BasicFileAttributes before = attributesOf(path);
            FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
            boolean kept = false;
            try {
                if (isSame(before, attributesOf(path))) {
                    File file = new File(path, channel, before);
                    kept = true;
                    keep(file);
                    return file;
                }
            } finally {
                if (!kept) {
                    channel.close();
                }
            }
        }
    }

    private void keep(File file) {
        List<File> dropped = new ArrayList<>(1);
        synchronized (this) {
            File before = files.put(file.path, file);
            if (before != null) {
                dropped.add(before);
            }
            Iterator<File> oldest = files.values().iterator();
            for (int surplus = files.size() - filesMax; surplus > 0; surplus--) {
                dropped.add(oldest.next());
                oldest.remove();
            }
        }
        release(dropped);
    }

    /** Forgets the file of an object that was deleted or replaced, so that its bytes on the disk become free. */
    void forget(Path path) {
        File file;
        synchronized (this) {
            file = files.remove(path);
        }
        if (file != null) {
            release(List.of(file));
        }
    }

    /** Forgets a file that failed or is out of date. */
    void forget(File file) {
        boolean removed;
        synchronized (this) {
            removed = files.remove(file.path, file);
        }
        if (removed) {
            release(List.of(file));
        }
    }

    private void release(List<File> released) {
        for (File file : released) {
            boolean unused;
            synchronized (this) {
                unused = --file.users == 0;
            }
            if (unused) {
                try {
                    file.channel.close();
                } catch (IOException e) {
                    log.debug("{} did not close in order", file.path, e);
                }
            }
        }
    }

    /** Forgets all files. */
    @Override
    public void close() {
        List<File> all;
        synchronized (this) {
            all = new ArrayList<>(files.values());
            files.clear();
        }
        release(all);
    }

    private static BasicFileAttributes attributesOf(Path path) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
        if (!attributes.isRegularFile()) {
            throw new NoSuchFileException(path.toString());
        }
        return attributes;
    }

    private static boolean isSame(BasicFileAttributes one, BasicFileAttributes other) {
        return one.size() == other.size()
                && one.lastModifiedTime().equals(other.lastModifiedTime())
                && Objects.equals(one.fileKey(), other.fileKey());
    }
}
