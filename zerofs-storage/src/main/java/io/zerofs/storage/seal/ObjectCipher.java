// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.seal;

import io.zerofs.storage.bytes.CorruptObjectException;
import java.nio.ByteBuffer;
import java.util.UUID;
import javax.crypto.AEADBadTagException;
import javax.crypto.SecretKey;

/**
 * Seals and opens the pieces of one object. A sealed piece is a codec byte in clear, the encrypted page and a tag. Header,
 * volume UUID and codec are associated data, and the position is the nonce. Thread-safe.
 */
public final class ObjectCipher {
    /** Bytes that sealing adds to a packed page. */
    public static final int PIECE_OVERHEAD_BYTES = 1 + Aead.TAG_BYTES;

    private static final int ASSOCIATED_BYTES = ObjectHeader.BYTES + 2 * Long.BYTES + 1;

    private final Aead aead;
    private final SecretKey key;
    private final Identity identity;
    private final byte[] associated;

    ObjectCipher(Aead aead, SecretKey key, Identity identity) {
        this.aead = aead;
        this.key = key;
        this.identity = identity;
        ByteBuffer bytes = ByteBuffer.allocate(ASSOCIATED_BYTES);
        identity.header().write(bytes);
        bytes.putLong(identity.volume().getMostSignificantBits());
        bytes.putLong(identity.volume().getLeastSignificantBits());
        this.associated = bytes.array();
    }

    /** Returns the object's name for messages. */
    public String object() {
        return identity.object();
    }

    /** Writes {@link Compression.CodedPage#storedLength()} bytes. Does not change the page. */
    public void seal(Position position, Compression.CodedPage page, ByteBuffer to) {
        to.put((byte) page.codec().code());
        aead.seal(message(position, page.codec()), page.bytes().duplicate(), to);
    }

    /**
     * Opens a sealed piece into a buffer with exactly the room for the largest permitted page. Advances both.
     *
     * @param stored the piece, from position to limit
     */
    public void open(Position position, ByteBuffer stored, ByteBuffer plain) throws CorruptObjectException {
        if (stored.remaining() < PIECE_OVERHEAD_BYTES) {
            throw corrupt(position, "shorter than a sealed page can be");
        }
        Compression codec = Compression.ofCode(stored.get());
        if (codec == null) {
            throw corrupt(position, "unknown codec");
        }
        int packedLength = stored.remaining() - Aead.TAG_BYTES;
        if (packedLength > plain.remaining()) {
            throw corrupt(position, "longer than a page can be");
        }
        try {
            if (codec == Compression.NONE) {
                aead.open(message(position, codec), stored, plain);
                return;
            }
            ByteBuffer packed = Compression.scratch(packedLength);
            aead.open(message(position, codec), stored, packed);
            if (!codec.unpack(packed.flip(), plain)) {
                throw corrupt(position, "the page does not unpack");
            }
        } catch (AEADBadTagException e) {
            throw corrupt(position, "authentication failed: it is damaged or does not belong here");
        }
    }

    public CorruptObjectException corrupt(Position position, String problem) {
        return new CorruptObjectException(object(), position.toString(), problem);
    }

    private Aead.Message message(Position position, Compression codec) {
        byte[] bound = associated.clone();
        bound[ASSOCIATED_BYTES - 1] = (byte) codec.code();
        return new Aead.Message(key, position.nonce(), bound);
    }

    /**
     * The identity that every piece of the object is bound to.
     *
     * @param object its name; for messages only
     */
    record Identity(UUID volume, ObjectHeader header, String object) {}
}
