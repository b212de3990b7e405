// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.core.secret.Secret;
import io.zerofs.storage.bytes.ByteReader;
import io.zerofs.storage.bytes.ByteWriter;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.seal.FormatVersion;
import io.zerofs.storage.seal.KeySlot;
import io.zerofs.storage.seal.PassphraseKdf;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * The object that makes a bucket a volume: its identity and the wrapped data key.
 *
 * <pre>
 *  0        4      6       8        24                 24 + 100 * slots
 *  +--------+------+-------+--------+------------------+---------------------------+
 *  | "ZFSv" | u16  | u16   | 16     | key slots        | 32                        |
 *  | magic  | vers | slots | UUID   | see KeySlot      | SHA-256 of all before it  |
 *  +--------+------+-------+--------+------------------+---------------------------+
 * </pre>
 *
 * Every format begins with magic and version and ends with the digest, which distinguishes damage from a newer format.
 */
public record VolumeObject(UUID id, List<KeySlot> slots) {
    public static final String NAME = "volume";

    static final int OBJECT_BYTES_MAX = 64 * 1024;

    private static final int MAGIC = 0x5a465376;
    private static final int CLEAR_BYTES = 24;
    private static final int DIGEST_BYTES = 32;
    private static final int SLOTS_MAX = 64;
    /** Maximum memory times passes over all slots: some five seconds of work, or twenty default slots. */
    private static final long UNLOCK_WORK_KIB_MAX = 4L * 1024 * 1024;

    private static final String POSITION = "key slots";

    public VolumeObject {
        slots = List.copyOf(slots);
        if (slots.isEmpty() || slots.size() > SLOTS_MAX) {
            throw new IllegalArgumentException("a volume has 1 to " + SLOTS_MAX + " key slots");
        }
    }

    /**
     * The data key and its slot.
     *
     * @param dataKey the data key, which the caller closes
     */
    record Unlocked(Secret dataKey, int slot) {}

    /** Tries the password on every slot; null if it fits none. The slots' parameters decide how long this takes. */
    Unlocked unlock(Secret password) {
        for (int i = 0; i < slots.size(); i++) {
            Secret dataKey = slots.get(i).unwrap(password, id);
            if (dataKey != null) {
                return new Unlocked(dataKey, i);
            }
        }
        return null;
    }

    /**
     * Bounds the cost of trying a password on every slot before the first try, because slots come from the store.
     *
     * @param heapBytes size of the Java heap
     */
    void requireAffordable(long heapBytes) throws CorruptObjectException {
        long workKib = 0;
        for (int i = 0; i < slots.size(); i++) {
            PassphraseKdf kdf = slots.get(i).kdf();
            workKib += kdf.workKib();
            String slot = "key slot " + (i + 1) + " of " + slots.size() + " asks for " + kdf.memoryKib() / 1024
                    + " MiB and " + kdf.iterations() + " passes, ";
            if (kdf.memoryKib() * 1024L > heapBytes / 2) {
                throw tooDear(slot + "but the Java heap has " + (heapBytes >> 20) + " MiB");
            } else if (workKib > UNLOCK_WORK_KIB_MAX) {
                throw tooDear(slot + "together with those before it more than " + UNLOCK_WORK_KIB_MAX / 1024
                        + " MiB times passes");
            }
        }
    }

    private static CorruptObjectException tooDear(String problem) {
        return new CorruptObjectException(
                NAME, POSITION, problem + "; ZeroFS writes no such slots: restore the object");
    }

    VolumeObject withSlot(int index, KeySlot slot) {
        List<KeySlot> changed = new ArrayList<>(slots);
        changed.set(index, slot);
        return new VolumeObject(id, changed);
    }

    ByteBuffer encode() {
        ByteWriter writer = new ByteWriter(CLEAR_BYTES + slots.size() * KeySlot.BYTES + DIGEST_BYTES);
        writer.u32(MAGIC).u16(FormatVersion.CURRENT.number()).u16(slots.size());
        writer.u64(id.getMostSignificantBits()).u64(id.getLeastSignificantBits());
        slots.forEach(slot -> slot.write(writer));
        writer.bytes(sha256(ByteBuffer.wrap(writer.toArray())));
        return writer.toBuffer();
    }

    static VolumeObject decode(ByteBuffer bytes) throws CorruptObjectException, OpenException {
        ByteReader reader = new ByteReader(bytes, NAME, POSITION);
        reader.require(bytes.remaining() >= CLEAR_BYTES + DIGEST_BYTES, "the object is cut short");
        ByteBuffer content = bytes.slice(bytes.position(), bytes.remaining() - DIGEST_BYTES);
        ByteBuffer digest = bytes.slice(bytes.position() + content.remaining(), DIGEST_BYTES);
        reader.require(reader.u32() == MAGIC, "this is not the volume object of ZeroFS; restore it from a backup");
        boolean intact = digest.equals(ByteBuffer.wrap(sha256(content)));
        reader.require(intact, "it is damaged: its digest does not agree");
        int version = reader.u16();
        if (version > FormatVersion.CURRENT.number()) {
            throw new OpenException(
                    OpenException.Kind.NEWER_FORMAT,
                    "the volume has format " + version + ", but this program knows formats up to "
                            + FormatVersion.CURRENT.number() + ": use a newer one");
        }
        reader.require(version >= 1, "impossible format");
        int count = reader.u16();
        reader.require(
                count >= 1 && count <= SLOTS_MAX && content.remaining() == CLEAR_BYTES + count * KeySlot.BYTES,
                "impossible number of key slots");
        UUID id = new UUID(reader.u64(), reader.u64());
        List<KeySlot> slots = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            slots.add(KeySlot.read(reader));
        }
        return new VolumeObject(id, slots);
    }

    private static byte[] sha256(ByteBuffer content) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update(content.duplicate());
            return digest.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java runtime has SHA-256", e);
        }
    }
}
