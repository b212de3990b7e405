// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.core.model;

import io.zerofs.core.vfs.Attributes;
import io.zerofs.core.vfs.DeviceNumber;
import io.zerofs.core.vfs.DirectoryEntry;
import io.zerofs.core.vfs.Extent;
import io.zerofs.core.vfs.FileKind;
import io.zerofs.core.vfs.FileName;
import io.zerofs.core.vfs.FsException;
import io.zerofs.core.vfs.InodeId;
import io.zerofs.core.vfs.Timestamp;
import io.zerofs.core.vfs.VirtualFileSystem;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** A file of the model, with everything in plain maps. */
final class ModelNode {
    private static final int CHUNK = VirtualFileSystem.CHUNK_BYTES;

    final InodeId id;
    final FileKind kind;
    int mode;
    int links;
    int uid;
    int gid;
    Timestamp accessed;
    Timestamp modified;
    Timestamp changed;
    Timestamp created;
    DeviceNumber device = DeviceNumber.NONE;
    byte[] target;
    Long verifier;
    long size;
    int opens;
    int devices;
    ModelNode parent;
    long nextCookie = 3;
    final TreeMap<Long, ModelChunk> chunks = new TreeMap<>();
    final TreeMap<FileName, byte[]> xattrs = new TreeMap<>();
    final TreeMap<FileName, ModelNode> children = new TreeMap<>();
    final TreeMap<FileName, Long> cookies = new TreeMap<>();

    ModelNode(InodeId id, FileKind kind) {
        this.id = id;
        this.kind = kind;
    }

    /** A copy, holds too, that still refers to the nodes of the original. */
    ModelNode copy() {
        ModelNode copy = new ModelNode(id, kind);
        copy.mode = mode;
        copy.links = links;
        copy.uid = uid;
        copy.gid = gid;
        copy.accessed = accessed;
        copy.modified = modified;
        copy.changed = changed;
        copy.created = created;
        copy.device = device;
        copy.target = target;
        copy.verifier = verifier;
        copy.size = size;
        copy.parent = parent;
        copy.opens = opens;
        copy.devices = devices;
        copy.nextCookie = nextCookie;
        copy.chunks.putAll(chunks);
        copy.xattrs.putAll(xattrs);
        copy.children.putAll(children);
        copy.cookies.putAll(cookies);
        return copy;
    }

    /** Makes a copy refer to copies. */
    void reconnect(Map<Long, ModelNode> copies) {
        children.replaceAll((name, child) -> copies.get(child.id.number()));
        parent = parent == null ? null : copies.get(parent.id.number());
    }

    boolean isDirectory() {
        return kind == FileKind.DIRECTORY;
    }

    Attributes attributes() {
        long length = switch (kind) {
            case REGULAR -> size;
            case SYMLINK -> target.length;
            case DIRECTORY -> children.size();
            default -> 0;
        };
        return new Attributes(
                id,
                kind,
                mode,
                linkCount(),
                uid,
                gid,
                length,
                allocated(),
                device,
                accessed,
                modified,
                changed,
                created);
    }

    private int linkCount() {
        if (!isDirectory() || links == 0) {
            return links;
        }
        return 2
                + (int) children.values().stream()
                        .filter(ModelNode::isDirectory)
                        .count();
    }

    long allocated() {
        long whole = (long) chunks.size() * CHUNK;
        return Long.compareUnsigned(whole, size) <= 0 ? whole : (size + 511) / 512 * 512;
    }

    /** Returns the bytes besides data that count: each name in a directory, each attribute, and the inode itself. */
    long metadata() {
        long names = children.keySet().stream()
                .mapToLong(name -> 64 + 2 * name.length())
                .sum();
        long attributes = xattrs.entrySet().stream()
                .mapToLong(each -> 64 + each.getKey().length() + each.getValue().length)
                .sum();
        return 128 + (target == null ? 0 : target.length) + names + attributes;
    }

    /** Whether this is a directory or above it. */
    boolean isAbove(ModelNode directory) {
        ModelNode at = directory;
        while (at != this && at != null && at.parent != at) {
            at = at.parent;
        }
        return at == this;
    }

    void add(FileName name, ModelNode child, long cookie) {
        children.put(name, child);
        cookies.put(name, cookie);
    }

    /** Removes a name and returns its cookie. */
    long remove(FileName name) {
        children.remove(name);
        return cookies.remove(name);
    }

