// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.fs;

import io.zerofs.core.model.RandomOperations.Step;
import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.Creation;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.DeviceNumber;
import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.NewNode;
import io.zerofs.core.vfs.RemoveMode;
import io.zerofs.core.vfs.TimeChange;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.vfs.VirtualFileSystem;
import io.zerofs.core.vfs.XattrMode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * One operation on a small place: the directories {@code A} and {@code B}, and the file {@code A/f} with some bytes and
 * an extended attribute. Paths are as a client of NFS or 9P walks them. {@code @f} is the file under its handle, which
 * stays valid for an NFS client and an open fid after its names have changed.
 */
record SmallOperation(String name, On on) {
    /** A call in a place. */
    interface On {
        Object call(VirtualFileSystem files, Place place) throws FsException;
    }

    /** A place: its directory, and the file {@code A/f} as it was in the beginning. */
    record Place(InodeId directory, InodeId file) {}

    private static final Credentials ROOT = Credentials.ROOT;
    private static final int CHUNK = VirtualFileSystem.CHUNK_BYTES;
    static final int FILE_BYTES = 5000;

    static final List<SmallOperation> ALL = new ArrayList<>();

    static {
        names();
        renames();
        data();
        attributes();
    }

    Step in(Place place) {
        return new Step(name, files -> on.call(files, place));
    }

    /** Returns the steps that make a place in an empty directory; the last one creates the file. */
    static List<Step> setup(InodeId directory) {
        Place place = new Place(directory, null);
        return List.of(
                new SmallOperation("mkdir A", create("A", NewNode.directory(0755))).in(place),
                new SmallOperation("mkdir B", create("B", NewNode.directory(0755))).in(place),
                new SmallOperation("create A/f", create("A/f", NewNode.file(0644))).in(place));
    }

    /** Returns the steps that fill the file. */
    static List<Step> content(Place place) {
        return List.of(
                new SmallOperation("write f", write(0, FILE_BYTES)).in(place),
                new SmallOperation("setxattr f", setXattr(new byte[] {1, 2, 3})).in(place));
    }

    private static void add(String name, On on) {
        ALL.add(new SmallOperation(name, on));
    }

    private static void names() {
        add("create A/g", create("A/g", NewNode.file(0644)));
        add("create B/f", create("B/f", NewNode.file(0600)));
        add("create A/g once", create("A/g", node(NewNode.Existing.OPEN_IF_SAME_VERIFIER, null, 7)));
        add("open A/f empty", create("A/f", node(NewNode.Existing.OPEN, 0L, 0)));
        add("create A/g long", create("A/g", node(NewNode.Existing.OPEN, CHUNK + 1000L, 0)));
        add("mkdir A/d", create("A/d", NewNode.directory(0755)));
        add("mkdir B/d", create("B/d", NewNode.directory(02775)));
        add("symlink A/g", create("A/g", NewNode.symlink(new byte[] {'f', (byte) 0xff})));
        add("mkfifo B/f", create("B/f", NewNode.of(FileKind.FIFO, 0644)));
        add("link @f A/g", link("A/g"));
        add("link @f B/f", link("B/f"));
        add("unlink A/f", remove("A/f", RemoveMode.FILE));
        add("unlink A/g", remove("A/g", RemoveMode.FILE));
        add("unlink B/f", remove("B/f", RemoveMode.ANY));
        add("rmdir A/d", remove("A/d", RemoveMode.DIRECTORY));
        add("rmdir B", remove("B", RemoveMode.DIRECTORY));
        add("hold @f", (files, place) -> {
            files.hold(place.file(), FileHold.Kind.OPEN);
            return "done";
        });
    }

    private static void renames() {
        String[][] pairs = {
            {"A/f", "A/g"},
            {"A/g", "A/f"},
            {"A/f", "B/f"},
            {"B/f", "A/f"},
            {"A", "B"},
            {"B", "A/d"},
            {"A/d", "B"},
            {"A/d", "B/d"},
            {"A", "C"}
        };
        for (String[] pair : pairs) {
            add("rename " + pair[0] + " " + pair[1], (files, place) -> {
                InodeId from = parent(files, place, pair[0]);
                InodeId to = parent(files, place, pair[1]);
                return files.rename(ROOT, from, last(pair[0]), to, last(pair[1]));
            });
        }
    }

