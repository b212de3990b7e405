// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.model;

import io.zerofs.core.vfs.AttributeChange;
import io.zerofs.core.vfs.Creation;
import io.zerofs.core.vfs.Credentials;
import io.zerofs.core.vfs.DataAccess;
import io.zerofs.core.vfs.DeviceNumber;
import io.zerofs.core.vfs.DirectoryEntry;
import io.zerofs.core.vfs.FileHold;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsError;
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
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Makes random operations that are likely to meet: few names, few users, files of a few chunks. A step can run on
 * several file systems with the same inode numbers, so that a test compares its outcomes.
 */
public final class RandomOperations {
    private static final int CHUNK = VirtualFileSystem.CHUNK_BYTES;
    private static final String[] NAMES = {"a", "b", "c", "d", "e", "f", "g", ".", ".."};
    private static final String[] XATTRS = {
        "user.a", "user.b", "trusted.t", "security.s", "system.posix_acl_access", "system.posix_acl_default", "bad"
    };
    private static final int[] MODES = {0777, 0755, 0700, 0644, 0600, 0000, 01777, 02777, 02755, 06755, 0711, 0666};
    private static final int MOST_WRITTEN_BYTES = 700_000;
    private static final int KNOWN_MAX = 25;

    /** Numbers of kinds, of which some kinds have several. */
    static final int KINDS = 26;

    static final int CREATION = 0;

    private final SplittableRandom random;
    private final int chunks;
    private final int[] kinds;
    private InodeId last;
    private final List<InodeId> directories = new ArrayList<>();
    private final List<InodeId> others = new ArrayList<>();

    /** @param chunks of how many chunks files usually are */
    public RandomOperations(long seed, InodeId root, int chunks) {
        this(seed, root, chunks, new int[0]);
    }

    /** @param kinds each second operation is of one of them, unless there are none */
    RandomOperations(long seed, InodeId root, int chunks, int... kinds) {
        this.random = new SplittableRandom(seed);
        this.chunks = chunks;
        this.kinds = kinds;
        directories.add(root);
    }

    /** The moments at which an operation happens, as the semantics promise it. */
    public enum Effect {
        /** Changes files in one moment. */
        CHANGE,
        /** Reads the state of one moment. */
        READ,
        /** Reads, and may meet the changes that others make meanwhile in part. */
        SCAN
    }

    /** One operation, with what it is called in a report. */
    public record Step(String description, Effect effect, Call call) {
        public Step(String description, Call call) {
            this(description, Effect.CHANGE, call);
        }

        /** Returns the operation's result or error in a comparable form. */
        public Object outcome(VirtualFileSystem files) {
            try {
                return call.on(files);
            } catch (FsException e) {
                return e.error();
            }
        }
    }

    /** An operation on any file system. */
    @FunctionalInterface
    public interface Call {
        Object on(VirtualFileSystem files) throws FsException;
    }

    /** Takes the outcome of a step: later steps use its new inodes, and rarely use inodes that it removed. */
    public void learn(Object outcome) {
        if (outcome instanceof Creation creation && creation.created()) {
            boolean directory = creation.node().kind() == FileKind.DIRECTORY;
            List<InodeId> known = directory ? directories : others;
            known.add(creation.node().id());
            if (known.size() > KNOWN_MAX) {
                known.remove(1 + random.nextInt(known.size() - 1));
            }
        } else if (outcome == FsError.STALE && random.nextInt(3) > 0) {
            forget(last);
        }
    }

    /** Uses an inode no more, unless it is the root. */
    void forget(InodeId inode) {
        others.removeIf(inode::equals); // Each link made it known once more.
        directories.subList(1, directories.size()).removeIf(inode::equals);
    }

    public Step next() {
        Credentials who = who();
        InodeId directory = directory();
        InodeId inode = inode();
        FileName name = name();
        boolean usual = kinds.length == 0 || random.nextBoolean();
        return switch (usual ? random.nextInt(KINDS) : kinds[random.nextInt(kinds.length)]) {
            case 0, 1, 2, 24, 25 -> creation(who, directory, name);
            case 3 ->
                step(
                        "link " + inode + " " + directory + "/" + name + by(who),
                        files -> files.link(who, inode, directory, name));
            case 4, 5 -> removal(who, directory, name);
            case 6, 7, 8 -> renaming(who, directory, name);
            case 9, 10, 11, 12 -> writing(who, inode);
            case 13, 14 -> reading(who, inode);
            case 15, 16 -> resizing(who, inode);
            case 17 -> punching(who, inode);
            case 18, 19 -> attributes(who, inode);
            case 20 -> xattr(who, inode);
            case 21 -> listing(who, directory);
            case 22 -> lookup(who, directory, name);
            default -> extent(inode);
        };
    }

