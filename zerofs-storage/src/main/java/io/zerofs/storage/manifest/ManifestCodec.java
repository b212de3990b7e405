// SPDX-License-Identifier: AGPL-3.0-only
package io.zerofs.storage.manifest;

import io.zerofs.storage.bytes.ByteReader;
import io.zerofs.storage.bytes.ByteWriter;
import io.zerofs.storage.bytes.CorruptObjectException;
import io.zerofs.storage.seal.Compression;
import io.zerofs.storage.seal.ObjectCipher;
import io.zerofs.storage.seal.ObjectHeader;
import io.zerofs.storage.seal.ObjectKeys;
import io.zerofs.storage.seal.ObjectKind;
import io.zerofs.storage.seal.Position.Domain;
import io.zerofs.storage.seal.Salt;
import io.zerofs.storage.seal.SealedSection;
import io.zerofs.storage.seal.SealedSection.SectionBytes;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * The bytes of a manifest: a header and one sealed section.
 *
 * <pre>
 *   bytes[16] writer id   text description   u64 published at, ms since 1970
 *   varint terms       per term: varint epoch, varint first seq, u8 1 if open, else u8 0 and varint last seq
 *   varint replayFrom  varint replayTo  bytes[32] anchor
 *   text MANIFEST name   varint length, bytes MANIFEST
 *   varint tables      per table: varint number, varint epoch, varint size, bytes[32] digest
 *   varint snapshots   per snapshot: text name, varint version, bytes[32] salt, varint cut, u64 created at
 *   varint deletions   per deletion: u8 1, varint epoch, varint first seq, varint last seq
 *                                    u8 2, varint first version, varint last version
 *                                    u8 3, a table as above
 * </pre>
 */
public final class ManifestCodec {
    static final int BODY_BYTES_MAX = 64 * 1024 * 1024;

    /** Maximum bytes of a manifest object. */
    static final int OBJECT_BYTES_MAX = BODY_BYTES_MAX + BODY_BYTES_MAX / 16;

    private static final String POSITION = "body";
    private static final int TEXT_BYTES_MAX = 1024;
    private static final int TERMS_MAX = 1 << 20;
    private static final int TABLES_MAX = 1 << 20;
    private static final int SNAPSHOTS_MAX = 1 << 16;
    private static final int DELETIONS_MAX = 1 << 18;
    private static final int TABLE_BYTES_MIN = 3 + TableReference.DIGEST_BYTES;

    private static final int COMMITS = 1;
    private static final int MANIFESTS = 2;
    private static final int TABLE = 3;

    private ManifestCodec() {}

    /** Seals a manifest. The same manifest returns the same bytes. */
    public static ByteBuffer seal(ObjectKeys keys, Manifest manifest) {
        return seal(keys, manifest, Compression.LZ4);
    }

    public static ByteBuffer seal(ObjectKeys keys, Manifest manifest, Compression compression) {
        SealedSection body = SealedSection.pack(compression, writeBody(manifest));
        ObjectHeader header = new ObjectHeader(
                ObjectKind.MANIFEST,
                ObjectHeader.FIRST_KEY_ID,
                manifest.epoch(),
                manifest.version(),
                manifest.salt(),
                body.storedLength(),
                0);
        ByteBuffer object = ByteBuffer.allocate((int) header.objectLength());
        header.write(object);
        body.seal(keys.cipher(header, manifest.objectName()), Domain.MANIFEST, object);
        return object.flip();
    }

    public static Manifest open(ObjectKeys keys, long version, ByteBuffer object) throws CorruptObjectException {
        String name = Manifest.objectName(version);
        int length = object.remaining();
        ObjectHeader header = ObjectHeader.read(object, name);
        boolean belongs = header.kind() == ObjectKind.MANIFEST && header.number() == version;
        if (!belongs || header.objectLength() != length || header.dataLength() != 0) {
            throw new CorruptObjectException(name, "header", "it is that of another object");
        }
        ObjectCipher cipher = keys.cipher(header, name);
        ByteBuffer body = SealedSection.open(cipher, Domain.MANIFEST, new SectionBytes(object, BODY_BYTES_MAX));
        ByteReader reader = new ByteReader(body, name, POSITION);
        try {
            Manifest manifest = readBody(header, reader);
            reader.end();
            return manifest;
        } catch (IllegalArgumentException e) {
            throw reader.corrupt(e.getMessage());
        }
    }

    private static ByteBuffer writeBody(Manifest manifest) {
        ByteWriter writer = new ByteWriter(4096 + manifest.checkpoint().rocksManifest().length);
        Manifest.Writer author = manifest.writer();
        writer.u64(author.id().getMostSignificantBits())
                .u64(author.id().getLeastSignificantBits())
                .text(author.description())
                .u64(author.publishedAtMillis());
        writer.varint(manifest.terms().size());
        for (WriterTerm term : manifest.terms()) {
            writer.varint(term.epoch()).varint(term.firstSeq()).u8(term.isOpen() ? 1 : 0);
            if (!term.isOpen()) {
                writer.varint(term.lastSeq());
            }
        }
        writeCheckpoint(manifest.checkpoint(), writer);
        writer.varint(manifest.snapshots().size());
        for (Snapshot snapshot : manifest.snapshots()) {
            writer.text(snapshot.name()).varint(snapshot.manifestVersion());
            snapshot.manifestSalt().write(writer);
            writer.varint(snapshot.cutSeq()).u64(snapshot.createdAtMillis());
        }
        writer.varint(manifest.deletions().size());
        manifest.deletions().forEach(deletion -> writeDeletion(deletion, writer));
        if (writer.length() > BODY_BYTES_MAX) {
            throw new IllegalArgumentException("a manifest is longer than " + BODY_BYTES_MAX + " bytes");
        }
        return writer.toBuffer();
    }

