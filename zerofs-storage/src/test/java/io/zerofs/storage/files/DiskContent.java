// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.files;

import io.zerofs.core.files.Directories;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The durable side of a directory. It has the content of each file as of its last sync, the durable names of each directory,
 * and later changes of names. The real directory has what running programs see.
 *
 * <p>A power cut leaves of a file the durable content, the present one, or a mixture of their blocks. Content between two
 * writes of one block does not come back. Files that RocksDB made are not in the model. A cut keeps, damages or drops each
 * of them, and never brings back one that RocksDB deleted. Guarded by the {@link FaultyDisk}'s monitor, one at a time.
 */
public final class DiskContent {
    /** Rules of a file system: the effect of a sync, and the unsynced changes that a cut may leave. */
    public enum Syncs {
        /**
         * No more than POSIX demands: fsync of a file covers its bytes and attributes, fsync of a directory the names in it.
         * A cut leaves any subset of the other changes of names, and any sectors of unsynced bytes. Bytes past the synced
         * length may be anything. Sources: fsync(2), on the entry in the directory, and Pillai et al., "All File Systems Are
         * Not Created Equal", OSDI 2014, section 2.
         */
        POSIX(512),
        /**
         * Like ext4 with data=ordered. Changes of names are in one journal and survive in their order, and each fsync commits
         * the whole journal. A file's new length never shows bytes that were not written. Delayed allocation still loses the
         * tail of an unsynced file whose name survives. Source: Documentation/filesystems/ext4, "Data Mode".
         */
        JOURNAL(4096);

        private final int blockBytes;

        Syncs(int blockBytes) {
            this.blockBytes = blockBytes;
        }
    }

    /** A file or directory, whatever its names. */
    static final class Inode {
        private final SortedMap<String, Inode> names;
        private final SortedMap<String, Inode> durableNames = new TreeMap<>();
        private final Set<Path> places = new LinkedHashSet<>();
        private byte[] durable = {};
        private FileTime durableTime = FileTime.fromMillis(0);
        /** The content before the last name went. */
        private byte[] last = {};

        private FileTime lastTime = durableTime;
        /** The content that a failed sync took for written; null if there is none. */
        private byte[] givenUp;

        Inode(boolean directory) {
            this.names = directory ? new TreeMap<>() : null;
        }

        boolean isDirectory() {
            return names != null;
        }
    }

    /** A change of one name; target null removes it. */
    private record Change(Inode directory, String name, Inode target) {
        boolean isOfSameName(Change other) {
            return directory == other.directory && name.equals(other.name);
        }

        void apply() {
            if (target == null) {
                directory.durableNames.remove(name);
            } else {
                directory.durableNames.put(name, target);
            }
        }
    }

    private final Path root;
    private final Syncs syncs;
    private final List<Change> pending = new ArrayList<>();
    /** Changes that no later sync writes, because one failed; older than the pending ones. */
    private final List<Change> givenUp = new ArrayList<>();

    private Inode top;

    private DiskContent(Path root, Syncs syncs) {
        this.root = root;
        this.syncs = syncs;
    }

    static DiskContent of(Path root, Syncs syncs) throws IOException {
        DiskContent content = new DiskContent(root, syncs);
        content.top = scan(root, new HashMap<>());
        return content;
    }

    private static Inode scan(Path place, Map<Object, Inode> byKey) throws IOException {
        BasicFileAttributes attributes =
                Files.readAttributes(place, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        Inode inode = byKey.computeIfAbsent(attributes.fileKey(), key -> new Inode(attributes.isDirectory()));
        inode.places.add(place);
        if (inode.isDirectory()) {
            for (Path entry : entries(place)) {
                Inode child = scan(entry, byKey);
                inode.names.put(entry.getFileName().toString(), child);
                inode.durableNames.put(entry.getFileName().toString(), child);
            }
        } else {
            inode.durable = Files.readAllBytes(place);
            inode.durableTime = attributes.lastModifiedTime();
        }
        return inode;
    }

    private static List<Path> entries(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.sorted().toList();
        }
    }

    Path root() {
        return root;
    }

