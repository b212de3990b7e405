// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import io.zerofs.storage.files.DirectoryEntries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Consumer;

/** The segments of a cache by their growing numbers. One thread changes it, many read it. */
final class CacheDirectory {
    /** Half of the numbers that fit into the index's places. An opening past it numbers the segments anew. */
    private static final long NUMBER_MAX = 1 << 22;

    private static final String SUFFIX = ".blocks";

    private final DiskCacheSettings settings;
    private final ConcurrentSkipListMap<Long, CacheSegment> segments = new ConcurrentSkipListMap<>();

    /** The newest number among the files of an earlier process, some of which may not be open after a failure. */
    private long lastFound;

    CacheDirectory(DiskCacheSettings settings) {
        this.settings = settings;
    }

    /**
     * Opens an earlier process's segments. Deletes other files, empty segments and segments beyond the limit.
     *
     * @param failed receives the failure of a file; the others are opened
     */
    List<CacheSegment> open(Consumer<IOException> failed) throws IOException {
        Files.createDirectories(settings.directory());
        SortedMap<Long, Path> files = new TreeMap<>();
        for (Path entry : DirectoryEntries.sorted(settings.directory())) {
            long number = numberOf(entry);
            if (number >= 0) {
                files.put(number, entry);
            } else {
                attempt(() -> Files.delete(entry), failed);
            }
        }
        boolean anew = !files.isEmpty() && files.lastKey() > NUMBER_MAX;
        lastFound = files.isEmpty() || anew ? 0 : files.lastKey();
        for (SortedMap.Entry<Long, Path> file : files.entrySet()) {
            attempt(() -> open(file.getKey(), file.getValue(), anew), failed);
        }
        while (!segments.isEmpty() && (segments.size() >= settings.segmentsMax() || bytes() > allowed())) {
            attempt(() -> delete(segments.firstEntry().getValue()), failed);
        }
        return new ArrayList<>(segments.descendingMap().values());
    }

    private void open(long number, Path file, boolean anew) throws IOException {
        if (anew || Files.size(file) == 0) {
            Files.delete(file);
        } else {
            try {
                segments.put(number, CacheSegment.open(file, number));
            } catch (IOException e) {
                // Otherwise its bytes would stay, and no limit would count them.
                Files.deleteIfExists(file);
                throw e;
            }
        }
    }

    private interface Step {
        void run() throws IOException;
    }

    private static void attempt(Step step, Consumer<IOException> failed) {
        try {
            step.run();
        } catch (IOException e) {
            failed.accept(e);
        }
    }

    /** Returns the bytes that may stay. If the size of segments changed, their number alone is no limit. */
    private long allowed() {
        return (settings.segmentsMax() - 1) * settings.segmentBytes();
    }

    CacheSegment create() throws IOException {
        long number = 1 + (segments.isEmpty() ? lastFound : Math.max(lastFound, segments.lastKey()));
        Path file = settings.directory().resolve(String.format("%012d", number) + SUFFIX);
        // If the directory could not be listed at the opening, the number may be taken.
        Files.deleteIfExists(file);
        CacheSegment segment = CacheSegment.create(file, number);
        segments.put(number, segment);
        return segment;
    }

    /** Returns the segment of a place; null if it was deleted. */
    CacheSegment segmentAt(long place) {
        return segments.get(CacheSegment.number(place));
    }

    /** Returns whether a place is one in a segment that is here. */
    boolean has(long place) {
        return place != BlockIndex.NOWHERE && segmentAt(place) != null;
    }

    /** Returns the oldest segment; null if there is none. */
    CacheSegment oldest() {
        var first = segments.firstEntry();
        return first == null ? null : first.getValue();
    }

    int count() {
        return segments.size();
    }

    long bytes() {
        return segments.values().stream().mapToLong(CacheSegment::size).sum();
    }

    void delete(CacheSegment segment) throws IOException {
        segments.remove(segment.number());
        segment.delete();
    }

    boolean isRoomFor(long bytes) throws IOException {
        return Files.getFileStore(settings.directory()).getUsableSpace() - bytes >= settings.freeBytesMin();
    }

    void close() throws IOException {
        Collection<CacheSegment> open = segments.values();
        for (CacheSegment segment : open) {
            segment.close();
        }
    }

    private static long numberOf(Path file) {
        String name = file.getFileName().toString();
        return name.matches("[0-9]{12}" + SUFFIX.replace(".", "\\."))
                ? Long.parseLong(name.substring(0, name.length() - SUFFIX.length()))
                : -1;
    }
}