    /** An operation on data of one file, to be held for a while. */
    public FileHold.Kind holdKind() {
        return random.nextInt(4) == 0 ? FileHold.Kind.DEVICE : FileHold.Kind.OPEN;
    }

    /** Mostly something else than a directory. */
    public InodeId inode() {
        last = others.isEmpty() || random.nextInt(6) == 0 ? any(directories) : any(others);
        return last;
    }

    private InodeId directory() {
        last = others.isEmpty() || random.nextInt(8) > 0 ? any(directories) : any(others);
        return last;
    }

    private InodeId any(List<InodeId> known) {
        return known.get(random.nextInt(known.size()));
    }

    public boolean chance(int oneIn) {
        return random.nextInt(oneIn) == 0;
    }

    private static Step step(String description, Call call) {
        return new Step(description, call);
    }

    private static Step step(String description, Effect effect, Call call) {
        return new Step(description, effect, call);
    }

    private static String by(Credentials who) {
        return " by " + who.uid();
    }

    private Credentials who() {
        return switch (random.nextInt(5)) {
            case 0 -> new Credentials(1000, 1000, 2000);
            case 1 -> new Credentials(1001, 1001, 2000);
            default -> Credentials.ROOT;
        };
    }

    private FileName name() {
        return name(NAMES[random.nextInt(random.nextInt(10) == 0 ? NAMES.length : NAMES.length - 2)]);
    }

    private static FileName name(String text) {
        try {
            return FileName.of(text);
        } catch (FsException e) {
            throw new AssertionError(e);
        }
    }

    private int mode() {
        return MODES[random.nextInt(MODES.length)];
    }

    private long offset() {
        long base = (long) random.nextInt(chunks + 1) * CHUNK;
        return Math.max(0, base + random.nextInt(-5000, 5000));
    }

    private Step creation(Credentials who, InodeId directory, FileName name) {
        FileKind kind = random.nextInt(3) == 0 ? FileKind.DIRECTORY : FileKind.REGULAR;
        if (random.nextInt(8) == 0) {
            kind = FileKind.values()[random.nextInt(FileKind.values().length)];
        }
        NewNode.Existing existing =
                kind == FileKind.REGULAR ? NewNode.Existing.values()[random.nextInt(3)] : NewNode.Existing.REFUSE;
        Long size = kind == FileKind.REGULAR && random.nextInt(3) == 0 ? offset() : null;
        AttributeChange initial = new AttributeChange(
                mode(), null, random.nextBoolean() ? 2000 : null, size, TimeChange.KEEP, TimeChange.KEEP, null);
        byte[] target = kind == FileKind.SYMLINK ? new byte[] {'t', '/', (byte) 0x80} : null;
        boolean device = kind == FileKind.CHARACTER_DEVICE || kind == FileKind.BLOCK_DEVICE;
        DeviceNumber number = device ? new DeviceNumber(3, 4) : DeviceNumber.NONE;
        long verifier = existing == NewNode.Existing.OPEN_IF_SAME_VERIFIER ? random.nextInt(3) : 0;
        NewNode node = new NewNode(kind, initial, number, target, existing, verifier);
        return step(
                "create " + directory + "/" + name + " " + kind + " " + existing + " size " + size + by(who),
                files -> files.create(who, directory, name, node));
    }

    private Step removal(Credentials who, InodeId directory, FileName name) {
        RemoveMode mode = RemoveMode.values()[random.nextInt(3)];
        return step(
                "remove " + directory + "/" + name + " " + mode + by(who),
                files -> files.remove(who, directory, name, mode));
    }

    private Step renaming(Credentials who, InodeId directory, FileName name) {
        InodeId to = random.nextInt(3) == 0 ? directory : directory();
        FileName toName = name();
        return step(
                "rename " + directory + "/" + name + " " + to + "/" + toName + by(who),
                files -> files.rename(who, directory, name, to, toName));
    }

    private Step writing(Credentials who, InodeId inode) {
        int length = random.nextInt(10) == 0 ? random.nextInt(MOST_WRITTEN_BYTES) : random.nextInt(9000);
        byte[] data = new byte[length];
        random.nextBytes(data);
        long offset = offset();
        DataAccess access = DataAccess.values()[random.nextInt(2)];
        return step(
                "write " + inode + " at " + offset + " bytes " + length + by(who),
                files -> files.write(who, inode, access, offset, ByteBuffer.wrap(data)));
    }