    /** Returns the inode at a place; null if the model has none, or the place is outside. */
    private Inode find(Path place) {
        if (!place.startsWith(root)) {
            return null;
        }
        Inode at = top;
        for (Path name : place.equals(root) ? List.<Path>of() : root.relativize(place)) {
            at = at == null || !at.isDirectory() ? null : at.names.get(name.toString());
        }
        return at;
    }

    private void name(Path place, Inode target) {
        Inode directory = find(place.getParent());
        if (directory == null) {
            return; // in a directory that RocksDB made
        }
        String name = place.getFileName().toString();
        Inode former = target == null ? directory.names.remove(name) : directory.names.put(name, target);
        if (former != null) {
            former.places.remove(place);
        }
        if (target != null) {
            target.places.add(place);
        }
        pending.add(new Change(directory, name, target));
    }

    /** Returns the inode of an opened file, which the opening may have made. */
    Inode opened(Path place) {
        Inode inode = find(place);
        if (inode == null) {
            inode = new Inode(Files.isDirectory(place));
            if (place.startsWith(root)) {
                name(place, inode);
            }
        }
        return inode;
    }

    void madeDirectory(Path place) {
        name(place, new Inode(true));
    }

    void linked(Path existing, Path link) {
        name(link, opened(existing));
    }

    void moved(Path from, Path to) {
        Inode inode = find(from);
        name(from, null);
        name(to, inode == null ? new Inode(false) : inode);
    }

    void removed(Path place) {
        if (find(place) != null) {
            name(place, null);
        }
    }

    /** Keeps the content of a file whose name goes next, because the removal may not survive. */
    void keepContent(Path place) throws IOException {
        Inode inode = find(place);
        if (inode != null && !inode.isDirectory()) {
            inode.last = Files.readAllBytes(place);
            inode.lastTime = Files.getLastModifiedTime(place);
        }
    }

    void forced(Inode inode) throws IOException {
        if (!inode.isDirectory() && !inode.places.isEmpty()) {
            Path place = inode.places.iterator().next();
            byte[] now = Files.readAllBytes(place);
            if (!Arrays.equals(now, inode.givenUp)) {
                inode.durable = now;
                inode.durableTime = Files.getLastModifiedTime(place);
            }
        }
        List<Change> covered = pending.stream()
                .filter(change -> syncs == Syncs.JOURNAL || change.directory == inode)
                .toList();
        for (Change change : covered) {
            change.apply();
            givenUp.removeIf(change::isOfSameName);
        }
        pending.removeAll(covered);
    }

    /**
     * Marks as clean what a failed sync did not write, so that a later one has nothing to do. Sources: fsync(2), EIO, and
     * Rebello et al., "Can Applications Recover from fsync Failures?", ATC 2020. After a failed commit of a journal nothing
     * is synced any more, so there the changes wait.
     */
    void forceFailed(Inode inode) throws IOException {
        if (syncs == Syncs.JOURNAL) {
            return;
        }
        if (!inode.isDirectory() && !inode.places.isEmpty()) {
            inode.givenUp = Files.readAllBytes(inode.places.iterator().next());
        }
        List<Change> lost =
                pending.stream().filter(change -> change.directory == inode).toList();
        givenUp.addAll(lost);
        pending.removeAll(lost);
    }

    /** Leaves in the real directory what the disk has after a power cut; all of it is durable then. */
    void cut(SplittableRandom random) throws IOException {
        double chance = random.nextInt(3) / 2.0;
        pending.addAll(0, givenUp);
        givenUp.clear();
        int kept = random.nextInt(pending.size() + 1);
        for (Change change : syncs == Syncs.JOURNAL ? pending.subList(0, kept) : pending) {
            if (syncs == Syncs.JOURNAL || random.nextDouble() < chance) {
                change.apply();
            }
        }
        pending.clear();
        rebuild(random);
    }

    void cutLosingAll() throws IOException {
        pending.clear();
        givenUp.clear();
        rebuild(null);
    }

    /** @param random null if nothing unsynced survives */
    private void rebuild(SplittableRandom random) throws IOException {
        Path after = root.resolveSibling(root.getFileName() + ".after");
        rebuild(top, after, random, new IdentityHashMap<>());
        Directories.delete(root);
        Files.move(after, root);
        top = scan(root, new HashMap<>());
    }

