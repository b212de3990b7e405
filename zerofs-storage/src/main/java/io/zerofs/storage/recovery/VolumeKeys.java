// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.recovery;

import io.zerofs.core.secret.Secret;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.commit.CommitId;
import io.zerofs.storage.manifest.Manifest;
import io.zerofs.storage.manifest.TableReference;
import io.zerofs.storage.object.ConditionalWriteProbe;
import io.zerofs.storage.object.ObjectStore;
import io.zerofs.storage.object.ObjectStore.IfAbsent;
import io.zerofs.storage.object.ObjectStore.IfVersion;
import io.zerofs.storage.object.ObjectStore.PutCondition;
import io.zerofs.storage.object.ObjectStore.StoredObject;
import io.zerofs.storage.object.ObjectStoreException;
import io.zerofs.storage.retry.ReadRetry;
import io.zerofs.storage.seal.Aead;
import io.zerofs.storage.seal.KeySlot;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.seal.PassphraseKdf;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Creates, opens, rewraps and watches the volume object of a store. One thread at a time uses it. */
public final class VolumeKeys {
    private static final Logger LOG = LoggerFactory.getLogger(VolumeKeys.class);
    private static final int ATTEMPTS_MAX = 4;

    private final ObjectStore store;
    private final PassphraseKdf kdf;
    private final RandomGenerator random;
    /** The last known object; null before the first read. */
    private VolumeObject seen;

    /**
     * @param kdf key derivation of new key slots
     * @param random a {@link java.security.SecureRandom} in production
     */
    public VolumeKeys(ObjectStore store, PassphraseKdf kdf, RandomGenerator random) {
        this.store = store;
        this.kdf = kdf;
        this.random = random;
    }

    /**
     * Replaces the old password's slot by a new one in one conditional PUT: in any case one of the two passwords opens the
     * volume. The data key stays, so a copy of the old object and the old password can still open it.
     */
    public void changePassword(Secret oldPassword, Secret newPassword) throws OpenException {
        try {
            Stored stored = readExisting();
            VolumeObject.Unlocked unlocked = unlock(stored.object(), oldPassword);
            try (Secret dataKey = unlocked.dataKey()) {
                KeySlot slot = KeySlot.wrap(
                        dataKey, newPassword, wrapping(stored.object().id()));
                VolumeObject changed = stored.object().withSlot(unlocked.slot(), slot);
                if (!put(changed, new IfVersion(stored.version()))) {
                    throw new OpenException(
                            OpenException.Kind.STORE_UNREACHABLE,
                            "the volume object was changed by somebody else meanwhile; the password was not changed");
                }
            }
        } catch (ObjectStoreException e) {
            throw OpenException.of(e);
        } catch (CorruptObjectException e) {
            throw OpenException.of(e);
        }
    }

    /** Requires that a password opens the volume, and returns the volume's id. Writes nothing. */
    public UUID requirePassword(Secret password) throws OpenException {
        try {
            VolumeObject volume = readExisting().object();
            unlock(volume, password).dataKey().close();
            return volume.id();
        } catch (ObjectStoreException e) {
            throw OpenException.of(e);
        } catch (CorruptObjectException e) {
            throw OpenException.of(e);
        }
    }

    /**
     * Opens the volume, or makes a new one if the store is empty and the settings permit it. The caller closes the keys.
     *
     * @param deriving runs before the key is derived, which takes time
     */
    ObjectKeys unlockOrCreate(Secret password, OpenSettings settings, KnownPlaces known, Runnable deriving)
            throws ObjectStoreException, CorruptObjectException, OpenException, IOException {
        Stored stored = read();
        if (stored == null) {
            requireEmptyStore();
            known.requireUnknown(store.describe());
            requirePermission(settings.createVolume());
            requireConditionalWrites(settings.acceptUnconditionalWrites());
            deriving.run();
            stored = new Stored(create(password), "");
        }
        VolumeObject volume = stored.object();
        seen = volume;
        deriving.run();
        return new ObjectKeys(unlock(volume, password).dataKey(), volume.id(), Aead.fastest());
    }

    /**
     * Opens an existing volume and writes nothing. The caller closes the keys.
     *
     * @param deriving runs before the key is derived, which takes time
     */
    ObjectKeys unlockExisting(Secret password, Runnable deriving)
            throws ObjectStoreException, CorruptObjectException, OpenException {
        VolumeObject volume = readExisting().object();
        deriving.run();
        return new ObjectKeys(unlock(volume, password).dataKey(), volume.id(), Aead.fastest());
    }

    private Stored readExisting() throws ObjectStoreException, CorruptObjectException, OpenException {
        Stored stored = read();
        requirePermission(stored != null);
        return stored;
    }

