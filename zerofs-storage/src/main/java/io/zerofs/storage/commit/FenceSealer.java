// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.commit;

import io.zerofs.storage.bytes.ByteReader;
import io.zerofs.storage.bytes.ByteWriter;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.seal.Compression;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.seal.ObjectKind;
import io.zerofs.storage.seal.Salt;
import io.zerofs.storage.seal.SealedSection;
import java.nio.ByteBuffer;

/**
 * Makes the object that ends the log of an epoch. It has the name of a commit of that epoch, and its header has the
 * claiming epoch. Its section has {@code u64 fenced epoch}, so that nobody can move it to another log.
 */
public final class FenceSealer {
    private static final String POSITION = "fence";

    private FenceSealer() {}

    /**
     * Seals a fence. The same arguments return the same bytes.
     *
     * @param id the commit whose name the fence gets
     * @param claimingEpoch the epoch of the fencing writer, higher than that of the id
     */
    public static ByteBuffer seal(ObjectKeys keys, CommitId id, long claimingEpoch, Salt salt) {
        if (claimingEpoch <= id.epoch()) {
            throw new IllegalArgumentException("a fence comes from a later epoch");
        }
        ByteBuffer plain = new ByteWriter(Long.BYTES).u64(id.epoch()).toBuffer();
        SealedSection section = SealedSection.pack(Compression.NONE, plain);
        ObjectHeader header = new ObjectHeader(
                ObjectKind.FENCE, ObjectHeader.FIRST_KEY_ID, claimingEpoch, id.seq(), salt, section.storedLength(), 0);
        return CommitSealer.sealHead(header, keys.cipher(header, id.objectName()), section);
    }

    static Fence read(CommitId id, ObjectHeader header, ByteBuffer plain) throws CorruptObjectException {
        ByteReader reader = new ByteReader(plain, id.objectName(), POSITION);
        reader.require(reader.u63() == id.epoch(), "it fences another epoch");
        reader.require(header.epoch() > id.epoch(), "it claims for an epoch that is not later");
        reader.end();
        return new Fence(id, header);
    }
}