    private void rebuild(Inode directory, Path to, SplittableRandom random, Map<Inode, Path> written)
            throws IOException {
        Files.createDirectory(to);
        for (Path from : directory.places) {
            Files.setPosixFilePermissions(to, Files.getPosixFilePermissions(from));
        }
        for (Map.Entry<String, Inode> entry : directory.durableNames.entrySet()) {
            Path place = to.resolve(entry.getKey());
            Inode inode = entry.getValue();
            if (inode.isDirectory()) {
                rebuild(inode, place, random, written);
            } else if (written.containsKey(inode)) {
                Files.createLink(place, written.get(inode));
            } else if (!isRemovedByForeign(inode) || random == null || random.nextBoolean()) {
                write(inode, place, split(random));
                written.put(inode, place);
            }
        }
        for (Path from : directory.places) {
            for (Path entry : entries(from)) {
                String name = entry.getFileName().toString();
                if (!directory.names.containsKey(name) && Files.notExists(to.resolve(name))) {
                    copyForeign(entry, to.resolve(name), split(random));
                }
            }
        }
    }

    /** Returns the chance of one file, so that the length of another one changes nothing. */
    private static SplittableRandom split(SplittableRandom random) {
        return random == null ? null : random.split();
    }

    /** Returns whether RocksDB, whose calls no provider sees, has removed a file. No sync has covered its removal. */
    private static boolean isRemovedByForeign(Inode inode) {
        return !inode.places.isEmpty() && inode.places.stream().allMatch(Files::notExists);
    }

    private void write(Inode inode, Path to, SplittableRandom random) throws IOException {
        byte[] now = isRemovedByForeign(inode) ? inode.durable : inode.last;
        FileTime time = inode.lastTime;
        Set<PosixFilePermission> permissions = null;
        for (Path place : inode.places.stream().filter(Files::exists).toList()) {
            now = Files.readAllBytes(place);
            time = Files.getLastModifiedTime(place);
            permissions = Files.getPosixFilePermissions(place);
        }
        Files.write(to, random == null ? inode.durable : survivor(inode.durable, now, random));
        if (permissions != null) {
            Files.setPosixFilePermissions(to, permissions);
        }
        Files.setLastModifiedTime(to, random != null && random.nextBoolean() ? time : inode.durableTime);
    }

    private byte[] survivor(byte[] durable, byte[] now, SplittableRandom random) {
        int choice = random.nextInt(4);
        if (choice == 0 || Arrays.equals(durable, now)) {
            return durable;
        }
        if (choice == 1) {
            return now;
        }
        int shortest = Math.min(durable.length, now.length);
        int length = shortest + random.nextInt(Math.max(durable.length, now.length) - shortest + 1);
        byte[] mixed = Arrays.copyOf(durable, length);
        if (syncs == Syncs.POSIX && length > durable.length) {
            byte[] anything = new byte[length - durable.length];
            random.nextBytes(anything);
            System.arraycopy(anything, 0, mixed, durable.length, anything.length);
        }
        for (int at = 0; at < Math.min(length, now.length); at += syncs.blockBytes) {
            boolean isNew = syncs == Syncs.JOURNAL && at + syncs.blockBytes > durable.length;
            if (isNew || random.nextBoolean()) {
                System.arraycopy(now, at, mixed, at, Math.min(syncs.blockBytes, Math.min(length, now.length) - at));
            }
        }
        return mixed;
    }

    private static void copyForeign(Path from, Path to, SplittableRandom random) throws IOException {
        int choice = random == null ? 0 : random.nextInt(4);
        if (choice == 0) {
            return;
        }
        if (Files.isDirectory(from)) {
            Files.createDirectory(to);
            for (Path entry : entries(from)) {
                copyForeign(entry, to.resolve(entry.getFileName()), random);
            }
            return;
        }
        byte[] bytes = Files.readAllBytes(from);
        int length = choice == 1 ? random.nextInt(bytes.length + 1) : bytes.length;
        if (choice == 2 && length > 0) {
            int at = random.nextInt(length);
            Arrays.fill(bytes, at, Math.min(length, at + 4096), (byte) 0);
        }
        Files.write(to, Arrays.copyOf(bytes, length));
    }
}