    private Step reading(Credentials who, InodeId inode) {
        int length = random.nextInt(20_000);
        long offset = offset();
        return step("read " + inode + " at " + offset + " bytes " + length + by(who), Effect.SCAN, files -> {
            ByteBuffer destination = ByteBuffer.allocate(length);
            Object result = files.read(who, inode, DataAccess.CHECKED_NOW, offset, destination);
            return List.of(result, HexFormat.of().formatHex(destination.array()));
        });
    }

    private Step resizing(Credentials who, InodeId inode) {
        long size = random.nextInt(4) == 0 ? 0 : offset();
        return step(
                "truncate " + inode + " to " + size + by(who),
                files -> files.setAttributes(who, inode, AttributeChange.ofSize(size), DataAccess.CHECKED_NOW));
    }

    private Step punching(Credentials who, InodeId inode) {
        long offset = offset();
        long length = random.nextInt(3) == 0 ? random.nextInt(10_000) : offset();
        return step("punch " + inode + " at " + offset + " bytes " + length + by(who), files -> {
            files.deallocate(who, inode, DataAccess.CHECKED_NOW, offset, length);
            return "done";
        });
    }

    private Step attributes(Credentials who, InodeId inode) {
        AttributeChange change = switch (random.nextInt(4)) {
            case 0 -> AttributeChange.ofMode(mode());
            case 1 -> AttributeChange.ofOwner(owner(), owner());
            case 2 -> AttributeChange.ofTimes(time(), time());
            default -> new AttributeChange(mode(), owner(), owner(), null, time(), time(), null);
        };
        return step(
                "set " + inode + " " + change + by(who),
                files -> files.setAttributes(who, inode, change, DataAccess.CHECKED_NOW));
    }

    private Integer owner() {
        return switch (random.nextInt(4)) {
            case 0 -> 1000;
            case 1 -> 1001;
            case 2 -> 2000;
            default -> null;
        };
    }

    private TimeChange time() {
        return switch (random.nextInt(3)) {
            case 0 -> TimeChange.KEEP;
            case 1 -> TimeChange.NOW;
            default -> TimeChange.to(new Timestamp(random.nextInt(), random.nextInt(1_000_000_000)));
        };
    }

    private Step xattr(Credentials who, InodeId inode) {
        FileName name = name(XATTRS[random.nextInt(XATTRS.length)]);
        byte[] value = new byte[random.nextInt(30)];
        random.nextBytes(value);
        XattrMode mode = XattrMode.values()[random.nextInt(3)];
        return switch (random.nextInt(4)) {
            case 0 ->
                step("get " + name + " of " + inode + by(who), Effect.READ, files -> {
                    return HexFormat.of().formatHex(files.getXattr(who, inode, name));
                });
            case 1 -> step("list attributes of " + inode + by(who), Effect.READ, files -> files.listXattrs(who, inode));
            case 2 ->
                step("remove " + name + " of " + inode + by(who), files -> {
                    files.removeXattr(who, inode, name);
                    return "done";
                });
            default ->
                step("set " + name + " of " + inode + " " + mode + by(who), files -> {
                    files.setXattr(who, inode, name, value, mode);
                    return "done";
                });
        };
    }

    private Step listing(Credentials who, InodeId directory) {
        long cookie = random.nextInt(3) == 0 ? random.nextInt(40) : 0;
        int most = random.nextInt(8);
        return step("list " + directory + " from " + cookie + by(who), Effect.SCAN, files -> {
            List<DirectoryEntry> entries = new ArrayList<>();
            boolean end =
                    files.list(who, directory, cookie, true, entry -> entries.size() < most && entries.add(entry));
            return List.of(end, entries);
        });
    }

    private Step lookup(Credentials who, InodeId directory, FileName name) {
        return random.nextBoolean()
                ? step(
                        "lookup " + directory + "/" + name + by(who),
                        Effect.READ,
                        files -> files.lookup(who, directory, name))
                : step("access " + directory + by(who), Effect.READ, files -> files.access(who, directory, 7));
    }

    private Step extent(InodeId inode) {
        long offset = offset();
        long lengthMax = random.nextBoolean() ? Long.MAX_VALUE : 1 + random.nextInt(1 << 20);
        return step(
                "extent of " + inode + " at " + offset + " up to " + lengthMax,
                Effect.SCAN,
                files -> "" + files.extentAt(inode, offset, lengthMax));
    }
}
