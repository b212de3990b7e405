// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.cache;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;

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

    /** Opens an earlier process's segments. Deletes other files, empty segments and segments beyond the limit. */
    List<CacheSegment> open() throws IOException {
        Files.createDirectories(settings.directory());
        SortedMap<Long, Path> files = new TreeMap<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(settings.directory())) {
            for (Path entry : entries) {
                long number = numberOf(entry);
                if (number < 0 || Files.size(entry) == 0) {
                    Files.delete(entry);
                } else {
                    files.put(number, entry);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
        if (!files.isEmpty() && files.lastKey() > NUMBER_MAX) {
            for (Path file : files.values()) {
                Files.delete(file);
            }
            files.clear();
        }
        lastFound = files.isEmpty() ? 0 : files.lastKey();
        for (SortedMap.Entry<Long, Path> file : files.entrySet()) {
            segments.put(file.getKey(), CacheSegment.open(file.getValue(), file.getKey()));
        }
        while (!segments.isEmpty() && (segments.size() >= settings.segmentsMax() || bytes() > allowed())) {
            delete(segments.firstEntry().getValue());
        }
        return new ArrayList<>(segments.descendingMap().values());
    }

    /** Returns the bytes that may stay. If the size of segments changed, their number alone is no limit. */
    private long allowed() {
        return (settings.segmentsMax() - 1) * settings.segmentBytes();
    }

    CacheSegment create() throws IOException {
        long number = 1 + (segments.isEmpty() ? lastFound : Math.max(lastFound, segments.lastKey()));
        CacheSegment segment =
                CacheSegment.create(settings.directory().resolve(String.format("%012d", number) + SUFFIX), number);
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