    void resize(long newSize) {
        if (Long.compareUnsigned(newSize, size) < 0) {
            zero(newSize, size);
            chunks.tailMap(newSize == 0 ? 0 : ((newSize - 1) >>> 18) + 1).clear();
        }
        size = newSize;
    }

    void write(long offset, ByteBuffer source) {
        long at = offset;
        while (source.hasRemaining()) {
            int inChunk = (int) (at & (CHUNK - 1));
            int count = Math.min(CHUNK - inChunk, source.remaining());
            ModelChunk chunk = chunks.getOrDefault(at >>> 18, ModelChunk.ZEROS);
            chunks.put(at >>> 18, chunk.with(inChunk, source, count));
            at += count;
        }
        if (Long.compareUnsigned(at, size) > 0) {
            size = at;
        }
    }

    void read(long offset, ByteBuffer destination, int length) {
        long at = offset;
        for (int left = length; left > 0; ) {
            int inChunk = (int) (at & (CHUNK - 1));
            int count = Math.min(CHUNK - inChunk, left);
            chunks.getOrDefault(at >>> 18, ModelChunk.ZEROS).read(inChunk, destination, count);
            at += count;
            left -= count;
        }
    }

    /** Makes bytes from one offset up to another zeros, leaving chunks present. */
    void zero(long from, long to) {
        chunks.replaceAll((index, chunk) -> chunk.withZeros(inChunk(index, from), inChunk(index, to)));
    }

    /** Returns an offset's place in a chunk: 0 if before the chunk, its length if after it. */
    private static int inChunk(long index, long offset) {
        long start = index << 18;
        if (Long.compareUnsigned(offset, start) <= 0) {
            return 0;
        }
        return Long.compareUnsigned(offset - start, CHUNK) < 0 ? (int) (offset - start) : CHUNK;
    }

    void punch(long from, long to) {
        zero(from, to);
        chunks.keySet()
                .removeIf(index -> inChunk(index, from) == 0
                        && (inChunk(index, to) == CHUNK || to == size && inChunk(index, to) > 0));
    }

    Extent extentAt(long offset, long lengthMax) {
        long chunk = offset >>> 18;
        boolean hole = !chunks.containsKey(chunk);
        long end = chunk;
        if (hole) {
            Long next = chunks.higherKey(chunk);
            end = next == null ? Long.MAX_VALUE : next;
        } else {
            while (chunks.containsKey(end)) {
                end++;
            }
        }
        long endChunk = ((size - 1) >>> 18) + 1;
        long length = (end >= endChunk ? size : end << 18) - offset;
        return new Extent(offset, Long.compareUnsigned(lengthMax, length) < 0 ? lengthMax : length, hole);
    }

    /** Returns a number of everything that an operation can learn about this node, now or later. */
    long fingerprint() {
        long names = 0;
        for (var each : children.entrySet()) {
            names = names * 1_000_003 + each.getKey().hashCode();
            names = names * 1_000_003 + each.getValue().id.number();
            names = names * 1_000_003 + cookies.get(each.getKey());
        }
        for (var each : xattrs.entrySet()) {
            names = names * 1_000_003 + each.getKey().hashCode();
            names = names * 1_000_003 + Arrays.hashCode(each.getValue());
        }
        long parentNumber = parent == null ? 0 : parent.id.number();
        int others = Objects.hash(nextCookie, verifier, opens, devices, parentNumber, Arrays.hashCode(target));
        return ((names * 1_000_003 + attributes().hashCode()) * 1_000_003 + chunks.hashCode()) * 1_000_003 + others;
    }

    /** All entries of a directory by cookie. */
    TreeMap<Long, DirectoryEntry> listing(boolean withAttributes) throws FsException {
        TreeMap<Long, DirectoryEntry> entries = new TreeMap<>();
        if (links > 0) {
            entries.put(1L, entry(1, FileName.of("."), this, withAttributes));
            entries.put(2L, entry(2, FileName.of(".."), parent, withAttributes));
            cookies.forEach((name, position) ->
                    entries.put(position, entry(position, name, children.get(name), withAttributes)));
        }
        return entries;
    }

    private static DirectoryEntry entry(long cookie, FileName name, ModelNode node, boolean withAttributes) {
        return new DirectoryEntry(cookie, name, node.id.number(), node.kind, withAttributes ? node.attributes() : null);
    }
}
