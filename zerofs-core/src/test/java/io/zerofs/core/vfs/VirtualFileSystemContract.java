// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.vfs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.function.Executable;

/**
 * The contract of every {@link VirtualFileSystem}: a family of contracts, one per group of operations, which share these words.
 * Nested subclasses that are a {@link ContractSubject} test an implementation; {@code docs/semantics.md} names the tests.
 */
public abstract class VirtualFileSystemContract implements ContractSubject {
    protected static final Credentials ROOT = Credentials.ROOT;
    protected static final Credentials ALICE = new Credentials(1000, 1000, 2000);
    protected static final Credentials BOB = new Credentials(1001, 1001, 2000);
    protected static final int CHUNK = VirtualFileSystem.CHUNK_BYTES;

    protected final ManualClock clock = new ManualClock();
    protected VirtualFileSystem files;
    protected InodeId top;

    @BeforeEach
    void openFileSystem() throws Exception {
        files = open(clock);
        top = files.root();
    }

    @AfterEach
    void closeFileSystem() throws Exception {
        if (files instanceof AutoCloseable closeable) {
            closeable.close();
        }
    }

    protected static FileName name(String text) {
        try {
            return FileName.of(text);
        } catch (FsException e) {
            throw new AssertionError(e);
        }
    }

    protected static void assertFails(FsError expected, Executable operation) {
        assertEquals(expected, assertThrows(FsException.class, operation).error());
    }

    protected InodeId file(InodeId directory, String name) throws FsException {
        return file(ROOT, directory, name, 0644);
    }

    protected InodeId file(Credentials who, InodeId directory, String name, int mode) throws FsException {
        return files.create(who, directory, name(name), NewNode.file(mode))
                .node()
                .id();
    }

    protected InodeId dir(InodeId directory, String name) throws FsException {
        return dir(ROOT, directory, name, 0755);
    }

    protected InodeId dir(Credentials who, InodeId directory, String name, int mode) throws FsException {
        return files.create(who, directory, name(name), NewNode.directory(mode))
                .node()
                .id();
    }

    protected InodeId symlink(InodeId directory, String name, String target) throws FsException {
        return files.create(ROOT, directory, name(name), NewNode.symlink(bytes(target)))
                .node()
                .id();
    }

    protected InodeId node(Credentials who, InodeId directory, String name, FileKind kind) throws FsException {
        DeviceNumber device = kind == FileKind.CHARACTER_DEVICE || kind == FileKind.BLOCK_DEVICE
                ? new DeviceNumber(7, 42)
                : DeviceNumber.NONE;
        NewNode node = new NewNode(kind, AttributeChange.ofMode(0600), device, null, NewNode.Existing.REFUSE, 0);
        return files.create(who, directory, name(name), node).node().id();
    }

    protected InodeId lookup(InodeId directory, String name) throws FsException {
        return files.lookup(ROOT, directory, name(name)).id();
    }

    protected Attributes stat(InodeId inode) throws FsException {
        return files.getAttributes(inode);
    }

    protected AttributeTransition chmod(Credentials who, InodeId inode, int mode) throws FsException {
        return files.setAttributes(who, inode, AttributeChange.ofMode(mode), DataAccess.CHECKED_NOW);
    }

    protected AttributeTransition chown(Credentials who, InodeId inode, Integer uid, Integer gid) throws FsException {
        return files.setAttributes(who, inode, AttributeChange.ofOwner(uid, gid), DataAccess.CHECKED_NOW);
    }

    protected AttributeTransition truncate(Credentials who, InodeId inode, long size) throws FsException {
        return files.setAttributes(who, inode, AttributeChange.ofSize(size), DataAccess.CHECKED_NOW);
    }

    protected AttributeTransition utimes(Credentials who, InodeId inode, TimeChange accessed, TimeChange modified)
            throws FsException {
        return files.setAttributes(who, inode, AttributeChange.ofTimes(accessed, modified), DataAccess.CHECKED_NOW);
    }

    protected void unlink(Credentials who, InodeId directory, String name) throws FsException {
        files.remove(who, directory, name(name), RemoveMode.FILE);
    }

    protected void rmdir(Credentials who, InodeId directory, String name) throws FsException {
        files.remove(who, directory, name(name), RemoveMode.DIRECTORY);
    }

    protected void rename(Credentials who, InodeId from, String fromName, InodeId to, String toName)
            throws FsException {
        files.rename(who, from, name(fromName), to, name(toName));
    }

    protected AttributeTransition write(Credentials who, InodeId inode, long offset, byte[] data) throws FsException {
        return files.write(who, inode, DataAccess.CHECKED_NOW, offset, ByteBuffer.wrap(data));
    }

    protected AttributeTransition write(InodeId inode, long offset, String text) throws FsException {
        return write(ROOT, inode, offset, bytes(text));
    }

    /** Up to {@code length} bytes from {@code offset}, fewer at the end of the file. */
    protected byte[] read(Credentials who, InodeId inode, long offset, int length) throws FsException {
        ByteBuffer destination = ByteBuffer.allocate(length);
        ReadResult result = files.read(who, inode, DataAccess.CHECKED_NOW, offset, destination);
        assertEquals(result.count(), destination.position());
        return Arrays.copyOf(destination.array(), result.count());
    }

    protected String text(InodeId inode, long offset, int length) throws FsException {
        return new String(read(ROOT, inode, offset, length), StandardCharsets.ISO_8859_1);
    }

    /** Names in a directory in the order of the listing, without the dots. */
    protected List<String> names(InodeId directory) throws FsException {
        List<String> names = new ArrayList<>();
        files.list(ROOT, directory, 2, false, entry -> names.add(entry.name().toString()));
        return names;
    }

    protected static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    protected static byte[] filled(int length, int value) {
        byte[] data = new byte[length];
        Arrays.fill(data, (byte) value);
        return data;
    }
}