    private static void writeCheckpoint(CheckpointState state, ByteWriter writer) {
        writer.varint(state.replayFrom()).varint(state.replayTo());
        state.anchor().write(writer);
        writer.text(state.rocksManifestName()).sized(state.rocksManifest());
        writer.varint(state.tables().size());
        state.tables().forEach(table -> writeTable(table, writer));
    }

    private static void writeTable(TableReference table, ByteWriter writer) {
        writer.varint(table.number()).varint(table.epoch()).varint(table.size()).bytes(table.digest());
    }

    private static void writeDeletion(PendingDeletion deletion, ByteWriter writer) {
        if (deletion instanceof PendingDeletion.Commits commits) {
            writer.u8(COMMITS)
                    .varint(commits.epoch())
                    .varint(commits.firstSeq())
                    .varint(commits.lastSeq());
        } else if (deletion instanceof PendingDeletion.Manifests manifests) {
            writer.u8(MANIFESTS).varint(manifests.firstVersion()).varint(manifests.lastVersion());
        } else if (deletion instanceof PendingDeletion.Table table) {
            writer.u8(TABLE);
            writeTable(table.table(), writer);
        }
    }

    private static Manifest readBody(ObjectHeader header, ByteReader reader) throws CorruptObjectException {
        UUID id = new UUID(reader.u64(), reader.u64());
        String description = reader.text(TEXT_BYTES_MAX);
        Manifest.Writer author = new Manifest.Writer(header.epoch(), id, description, reader.u63());
        List<WriterTerm> terms = readTerms(reader);
        CheckpointState checkpoint = readCheckpoint(reader);
        List<Snapshot> snapshots = readSnapshots(reader);
        List<PendingDeletion> deletions = readDeletions(reader);
        return new Manifest(header.number(), header.salt(), author, terms, checkpoint, snapshots, deletions);
    }

    private static List<WriterTerm> readTerms(ByteReader reader) throws CorruptObjectException {
        int count = reader.count(TERMS_MAX, 3);
        List<WriterTerm> terms = new ArrayList<>(count);
        long before = 0;
        for (int i = 0; i < count; i++) {
            long epoch = reader.varint();
            long firstSeq = reader.varint();
            int open = reader.u8();
            reader.require(open <= 1 && epoch > before, "impossible term");
            terms.add(new WriterTerm(epoch, firstSeq, open == 1 ? WriterTerm.OPEN : reader.varint()));
            before = epoch;
        }
        return terms;
    }

    private static CheckpointState readCheckpoint(ByteReader reader) throws CorruptObjectException {
        long replayFrom = reader.varint();
        long replayTo = reader.varint();
        Salt anchor = Salt.read(reader);
        String rocksManifestName = reader.text(TEXT_BYTES_MAX);
        byte[] rocksManifest = reader.sized(reader.remaining());
        int count = reader.count(TABLES_MAX, TABLE_BYTES_MIN);
        List<TableReference> tables = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            tables.add(readTable(reader));
        }
        return new CheckpointState(replayFrom, replayTo, anchor, rocksManifestName, rocksManifest, tables);
    }

    private static TableReference readTable(ByteReader reader) throws CorruptObjectException {
        return new TableReference(
                reader.varint(), reader.varint(), reader.varint(), reader.bytes(TableReference.DIGEST_BYTES));
    }

    private static List<Snapshot> readSnapshots(ByteReader reader) throws CorruptObjectException {
        int count = reader.count(SNAPSHOTS_MAX, 3 + Salt.BYTES + Long.BYTES);
        List<Snapshot> snapshots = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            snapshots.add(new Snapshot(
                    reader.text(TEXT_BYTES_MAX), reader.varint(), Salt.read(reader), reader.varint(), reader.u63()));
        }
        return snapshots;
    }

    private static List<PendingDeletion> readDeletions(ByteReader reader) throws CorruptObjectException {
        int count = reader.count(DELETIONS_MAX, 3);
        List<PendingDeletion> deletions = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            deletions.add(
                    switch (reader.u8()) {
                        case COMMITS -> new PendingDeletion.Commits(reader.varint(), reader.varint(), reader.varint());
                        case MANIFESTS -> new PendingDeletion.Manifests(reader.varint(), reader.varint());
                        case TABLE -> new PendingDeletion.Table(readTable(reader));
                        default -> throw reader.corrupt("unknown kind of deletion");
                    });
        }
        return deletions;
    }
}