    private static void data() {
        add("write @f head", write(0, 100));
        add("write @f middle", write(1000, 2000));
        add("write @f end", write(FILE_BYTES, 3000));
        add("write @f border", write(CHUNK - 50, 100));
        add("truncate @f 1000", size(1000));
        add("truncate @f 0", size(0));
        add("truncate @f up", size(2L * CHUNK + 7));
        add("punch @f some", punch(500, 1000));
        add("punch @f chunk", punch(0, CHUNK));
        add("write A/g", (files, place) -> {
            InodeId file =
                    files.lookup(ROOT, parent(files, place, "A/g"), last("A/g")).id();
            return files.write(ROOT, file, DataAccess.CHECKED_NOW, 10, bytes(700));
        });
    }

    private static void attributes() {
        add("chmod @f", set(AttributeChange.ofMode(06711)));
        add("chown @f", set(AttributeChange.ofOwner(1000, 2000)));
        add("utimes @f", set(AttributeChange.ofTimes(TimeChange.NOW, TimeChange.to(new Timestamp(-5, 6)))));
        add("setxattr @f", setXattr(new byte[3000]));
        add("removexattr @f", (files, place) -> {
            files.removeXattr(ROOT, place.file(), FileName.of("user.x"));
            return "done";
        });
        add("chmod A", (files, place) -> {
            InodeId directory =
                    files.lookup(ROOT, place.directory(), FileName.of("A")).id();
            return files.setAttributes(ROOT, directory, AttributeChange.ofMode(01777), DataAccess.CHECKED_NOW);
        });
    }

    private static InodeId parent(VirtualFileSystem files, Place place, String path) throws FsException {
        int slash = path.indexOf('/');
        return slash < 0
                ? place.directory()
                : files.lookup(ROOT, place.directory(), FileName.of(path.substring(0, slash)))
                        .id();
    }

    private static FileName last(String path) throws FsException {
        return FileName.of(path.substring(path.indexOf('/') + 1));
    }

    private static NewNode node(NewNode.Existing existing, Long size, long verifier) {
        AttributeChange initial = new AttributeChange(0640, null, null, size, TimeChange.KEEP, TimeChange.KEEP, null);
        return new NewNode(FileKind.REGULAR, initial, DeviceNumber.NONE, null, existing, verifier);
    }

    private static On create(String path, NewNode node) {
        return (files, place) -> files.create(ROOT, parent(files, place, path), last(path), node);
    }

    private static On link(String path) {
        return (files, place) -> files.link(ROOT, place.file(), parent(files, place, path), last(path));
    }

    private static On remove(String path, RemoveMode mode) {
        return (files, place) -> files.remove(ROOT, parent(files, place, path), last(path), mode);
    }

    private static On write(long offset, int length) {
        return (files, place) -> files.write(ROOT, place.file(), DataAccess.CHECKED_AT_OPEN, offset, bytes(length));
    }

    /** Returns bytes that differ with their number. */
    private static ByteBuffer bytes(int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) length);
        bytes[0] = 1;
        return ByteBuffer.wrap(bytes);
    }

    private static On size(long size) {
        return set(AttributeChange.ofSize(size));
    }

    private static On set(AttributeChange change) {
        return (files, place) -> files.setAttributes(ROOT, place.file(), change, DataAccess.CHECKED_NOW);
    }

    private static On punch(long offset, long length) {
        return (files, place) -> {
            files.deallocate(ROOT, place.file(), DataAccess.CHECKED_NOW, offset, length);
            return "done";
        };
    }

    private static On setXattr(byte[] value) {
        return (files, place) -> {
            files.setXattr(ROOT, place.file(), FileName.of("user.x"), value, XattrMode.ANY);
            return "done";
        };
    }

    /** Returns the file of a creation. */
    static InodeId idOf(Object creation) {
        return ((Creation) creation).node().id();
    }
}