    /** Restores a deleted object from the last known one, because the volume cannot open without it. */
    void restoreIfGone() throws ObjectStoreException {
        try {
            Stored there = read();
            if (there == null) {
                boolean ours = put(seen, new IfAbsent());
                LOG.error(
                        "object {} was gone from {}: somebody deleted it, and {} put it back, with the passwords of then",
                        VolumeObject.NAME,
                        store.describe(),
                        ours ? "this daemon" : "somebody else");
            } else if (there.object().id().equals(seen.id())) {
                seen = there.object();
            } else {
                LOG.error(
                        "object {} in {} is that of another volume, {}: restore that of {}, or it does not open again",
                        VolumeObject.NAME,
                        store.describe(),
                        there.object().id(),
                        seen.id());
            }
        } catch (CorruptObjectException | OpenException e) {
            LOG.error("the volume does not open again until this is settled: {}", e.getMessage());
        }
    }

    private VolumeObject.Unlocked unlock(VolumeObject volume, Secret password)
            throws CorruptObjectException, OpenException {
        volume.requireAffordable(Runtime.getRuntime().maxMemory());
        VolumeObject.Unlocked unlocked = volume.unlock(password);
        if (unlocked == null) {
            throw new OpenException(
                    OpenException.Kind.WRONG_PASSWORD, "the password does not open the volume in " + store.describe());
        }
        return unlocked;
    }

    /** Requires an empty store: data without its volume object is unreadable, and a new object would hide that. */
    private void requireEmptyStore() throws ObjectStoreException, OpenException {
        for (String prefix : List.of(Manifest.PREFIX, CommitId.PREFIX, TableReference.PREFIX)) {
            if (!store.list(prefix, "", 1).isEmpty()) {
                throw OpenException.lost(VolumeObject.NAME, "the store holds data of a volume");
            }
        }
    }

    private void requirePermission(boolean create) throws OpenException {
        if (!create) {
            throw new OpenException(OpenException.Kind.NO_VOLUME, "there is no volume at " + store.describe());
        }
    }

    private void requireConditionalWrites(boolean acceptUnconditional) throws ObjectStoreException, OpenException {
        if (acceptUnconditional) {
            return;
        }
        ConditionalWriteProbe.Verdict verdict = ConditionalWriteProbe.probe(store, random);
        if (verdict != ConditionalWriteProbe.Verdict.HONOURED) {
            throw new OpenException(OpenException.Kind.NO_CONDITIONAL_WRITES, verdict.explain(store));
        }
    }

    private VolumeObject create(Secret password) throws ObjectStoreException, CorruptObjectException, OpenException {
        byte[] key = new byte[Aead.KEY_BYTES];
        random.nextBytes(key);
        UUID id = randomId();
        try (Secret dataKey = Secret.owning(key)) {
            VolumeObject volume = new VolumeObject(id, List.of(KeySlot.wrap(dataKey, password, wrapping(id))));
            if (put(volume, new IfAbsent())) {
                LOG.info("created volume {} in {}", id, store.describe());
                return volume;
            }
        }
        // Another daemon created the volume at the same moment: its object counts.
        Stored theirs = read();
        if (theirs == null) {
            throw OpenException.lost(VolumeObject.NAME, "the store refused to create it");
        }
        return theirs.object();
    }

    /** Puts the object. Returns whether the store has it now. Repeats the same bytes while the outcome is unknown. */
    private boolean put(VolumeObject volume, PutCondition condition)
            throws ObjectStoreException, CorruptObjectException, OpenException {
        ByteBuffer bytes = volume.encode();
        for (int attempt = 1; ; attempt++) {
            try {
                if (store.put(VolumeObject.NAME, List.of(bytes), condition) == ObjectStore.PutOutcome.STORED) {
                    return true;
                }
                Stored there = read();
                return there != null && there.object().equals(volume);
            } catch (ObjectStoreException e) {
                if (e.kind() != ObjectStoreException.Kind.UNKNOWN_OUTCOME || attempt == ATTEMPTS_MAX) {
                    throw e;
                }
            }
        }
    }

    /** Reads the volume object; null if two answers agree that it is missing. */
    private Stored read() throws ObjectStoreException, CorruptObjectException, OpenException {
        Stored found = ReadRetry.at(this::readOnce);
        return found == null ? ReadRetry.at(this::readOnce) : found;
    }

    private Stored readOnce() throws ObjectStoreException, CorruptObjectException, OpenException {
        try {
            StoredObject stored = store.get(VolumeObject.NAME, VolumeObject.OBJECT_BYTES_MAX);
            return new Stored(VolumeObject.decode(stored.bytes()), stored.version());
        } catch (ObjectStoreException e) {
            return switch (e.kind()) {
                case NOT_FOUND -> null;
                case TOO_LARGE, TRUNCATED ->
                    throw new CorruptObjectException(VolumeObject.NAME, "end", "it does not have its length", e);
                case UNKNOWN_OUTCOME, UNAVAILABLE, REFUSED, NO_SPACE -> throw e;
            };
        }
    }

    private KeySlot.Wrapping wrapping(UUID id) {
        return new KeySlot.Wrapping(id, kdf, random);
    }

    private UUID randomId() {
        // RFC 9562 §5.4: version 4, variant 10.
        long high = random.nextLong() & ~0xf000L | 0x4000L;
        long low = random.nextLong() & ~0xc000_0000_0000_0000L | 0x8000_0000_0000_0000L;
        return new UUID(high, low);
    }

    private record Stored(VolumeObject object, String version) {}
}
