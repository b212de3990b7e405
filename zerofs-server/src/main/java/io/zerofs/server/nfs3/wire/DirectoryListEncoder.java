// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.server.nfs3.wire;

import io.netty.buffer.ByteBuf;
import io.zerofs.server.bytes.XdrWriter;

/**
 * Writes the entries of READDIR and READDIRPLUS directly into the reply, exactly within the limits of the call (RFC
 * 1813 §3.3.16, §3.3.17). Used by one thread.
 */
public final class DirectoryListEncoder {
    /** Bytes of the result without its entries: attributes of the directory, verifier, end of list, end flag. */
    private static final int FRAME_BYTES = Integer.BYTES + Fattr3.BYTES + Long.BYTES + 2 * Integer.BYTES;

    private final XdrWriter out;
    private int bytesLeft;
    private int directoryBytesLeft;
    private boolean empty = true;

    /**
     * Starts a list.
     *
     * @param payload receives the entries
     * @param count maximum bytes of the whole result without its status
     * @param directoryCount maximum bytes of names, file ids and cookies
     */
    public DirectoryListEncoder(ByteBuf payload, int count, int directoryCount) {
        this.out = new XdrWriter(payload);
        this.bytesLeft = count - FRAME_BYTES;
        this.directoryBytesLeft = directoryCount;
    }

    /** Adds an entry of READDIR, or returns false if it does not fit. */
    public boolean add(long fileId, byte[] name, long cookie) {
        return addBase(fileId, name, cookie, 0);
    }

    /**
     * Adds an entry of READDIRPLUS, or returns false if it does not fit.
     *
     * @param attributes null if unknown
     * @param handle null if unknown
     */
    public boolean addPlus(long fileId, byte[] name, long cookie, Fattr3 attributes, byte[] handle) {
        int plusBytes = Fattr3.optionalBytes(attributes)
                + Integer.BYTES
                + (handle == null ? 0 : XdrWriter.opaqueBytes(handle.length));
        if (!addBase(fileId, name, cookie, plusBytes)) {
            return false;
        }
        Fattr3.writeOptional(out, attributes);
        out.writeBoolean(handle != null);
        if (handle != null) {
            out.writeOpaque(handle);
        }
        return true;
    }

    private boolean addBase(long fileId, byte[] name, long cookie, int plusBytes) {
        int nameBytes = XdrWriter.opaqueBytes(name.length);
        int directoryBytes = Long.BYTES + nameBytes + Long.BYTES;
        int bytes = Integer.BYTES + directoryBytes + plusBytes;
        // dircount is a hint (§3.3.17): a single entry may exceed it, or the listing would never continue.
        if (bytes > bytesLeft || directoryBytes > directoryBytesLeft && !empty) {
            return false;
        }
        bytesLeft -= bytes;
        directoryBytesLeft -= directoryBytes;
        empty = false;
        out.writeBoolean(true).writeLong(fileId).writeOpaque(name).writeLong(cookie);
        return true;
    }

    /** Returns whether the list has no entry. */
    public boolean isEmpty() {
        return empty;
    }

    /** Returns whether the limit leaves room for a result without entries. */
    public boolean fitsMessage() {
        return bytesLeft >= 0;
    }

    /** Ends the list. */
    public void finish(boolean endOfDirectory) {
        out.writeBoolean(false).writeBoolean(endOfDirectory);
    }
}
